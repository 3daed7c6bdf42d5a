import AttendanceCore
import Testing

@Suite struct `Business hours` {
    private func hours(_ start: String, _ end: String, threshold: Int64 = 15) throws -> BusinessHours {
        BusinessHours(
            number: 1, startMicroseconds: try timeOfDay(start), endMicroseconds: try timeOfDay(end), breakMinutes: 60,
            lateThresholdMinutes: threshold, isActive: true, createdAt: Instant(microseconds: 0),
            updatedAt: Instant(microseconds: 0), toldBy: 1)
    }

    @Test(
        arguments: [
            // The contract's example.
            (.in, "2025-07-07T14:15:00", false), (.in, "2025-07-07T14:15:00.000001", true),
            (.in, "2025-01-07T14:15:00", false), (.in, "2025-01-07T14:15:00.000001", true), (.in, "2025-07-07T13:00", false),
            (.in, "2025-07-07T18:00", true), (.overtimeIn, "2025-07-07T18:00", true),
            (.out, "2025-07-07T21:59:59.999999", true), (.out, "2025-07-07T22:00:00", false), (.out, "2025-07-07T17:05", true),
            (.overtimeOut, "2025-07-07T17:05", true), (.out, "2025-01-07T21:59:59.999999", true),
            (.out, "2025-01-07T22:00:00", false),
            (.breakStart, "2025-07-07T18:00", false), (.breakEnd, "2025-07-07T18:00", false),
            (.undefined, "2025-07-07T18:00", false),
            // Days of 23 and of 25 hours: the clocks change in the night, and what is fixed in UTC stays.
            (.in, "2025-03-09T14:15:00", false), (.in, "2025-03-09T14:15:00.000001", true),
            (.in, "2025-11-02T14:15:00", false), (.in, "2025-11-02T14:15:00.000001", true),
            (.out, "2025-03-09T21:59:59.999999", true), (.out, "2025-11-02T22:00:00", false),
        ] as [(PunchDirection, String, Bool)])
    func `tell who is late and who is early`(direction: PunchDirection, at: String, isFlagged: Bool) throws {
        let flags = try hours("14:00", "22:00").flags(direction: direction, at: moment(at), zone: zone("America/Chicago"))
        let expected = direction.forHours == .in ? (isFlagged, false) : (false, isFlagged)
        #expect(flags == expected)
    }

    @Test(
        arguments: [
            // An end behind midnight in UTC: 19:30 in Chicago in summer, 18:30 in winter.
            ("2025-07-08T00:29:59", true), ("2025-07-08T00:30", false), ("2025-07-07T22:00", true),
            ("2025-01-08T00:29:59", true), ("2025-01-08T00:30", false),
            // On a day of 23 hours it is the evening behind the change that counts, not the one before: 19:30.
            ("2025-03-10T00:29:59", true), ("2025-03-10T00:30", false),
            // On a day of 25 hours 18:30.
            ("2025-11-03T00:29:59", true), ("2025-11-03T00:30", false),
        ] as [(String, Bool)])
    func `end on the day of the punch, wherever that lies in UTC`(at: String, isEarly: Bool) throws {
        let flags = try hours("15:30", "00:30").flags(direction: .out, at: moment(at), zone: zone("America/Chicago"))
        #expect(flags == (false, isEarly))
    }

    @Test(
        arguments: [
            // B16: an end of 22:00 UTC is 17:00, and 00:30 UTC is 19:30 of the same day.
            ("America/Chicago", "22:00", "2025-07-08T00:30", false),
            // The clocks of Havana go forward at midnight, so 04:30 UTC is on neither side of this day: the 23:30 before it counts.
            ("America/Havana", "04:30", "2025-03-09T12:00", true), ("America/Havana", "05:30", "2025-03-09T12:00", false),
            ("Asia/Kathmandu", "11:15", "2025-07-07T11:14", true), ("Asia/Kathmandu", "11:15", "2025-07-07T11:15", false),
        ] as [(String, String, String, Bool)])
    func `are compared on the clocks of the place`(place: String, end: String, at: String, isEarly: Bool) throws {
        let flags = try hours("03:00", end).flags(direction: .out, at: moment(at), zone: zone(place))
        #expect(flags == (false, isEarly))
    }

    @Test(arguments: [
        ("2025-07-07T23:58", false), ("2025-07-08T00:02", false), ("2025-07-08T09:00", false), ("2025-07-08T23:49", false),
    ])
    func `have a threshold that stays on its day`(at: String, isLate: Bool) throws {
        #expect(try hours("23:50", "23:59").flags(direction: .in, at: moment(at), zone: .utc) == (isLate, false))
    }

    @Test(
        arguments: [
            // Whatever day the shift began on: at two in the night it is before 17:00.
            ("09:00", "17:00", "2025-07-08T02:00", true), ("09:00", "17:00", "2025-07-08T17:00", false),
            // A night from 22:00 to 06:00.
            ("22:00", "06:00", "2025-07-08T05:59:59", true), ("22:00", "06:00", "2025-07-08T06:00", false),
            ("22:00", "06:00", "2025-07-07T23:00", false),
        ] as [(String, String, String, Bool)])
    func `compare times of day, also after midnight`(start: String, end: String, at: String, isEarly: Bool) throws {
        let flags = try hours(start, end).flags(direction: .out, at: moment(at), zone: .utc)
        #expect(flags == (false, isEarly))
    }

    @Test(
        arguments: [
            ("14:00", "22:00", "America/Chicago", "2025-07-07T12:00", true),
            ("18:00", "14:00", "America/Chicago", "2025-07-07T12:00", false),
            ("18:00", "18:00", "America/Chicago", "2025-07-07T12:00", false), ("18:00", "18:00", "UTC", "2025-07-07T12:00", false),
            // 10:30 to 19:30 in Chicago.
            ("15:30", "00:30", "America/Chicago", "2025-07-07T12:00", true), ("15:30", "00:30", "UTC", "2025-07-07T12:00", false),
            // 23:30 to 00:30 there: in order in UTC only.
            ("04:30", "05:30", "America/Chicago", "2025-07-07T12:00", true),
            // 12:30 to 00:15 in summer, so refused, and 11:30 to 23:15 in winter.
            ("17:30", "05:15", "America/Chicago", "2025-07-07T12:00", false),
            ("17:30", "05:15", "America/Chicago", "2025-01-07T12:00", true),
        ] as [(String, String, String, String, Bool)])
    func `are in order in UTC or on the clocks of the place`(
        start: String, end: String, place: String, at: String, isAccepted: Bool
    ) throws {
        #expect(
            BusinessHours.isInOrder(
                startMicroseconds: try timeOfDay(start), endMicroseconds: try timeOfDay(end), at: try moment(at),
                zone: try zone(place)) == isAccepted)
    }
}
