/// What somebody is doing as far as their punches of a day tell. Source: docs/dialects/timetracker.md §7.2.
public enum ClockState: Sendable, Equatable, CaseIterable {
    case notStarted
    case working
    case onBreak
    case finished

    /// The state behind a punch; nil where the punch is not allowed, so that it changes nothing.
    public func after(_ direction: PunchDirection) -> ClockState? {
        switch (self, direction.forHours) {
        case (.notStarted, .in), (.finished, .in), (.onBreak, .breakEnd): .working
        case (.working, .breakStart): .onBreak
        case (.working, .out): .finished
        default: nil
        }
    }

    public func allows(_ direction: PunchDirection) -> Bool {
        after(direction) != nil
    }
}
