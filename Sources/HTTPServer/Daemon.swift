import CHTTP

/// The library's daemon: the listening socket, its threads, its connections.
///
/// `@unchecked Sendable`: what it points to is used by the library alone, and ``stop()`` is called once, by the
/// listener's housekeeper.
@safe struct Daemon: @unchecked Sendable {
    private let pointer: OpaquePointer

    /// Takes over `socket`, unless it cannot start: then it is nil and leaves `errno`.
    init?(on socket: Int32, for core: ListenerCore) {
        var settings = unsafe DaemonCallbacks.settings(for: core)
        unsafe settings.listening_socket = socket
        guard let pointer = unsafe chttp_start(&settings) else { return nil }
        unsafe self.pointer = pointer
    }

    /// Closes everything and waits for the threads. No connection may be suspended: the library would end the process.
    func stop() { unsafe chttp_stop(pointer) }
}

/// The functions that the library calls, each of which finds its connection and calls it in turn.
///
/// Two plain pointers lead from C back here. The daemon's is the core's, which the listener keeps; a connection's is its
/// own, retained from the moment the library tells of the connection until it tells of its end.
private enum DaemonCallbacks {
    /// What the library takes beside a head: the answer's own head, its records of the fields, the buffer for bodies.
    private static let workingBytes = 8_192

    static func settings(for core: ListenerCore) -> chttp_settings {
        let limits = core.configuration.limits
        var settings = unsafe chttp_settings()
        unsafe settings.threads = UInt32(core.configuration.threads)
        // The bound that counts is ours, which reports; the library's, per thread, is kept out of its way.
        unsafe settings.connections_max = UInt32((limits.connectionsMax + 64) * core.configuration.threads)
        unsafe settings.connection_memory_bytes = limits.headerBytesMax + workingBytes
        unsafe settings.idle_seconds = UInt32(limits.idleSecondsMax)
        unsafe settings.context = Unmanaged.passUnretained(core).toOpaque()
        unsafe settings.accepts = { context, peer, _ in
            guard let core = unsafe DaemonCallbacks.core(context) else { return .NO }
            return unsafe core.mayAccept(peer) ? .YES : .NO
        }
        unsafe settings.connection_changed = { context, handle, slot, change in
            guard let core = unsafe DaemonCallbacks.core(context), let handle = unsafe handle, let slot = unsafe slot else {
                return
            }
            if change == .CONNECTION_NOTIFY_STARTED {
                let connection = unsafe Connection(core: core, handle: handle)
                unsafe slot.pointee = Unmanaged.passRetained(connection).toOpaque()
                core.opened(connection)
            } else if let pointer = unsafe slot.pointee {
                core.closed(unsafe Unmanaged<Connection>.fromOpaque(pointer).takeRetainedValue())
            }
        }
        unsafe settings.target_received = { _, target, handle in
            guard let target = unsafe target, let pointer = unsafe chttp_socket_context(handle) else { return nil }
            unsafe DaemonCallbacks.connection(pointer).targetReceived(target)
            return unsafe pointer
        }
        unsafe settings.handler = { _, _, _, method, version, bytes, size, slot in
            guard let pointer = unsafe slot?.pointee, let method = unsafe method, let version = unsafe version,
                let size = unsafe size
            else { return .NO }
            let connection = unsafe DaemonCallbacks.connection(pointer)
            let mayGoOn = unsafe DaemonCallbacks.advance(connection, method, version, bytes, size)
            return mayGoOn ? .YES : .NO
        }
        unsafe settings.completed = { _, _, slot, reason in
            guard let pointer = unsafe slot?.pointee else { return }
            unsafe DaemonCallbacks.connection(pointer).completed(
                withWholeAnswer: reason == .REQUEST_TERMINATED_COMPLETED_OK)
        }
        return unsafe settings
    }

    private static func core(_ context: UnsafeMutableRawPointer?) -> ListenerCore? {
        unsafe context.map { unsafe Unmanaged<ListenerCore>.fromOpaque($0).takeUnretainedValue() }
    }

    private static func connection(_ pointer: UnsafeMutableRawPointer) -> Connection {
        unsafe Unmanaged<Connection>.fromOpaque(pointer).takeUnretainedValue()
    }

    /// One call of the library about a request.
    ///
    /// It makes the first once the head is there, and that one again after a suspension; then one for each part of the
    /// body; then one when the request is complete, and that one again after a suspension. Source: the states of its
    /// `MHD_connection_handle_idle`.
    private static func advance(
        _ connection: Connection, _ method: UnsafePointer<CChar>, _ version: UnsafePointer<CChar>,
        _ bytes: UnsafePointer<CChar>?, _ size: UnsafeMutablePointer<Int>
    ) -> Bool {
        if connection.core.isClosing { return false }
        switch connection.stage {
        case .targetReceived:
            return unsafe connection.headReceived(method: method, version: version)
        case .admitting:
            guard case .admission(let admission)? = connection.takeOutcome() else { return false }
            return connection.admitted(admission)
        case .bodiless, .reading, .discarding:
            let count = unsafe size.pointee
            guard count > 0, let bytes = unsafe bytes else { return connection.received() }
            unsafe size.pointee = 0
            return unsafe connection.bodyReceived(
                UnsafeBufferPointer(start: UnsafeRawPointer(bytes).assumingMemoryBound(to: UInt8.self), count: count))
        case .responding:
            guard case .response(let response)? = connection.takeOutcome() else { return false }
            return connection.send(response)
        case .idle, .answered:
            return false
        }
    }
}
