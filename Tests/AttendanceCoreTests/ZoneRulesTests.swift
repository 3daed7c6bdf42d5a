@testable import AttendanceCore
import Foundation
import Testing

@Suite struct `The rules of a zone` {
    private func file(_ name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(fileURLWithPath: "/usr/share/zoneinfo/\(name)")))
    }

    private func rules(_ name: String) throws -> ZoneRules {
        try ZoneRules(named: WireText(name), compiled: file(name))
    }

    /// A compiled file with 64-bit data, as far as its rules matter.
    private func compiled(_ changes: [(at: Int64, type: UInt8)], types: [Int32], footer: String, leaps: Int32 = 0) -> [UInt8] {
        func big(_ value: some FixedWidthInteger) -> [UInt8] {
            stride(from: value.bitWidth - 8, through: 0, by: -8).map { UInt8(truncatingIfNeeded: value >> $0) }
        }
        func header(_ times: Int32, _ typeCount: Int32) -> [UInt8] {
            Array("TZif2".utf8) + [UInt8](repeating: 0, count: 15) + big(Int32(0)) + big(Int32(0)) + big(leaps) + big(times)
                + big(typeCount) + big(Int32(4))
        }
        let bodyOfFirst = [UInt8](repeating: 0, count: 6 + 4 + Int(leaps) * 8)
        return header(0, 1) + bodyOfFirst + header(Int32(changes.count), Int32(types.count))
            + changes.flatMap { big($0.at) } + changes.map(\.type) + types.flatMap { big($0) + [0, 0] } + Array("LMT\0".utf8)
            + [UInt8](repeating: 0, count: Int(leaps) * 12) + Array("\n\(footer)\n".utf8)
    }

    @Test(arguments: [
        "Europe/Berlin", "America/Chicago", "America/New_York", "Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe",
        "Australia/Sydney", "Pacific/Apia", "America/Sao_Paulo", "Europe/Dublin", "UTC",
    ])
    func `agree with another reading of them`(name: String) throws {
        let rules = try rules(name)
        let other = try #require(TimeZone(identifier: name))
        // 1975 to 2099, in steps that fall on all hours of all days.
        for second in stride(from: Int64(157_766_400), to: 4_070_908_800, by: 86_400 * 3 + 12_345) {
            let offset = Int64(other.secondsFromGMT(for: Date(timeIntervalSince1970: TimeInterval(second))))
            #expect(rules.offset(at: Instant(microseconds: second * 1_000_000)) == offset, "\(second)")
        }
    }

    @Test(arguments: [
        "Europe/Berlin", "America/Chicago", "Australia/Lord_Howe", "Pacific/Apia", "America/Sao_Paulo", "Africa/Casablanca",
    ])
    func `find the moment of every local time`(name: String) throws {
        let rules = try rules(name)
        for second in stride(from: Int64(0), to: 4_070_908_800, by: 86_400 * 5 + 54_321) {
            let instant = Instant(microseconds: second * 1_000_000)
            let local = LocalTime(seconds: second + rules.offset(at: instant))
            switch rules.resolve(local) {
            case .once(let found): #expect(found == instant)
            case .repeated(let found): #expect(found <= instant)
            case .skipped: Issue.record("the clock showed it at \(second)")
            }
        }
    }

    @Test(
        arguments: [
            // Clocks go forward at 02:00 to 03:00, and back at 03:00 to 02:00.
            ("Europe/Berlin", (2024, 3, 31, 1, 59), "once", "2024-03-31T00:59"),
            ("Europe/Berlin", (2024, 3, 31, 2, 0), "skipped", "2024-03-31T01:00"),
            ("Europe/Berlin", (2024, 3, 31, 2, 59), "skipped", "2024-03-31T01:59"),
            ("Europe/Berlin", (2024, 3, 31, 3, 0), "once", "2024-03-31T01:00"),
            ("Europe/Berlin", (2024, 10, 27, 1, 59), "once", "2024-10-26T23:59"),
            ("Europe/Berlin", (2024, 10, 27, 2, 0), "repeated", "2024-10-27T00:00"),
            ("Europe/Berlin", (2024, 10, 27, 2, 59), "repeated", "2024-10-27T00:59"),
            ("Europe/Berlin", (2024, 10, 27, 3, 0), "once", "2024-10-27T02:00"),
            // Behind the last change that the file lists: the rule of its footer.
            ("Europe/Berlin", (2090, 3, 26, 2, 30), "skipped", "2090-03-26T01:30"),
            ("Europe/Berlin", (2090, 10, 29, 2, 30), "repeated", "2090-10-29T00:30"),
            // Half an hour.
            ("Australia/Lord_Howe", (2024, 10, 6, 2, 15), "skipped", "2024-10-05T15:45"),
            ("Australia/Lord_Howe", (2024, 4, 7, 1, 45), "repeated", "2024-04-06T14:45"),
            // A whole day that was left out.
            ("Pacific/Apia", (2011, 12, 30, 12, 0), "skipped", "2011-12-30T22:00"),
            ("Pacific/Apia", (2011, 12, 31, 0, 0), "once", "2011-12-30T10:00"),
            // Midnight itself.
            ("America/Sao_Paulo", (2018, 11, 4, 0, 0), "skipped", "2018-11-04T03:00"),
            // Before the first change, and at the ends of the calendar.
            ("Europe/Berlin", (1, 1, 1, 0, 0), "once", "0000-12-31T23:06"),
            ("America/Chicago", (9_999, 12, 31, 23, 59), "once", "10000-01-01T05:59"),
            ("UTC", (2024, 2, 29, 12, 0), "once", "2024-02-29T12:00"),
        ] as [(String, (Int64, Int64, Int64, Int64, Int64), String, String)])
    func `resolve what is skipped, repeated, or neither`(
        name: String, time: (Int64, Int64, Int64, Int64, Int64), how: String, moment: String
    ) throws {
        let local = try #require(
            LocalTime(year: time.0, month: time.1, day: time.2, hour: time.3, minute: time.4, second: 0))
        let resolution = try rules(name).resolve(local)
        #expect("\(resolution)".hasPrefix(how))
        #expect(resolution.instant.millisecondText.hasPrefix(moment), "\(resolution.instant.millisecondText)")
    }

    @Test(arguments: [
        ("CST6CDT,M3.2.0,M11.1.0", 1_720_000_000, -18_000), ("CST6CDT,M3.2.0,M11.1.0", 1_704_100_000, -21_600),
        ("<+0330>-3:30", 0, 12_600), ("<-03>3", 0, -10_800), ("EST5EDT,0/0,J365/25", 1_704_100_000, -14_400),
        ("AEST-10AEDT,M10.1.0,M4.1.0/3", 1_704_100_000, 39_600), ("AEST-10AEDT,M10.1.0,M4.1.0/3", 1_720_000_000, 36_000),
        ("IST-1GMT0,M10.5.0,M3.5.0/1", 1_704_100_000, 0), ("IST-1GMT0,M10.5.0,M3.5.0/1", 1_720_000_000, 3_600),
        ("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", 1_720_000_000, -3_600), ("XXX0YYY,J60,J300", 1_720_000_000, 3_600),
        ("XXX0YYY,J1,J60", 1_709_164_800, 3_600), ("XXX0YYY,59,300", 1_709_164_799, 0), ("XXX0YYY,59,300", 1_709_175_600, 3_600),
        // Summers that overlap: the end of the one of 2022 lies behind the beginning of the one of 2023.
        ("EST5EDT,0/0,J365/50", 1_704_078_000, -18_000), ("EST5EDT,0/0,J365/50", 1_704_085_200, -14_400),
    ])
    func `follow the rule behind the last change`(footer: String, second: Int64, offset: Int64) throws {
        let rules = try ZoneRules(named: "X", compiled: compiled([], types: [0], footer: footer))
        #expect(rules.offset(at: Instant(microseconds: second * 1_000_000)) == offset)
    }

    @Test(arguments: [
        "CST", "CS6", "CST6CDT", "CST6CDT,M3.2.0", "CST6CDT,M13.2.0,M11.1.0", "CST6CDT,M3.6.0,M11.1.0", "CST6CDT,M3.2.7,M11.1.0",
        "CST6CDT,J0,J365", "CST6CDT,366,1", "CST25", "CST6:60", "<CST6", "CST6CDT,M3.2.0,M11.1.0 ", "CST6CDT,M3.2.0/168,M11.1.0",
        "6", ",", "CST6CDT,M3.2,M11.1.0",
    ])
    func `are refused with a rule that is none`(footer: String) {
        #expect(throws: ZoneRules.Fault.malformed) { try ZoneRules(named: "X", compiled: compiled([], types: [0], footer: footer)) }
    }

    @Test func `are read for every zone that the system has`() throws {
        let root = "/usr/share/zoneinfo"
        var read = 0
        for name in try #require(FileManager.default.subpaths(atPath: root)) where !name.hasPrefix("right/") {
            let bytes = FileManager.default.contents(atPath: "\(root)/\(name)").map(Array.init) ?? []
            guard bytes.starts(with: Array("TZif".utf8)) else { continue }
            let rules = try ZoneRules(named: WireText(name), compiled: bytes)
            for second in stride(from: Int64(-3_000_000_000), to: 5_000_000_000, by: 86_400 * 701 + 7_201) {
                let local = LocalTime(seconds: second)
                let instant = rules.resolve(local).instant
                if case .skipped = rules.resolve(local) { continue }
                #expect(instant.microseconds == (second - rules.offset(at: instant)) * 1_000_000, "\(name) \(second)")
            }
            read += 1
        }
        #expect(read > 300)
    }

    @Test func `are refused where the file is cut, or contradicts itself`() throws {
        let whole = try file("Europe/Berlin")
        #expect(try ZoneRules(named: "X", compiled: whole).name == "X")
        for count in stride(from: 0, to: whole.count, by: 13) {
            #expect(throws: ZoneRules.Fault.malformed) { try ZoneRules(named: "X", compiled: Array(whole.prefix(count))) }
        }
        #expect(throws: ZoneRules.Fault.malformed) {
            try ZoneRules(named: "X", compiled: compiled([(5, 0), (5, 0)], types: [0], footer: ""))
        }
        #expect(throws: ZoneRules.Fault.malformed) {
            try ZoneRules(named: "X", compiled: compiled([(5, 1)], types: [0], footer: ""))
        }
        #expect(throws: ZoneRules.Fault.malformed) {
            try ZoneRules(named: "X", compiled: compiled([], types: [100_000], footer: ""))
        }
        #expect(throws: ZoneRules.Fault.malformed) {
            try ZoneRules(named: "X", compiled: compiled([(5, 1)], types: [0, 7_200], footer: "CET-1"))
        }
        #expect(throws: ZoneRules.Fault.leapSeconds) {
            try ZoneRules(named: "X", compiled: compiled([], types: [0], footer: "", leaps: 1))
        }
    }

    @Test func `hold on to the last change where there is no rule behind it`() throws {
        let rules = try ZoneRules(named: "X", compiled: compiled([(0, 1), (100, 0)], types: [0, 3_600], footer: ""))
        #expect(
            [-1, 0, 99, 100, 9_999].map { rules.offset(at: Instant(microseconds: $0 * 1_000_000)) } == [0, 3_600, 3_600, 0, 0])
    }
}

