import AttendanceCore
import Dispatch
import StrictJSON
import Synchronization

/// How much is written to the log.
enum LogLevel: Int, Sendable, CaseIterable, Comparable {
    case debug, info, warning, error, off

    init?(named name: String) {
        guard let level = Self.allCases.first(where: { "\($0)" == name }) else { return nil }
        self = level
    }

    static func < (left: LogLevel, right: LogLevel) -> Bool { left.rawValue < right.rawValue }
}

/// One JSON line per event on standard error: fields rather than sentences, never names, badges, tokens or bodies.
///
/// Lines are gathered and written by a thread of the log's own, so that a slow terminal slows no request. Where more than
/// ``bytesMax`` wait, further lines are counted and left out.
final class Log: Sendable {
    static let bytesMax = 8 << 20

    private struct Pending {
        var bytes: [UInt8] = []
        var isScheduled = false
        var leftOut = 0
    }

    let level: LogLevel
    private let now: @Sendable () -> Instant
    private let pending = Mutex(Pending())
    private let queue = DispatchQueue(label: "muster.log")

    init(level: LogLevel, now: @escaping @Sendable () -> Instant) {
        self.level = level
        self.now = now
    }

    func writes(_ level: LogLevel) -> Bool { level >= self.level && self.level != .off }

    /// Writes one event with its fields.
    func write(_ level: LogLevel, _ event: StaticString, _ fields: (inout JSONWriter) -> Void = { _ in }) {
        guard writes(level) else { return }
        var line = JSONWriter(reservingCapacity: 256)
        line.object { line in
            line.member("at", now().millisecondText)
            line.member("level", "\(level)")
            line.member("event", event.description)
            fields(&line)
        }
        append(line.bytes)
    }

    private func append(_ line: [UInt8]) {
        let mustSchedule = pending.withLock { pending in
            guard pending.bytes.count < Self.bytesMax else {
                pending.leftOut += 1
                return false
            }
            pending.bytes += line
            pending.bytes.append(UInt8(ascii: "\n"))
            defer { pending.isScheduled = true }
            return !pending.isScheduled
        }
        if mustSchedule { queue.async { [self] in drain() } }
    }

    /// Writes what is waiting. Called by the log's thread, and once more before the program ends.
    func flush() {
        queue.sync { drain() }
    }

    private func drain() {
        var (bytes, leftOut) = pending.withLock { pending in
            defer { pending = Pending() }
            return (pending.bytes, pending.leftOut)
        }
        if leftOut > 0 { bytes += Array("{\"level\":\"warning\",\"event\":\"log lines left out\",\"count\":\(leftOut)}\n".utf8) }
        Terminal.write(bytes, to: 2)
    }
}
