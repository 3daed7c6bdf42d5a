/// Business hours as somebody wants them. Times of day are UTC, in microseconds from midnight.
public struct BusinessHoursDraft: Sendable, Equatable {
    public var startMicroseconds: Int64
    public var endMicroseconds: Int64
    public var breakMinutes: Int64
    public var lateThresholdMinutes: Int64
    /// Making one active makes all others inactive.
    public var isActive: Bool

    public init(
        startMicroseconds: Int64, endMicroseconds: Int64, breakMinutes: Int64, lateThresholdMinutes: Int64, isActive: Bool
    ) {
        self.startMicroseconds = startMicroseconds
        self.endMicroseconds = endMicroseconds
        self.breakMinutes = breakMinutes
        self.lateThresholdMinutes = lateThresholdMinutes
        self.isActive = isActive
    }
}

/// What is to be different about business hours; nil keeps what there is.
public struct BusinessHoursChange: Sendable {
    public var startMicroseconds: Int64?
    public var endMicroseconds: Int64?
    public var breakMinutes: Int64?
    public var lateThresholdMinutes: Int64?
    public var isActive: Bool?

    public init() {}

    func applied(to hours: BusinessHours) -> BusinessHoursDraft {
        BusinessHoursDraft(
            startMicroseconds: startMicroseconds ?? hours.startMicroseconds,
            endMicroseconds: endMicroseconds ?? hours.endMicroseconds, breakMinutes: breakMinutes ?? hours.breakMinutes,
            lateThresholdMinutes: lateThresholdMinutes ?? hours.lateThresholdMinutes, isActive: isActive ?? hours.isActive)
    }
}