@Suite struct `A local time` {
    @Test(
        arguments: [
            (2024, 2, 29, 0, 0, 0, "20240229000000"), (1, 1, 1, 0, 0, 0, "00010101000000"),
            (9_999, 12, 31, 23, 59, 59, "99991231235959"), (1969, 12, 31, 23, 59, 59, "19691231235959"),
        ] as [(Int64, Int64, Int64, Int64, Int64, Int64, String)])
    func `is told in fourteen digits`(
        year: Int64, month: Int64, day: Int64, hour: Int64, minute: Int64, second: Int64, digits: String
    ) throws {
        let local = try #require(LocalTime(year: year, month: month, day: day, hour: hour, minute: minute, second: second))
        #expect(local.digits == digits)
    }

    @Test(
        arguments: [
            (2015, 2, 30, 0, 0, 0), (0, 1, 1, 0, 0, 0), (2024, 13, 1, 0, 0, 0), (2024, 1, 0, 0, 0, 0), (2024, 1, 1, 24, 0, 0),
            (2024, 1, 1, 0, 60, 0), (2024, 1, 1, 0, 0, 60), (2024, 1, 1, -1, 0, 0),
        ] as [(Int64, Int64, Int64, Int64, Int64, Int64)])
    func `is none where no calendar and clock show it`(
        year: Int64, month: Int64, day: Int64, hour: Int64, minute: Int64, second: Int64
    ) {
        #expect(LocalTime(year: year, month: month, day: day, hour: hour, minute: minute, second: second) == nil)
    }
}
