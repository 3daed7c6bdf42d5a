import AttendanceCore

/// Looks after the store as a whole on a connection of its own, so that neither long reports nor many readers make it look
/// as if it were away.
actor StoreWatch {
    private nonisolated let queue = ConnectionQueue(label: "muster.watch")
    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe queue.asUnownedSerialExecutor() }

    private let engine: any SQLEngine
    private let ambient: Ambient
    private let trouble: EngineTrouble
    private var connection: (any SQLConnection)?

    init(engine: any SQLEngine, ambient: Ambient, trouble: EngineTrouble) {
        self.engine = engine
        self.ambient = ambient
        self.trouble = trouble
    }

    func schemaIsCurrent() throws(AttendanceError) -> Bool {
        try look { connection throws(SQLError) in
            do {
                try Migrator(connection: connection, now: ambient.now, sha256: ambient.sha256).requireCurrent()
                return true
            } catch let error as SQLError {
                throw error
            } catch {
                // Somebody else has moved the schema on, or back; that is an answer.
                return false
            }
        }
    }

    func bytesUsed() throws(AttendanceError) -> Int64 {
        try look { connection throws(SQLError) in try connection.bytesUsed() }
    }

    private func look<Result>(
        _ body: (any SQLConnection) throws(SQLError) -> Result
    ) throws(AttendanceError) -> Result {
        do throws(SQLError) {
            let connection = try connected()
            // Notices a file that is gone, which a statement alone would not.
            try connection.beginReading()
            defer { connection.rollBack() }
            return try body(connection)
        } catch {
            throw trouble.error(error)
        }
    }

    private func connected() throws(SQLError) -> any SQLConnection {
        if let connection { return connection }
        let fresh = try engine.connect(.reading)
        connection = fresh
        return fresh
    }

    func close() {
        connection?.close()
        connection = nil
    }
}
