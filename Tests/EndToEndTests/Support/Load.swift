import Synchronization
import TestKit

/// Kiosks that upload as fast as they are answered, and a record of what each was told.
final class Load: Sendable {
    enum Outcome: Sendable {
        case answered(BatchAnswer)
        case unanswered
    }

    struct Upload: Sendable {
        let scans: [Scan]
        let outcome: Outcome

        var isAcknowledged: Bool { if case .answered(let answer) = outcome { answer.status == 200 } else { false } }
    }

    static let batchSize = 5

    private struct State {
        var uploads: [Upload] = []
        var isStopped = false
        var number = 0
    }

    private let state = Mutex(State())
    private let name: String

    /// - Parameter name: What makes this load's keys and badges differ from another's.
    init(_ name: String) {
        self.name = name
    }

    /// Every badge occurs in one scan only, so that an export tells which scans are there.
    private func nextScans() -> [Scan] {
        let number = state.withLock { state in
            state.number += 1
            return state.number
        }
        return (0..<Self.batchSize).map { Scan(key: "\(name)-\(number)-key-\($0)", badge: "\(name)-\(number)-\($0)") }
    }

    /// Uploads from several clients until ``stop()``.
    func run(_ clients: Int = 8, against client: HTTPClient) async {
        await withTaskGroup { group in
            for _ in 0..<clients {
                group.addTask { [self] in
                    while !state.withLock({ $0.isStopped }) {
                        let scans = nextScans()
                        let upload: Upload
                        do {
                            upload = Upload(scans: scans, outcome: .answered(try await client.upload(scans)))
                        } catch {
                            // Refused or cut off, as a network is; a moment's pause keeps the machine for the others.
                            upload = Upload(scans: scans, outcome: .unanswered)
                            try? await Task.sleep(for: .milliseconds(5))
                        }
                        state.withLock { $0.uploads.append(upload) }
                    }
                }
            }
        }
    }

    func stop() { state.withLock { $0.isStopped = true } }

    var uploads: [Upload] { state.withLock { $0.uploads } }
    var acknowledged: [Scan] { uploads.filter(\.isAcknowledged).flatMap(\.scans) }
    var answers: [BatchAnswer] {
        uploads.compactMap { if case .answered(let answer) = $0.outcome { answer } else { nil } }
    }

    /// Waits until so many more uploads were acknowledged.
    func more(_ count: Int) async throws {
        let target = uploads.count { $0.isAcknowledged } + count
        _ = try await wait(for: "\(count) acknowledged uploads") { uploads.count { $0.isAcknowledged } >= target ? true : nil }
    }
}
