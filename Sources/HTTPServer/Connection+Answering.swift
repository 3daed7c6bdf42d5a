import CHTTP
import HTTPMessages

/// From a known answer to its last byte.
extension Connection {
    /// A stream's state between two pieces.
    struct StreamInProgress {
        let next: @Sendable () async throws -> [UInt8]?
        var piece: [UInt8] = []
        var sent = 0
        var isPieceBeingMade = false
    }

    /// What a chunk's buffer holds for clients without chunks (HTTP/1.0); the others get the connection's own buffer.
    private static let blockBytes = 4_096

    /// Hands an answer to the library; false when it cannot take one any more.
    func send(_ response: Response) -> Bool {
        precondition((200...599).contains(response.status), "an answer has a final status")
        stage = .answered
        request.status = response.status
        request.routeNumber = response.routeNumber
        guard let answer = unsafe makeAnswer(response.body) else { return false }
        defer { unsafe MHD_destroy_response(answer) }
        for field in response.headers.fields where !Self.isServers(field.name) {
            if unsafe MHD_add_response_header(answer, field.name, field.value) != .YES {
                core.configuration.onEvent(.headerFieldLeftOut(requestID: request.id, name: field.name))
            }
        }
        unsafe MHD_add_response_header(answer, "X-Request-Id", request.id)
        if request.closesAfterwards { unsafe MHD_add_response_header(answer, "Connection", "close") }
        return unsafe MHD_queue_response(handle, UInt32(response.status), answer) == .YES
    }

    private func makeAnswer(_ body: ResponseBody) -> OpaquePointer? {
        switch body {
        case .bytes(let bytes):
            request.bytesOut = request.method == "HEAD" ? 0 : bytes.count
            return unsafe bytes.withUnsafeBytes { buffer in
                // Copied by the library, which promises not to write to it in spite of its signature.
                unsafe MHD_create_response_from_buffer(
                    buffer.count, UnsafeMutableRawPointer(mutating: buffer.baseAddress), .RESPMEM_MUST_COPY)
            }
        case .stream(let stream):
            self.stream = StreamInProgress(next: stream.next)
            // The connection outlives its answers: the library destroys them before it tells of the connection's end.
            return unsafe MHD_create_response_from_callback(
                UInt64.max, Self.blockBytes,
                { context, _, buffer, size in
                    guard let context = unsafe context, let buffer = unsafe buffer else { return chttp_end_with_error }
                    let connection = unsafe Unmanaged<Connection>.fromOpaque(context).takeUnretainedValue()
                    return unsafe connection.readStream(
                        into: UnsafeMutableRawBufferPointer(start: buffer, count: size))
                }, Unmanaged.passUnretained(self).toOpaque(), nil)
        }
    }

    /// Fields that ``Response`` leaves to the server.
    private static func isServers(_ name: String) -> Bool {
        switch name.utf8.count {
        case 4: name.equalsIgnoringASCIICase("Date")
        case 10: name.equalsIgnoringASCIICase("Connection")
        case 12: name.equalsIgnoringASCIICase("X-Request-Id")
        case 14: name.equalsIgnoringASCIICase("Content-Length")
        case 17: name.equalsIgnoringASCIICase("Transfer-Encoding")
        default: false
        }
    }

    /// Gives the library the next bytes of a stream: their number, 0 after suspending the connection, or how it ended.
    ///
    /// The library asks when it has sent what it had, so a piece is made only when the one before was taken.
    private func readStream(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        while true {
            guard let next = stream?.next, var piece = stream?.piece[...] else { return chttp_end_with_error }
            piece = piece.dropFirst(stream?.sent ?? 0)
            if !piece.isEmpty {
                let count = min(piece.count, buffer.count)
                unsafe piece.withUnsafeBytes { unsafe buffer.copyMemory(from: .init(rebasing: $0.prefix(count))) }
                stream?.sent += count
                request.bytesOut += count
                return count
            }
            let outcome: Outcome?
            if stream?.isPieceBeingMade == true {
                stream?.isPieceBeingMade = false
                outcome = takeOutcome()
            } else {
                switch begin({ .piece(await Self.piece(next)) }) {
                case .done(let made):
                    outcome = made
                case .waiting:
                    stream?.isPieceBeingMade = true
                    return 0
                case .ended:
                    outcome = nil
                }
            }
            switch outcome {
            case .piece(.success(let made?)):
                stream?.piece = made
                stream?.sent = 0
            case .piece(.success(nil)):
                stream = nil
                return chttp_end_of_stream
            case .piece(.failure(let error)):
                stream = nil
                core.configuration.onEvent(.streamFailed(requestID: request.id, error: error))
                return chttp_end_with_error
            case .admission, .response, nil:
                stream = nil
                return chttp_end_with_error
            }
        }
    }

    private static func piece(_ next: @Sendable () async throws -> [UInt8]?) async -> Result<[UInt8]?, any Error> {
        do { return .success(try await next()) } catch { return .failure(error) }
    }
}
