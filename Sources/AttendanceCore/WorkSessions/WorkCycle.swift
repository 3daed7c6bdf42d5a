/// Time off inside a cycle. Without an end it lasts on, or was forgotten.
public struct WorkBreak: Sendable, Equatable {
    public let start: TimedPunch
    public let end: TimedPunch?

    /// How long it was; 0 for one without an end.
    public var microseconds: Int64 {
        // Negative only where the zone was changed inside a shift, so that the punches of two days overlap.
        end.map { max(0, $0.at.microseconds - start.at.microseconds) } ?? 0
    }
}

/// One stretch of work, from a punch-in to the punch-out behind it.
public struct WorkCycle: Sendable, Equatable {
    public let start: TimedPunch
    /// Nil while the cycle is open.
    public let end: TimedPunch?
    /// In their order; only the last one can lack its end: it lasts on in an open cycle, and is none in a closed one.
    public let breaks: [WorkBreak]

    /// The number of its punch-in, which is its name.
    public var number: Int64 { start.number }
    public var since: Instant { start.at }
    public var until: Instant? { end?.at }
    public var isLateIn: Bool { start.isLate }
    public var isEarlyOut: Bool { end?.isEarly ?? false }
    public var createdAt: Instant { start.createdAt }
    /// When the later of its two punches was stored or corrected.
    public var updatedAt: Instant { max(start.changedAt, end?.changedAt ?? start.changedAt) }

    /// From in to out, breaks included; 0 while it is open.
    public var durationMicroseconds: Int64 {
        end.map { max(0, $0.at.microseconds - start.at.microseconds) } ?? 0
    }

    /// Of the breaks that have an end.
    public var breakMicroseconds: Int64 { breaks.reduce(0) { $0 + $1.microseconds } }

    /// What was worked: 0 while it is open.
    public var netMicroseconds: Int64 { max(0, durationMicroseconds - breakMicroseconds) }

    var runningBreak: WorkBreak? { end == nil ? breaks.last.flatMap { $0.end == nil ? $0 : nil } : nil }

    /// Joins the counted punches of a session, in their order, into cycles, oldest first.
    static func cycles(of counted: [TimedPunch]) -> [WorkCycle] {
        var cycles: [WorkCycle] = []
        var opening: TimedPunch?
        var breaks: [WorkBreak] = []
        for punch in counted {
            switch (punch.direction.forHours, opening) {
            case (.in, nil):
                opening = punch
                breaks = []
            case (.breakStart, .some):
                breaks.append(WorkBreak(start: punch, end: nil))
            case (.breakEnd, .some):
                guard let last = breaks.popLast() else { preconditionFailure("a break ended that had begun") }
                breaks.append(WorkBreak(start: last.start, end: punch))
            case (.out, let start?):
                cycles.append(WorkCycle(start: start, end: punch, breaks: breaks))
                opening = nil
            default: preconditionFailure("the punches of a session are those that count")
            }
        }
        if let opening { cycles.append(WorkCycle(start: opening, end: nil, breaks: breaks)) }
        return cycles
    }
}
