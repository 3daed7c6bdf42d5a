import AttendanceCore
import SQLStorage
import Synchronization

/// Whether requests should be sent here now.
final class Readiness: Sendable {
    /// How long a look at the store is good for, so that many probes cost one look.
    static let keptMicroseconds: Int64 = 1_000_000
    /// How long the store has to answer.
    static let patienceMicroseconds: Int64 = 1_000_000
    static let retryAfterSeconds = 2

    /// Why not, in words that tell nothing about the inside; nil where requests are welcome.
    struct Verdict: Sendable, Equatable {
        let objection: String?

        static let ready = Verdict(objection: nil)
        static let stopping = Verdict(objection: "the server is stopping")
        static let overloaded = Verdict(objection: "the server is overloaded")
        static let otherSchema = Verdict(objection: "the store's schema is not this program's")
        static let unreadable = Verdict(objection: "the store cannot be read")
        static let silent = Verdict(objection: "the store does not answer")
    }

    private let stopping = Atomic<Bool>(false)
    private let reading: SharedReading<Verdict>

    /// - Parameter schemaIsCurrent: A trivial reading of the store.
    init(
        ambient: Ambient, schemaIsCurrent: @escaping @Sendable () async throws(AttendanceError) -> Bool
    ) {
        reading = SharedReading(
            keptMicroseconds: Self.keptMicroseconds, patienceMicroseconds: Self.patienceMicroseconds,
            uptime: ambient.uptime, pause: ambient.pause
        ) {
            do throws(AttendanceError) {
                return try await schemaIsCurrent() ? .ready : .otherSchema
            } catch {
                // The verdict is the report of this error; the store has written its cause to the log.
                return .unreadable
            }
        }
    }

    /// From now on requests are not welcome, whatever the store says.
    func beginStopping() { stopping.store(true, ordering: .sequentiallyConsistent) }

    var isStopping: Bool { stopping.load(ordering: .sequentiallyConsistent) }

    func verdict() async -> Verdict {
        if isStopping { return .stopping }
        let verdict = await reading.value() ?? .silent
        return isStopping ? .stopping : verdict
    }
}
