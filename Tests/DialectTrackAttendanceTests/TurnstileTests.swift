@testable import DialectTrackAttendance
import Synchronization
import Testing

@Suite struct `A turnstile` {
    private final class Counts: Sendable {
        let state = Mutex((inside: 0, most: 0, done: 0))
    }

    @Test(arguments: [1, 2, 5])
    func `lets as many through at once as it has places, and everybody in the end`(places: Int) async {
        let turnstile = Turnstile(places: places)
        let counts = Counts()
        await withTaskGroup { group in
            for _ in 0..<50 {
                group.addTask {
                    await turnstile.enter()
                    counts.state.withLock { $0 = ($0.inside + 1, max($0.most, $0.inside + 1), $0.done) }
                    await Task.yield()
                    counts.state.withLock { $0 = ($0.inside - 1, $0.most, $0.done + 1) }
                    turnstile.leave()
                }
            }
        }
        let (inside, most, done) = counts.state.withLock { $0 }
        #expect(inside == 0 && done == 50)
        #expect((1...places).contains(most))
    }
}
