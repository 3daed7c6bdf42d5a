import AttendanceCore
import Testing

@Suite struct `A figure with two decimals` {
    @Test(
        arguments: [
            // 18 s are 0.005 h; half goes away from zero, and nothing else does.
            (Int64(18_000_000), "0.01"), (17_999_999, "0.00"), (0, "0.00"), (1, "0.00"), (53_999_999, "0.01"), (54_000_000, "0.02"),
            (28_800_000_000, "8.00"), (25_770_000_000, "7.16"), (30_900_000_000, "8.58"), (4_320_000_000_000, "1200.00"),
            (-18_000_000, "-0.01"), (-17_999_999, "0.00"), (-36_000_000_000, "-10.00"),
        ] as [(Int64, String)])
    func `is rounded once, in hours`(microseconds: Int64, text: String) {
        #expect(Hundredths(hours: microseconds).text == text)
    }

    @Test(arguments: [
        (Int64(1_530_000_000), "25.50"), (300_000, "0.01"), (299_999, "0.00"), (2_700_000_000, "45.00"), (59_700_000, "1.00"),
        (59_699_999, "0.99"),
    ])
    func `is rounded once, in minutes`(microseconds: Int64, text: String) {
        #expect(Hundredths(minutes: microseconds).text == text)
    }

    @Test(
        arguments: [
            (Int64(2_050), Int64(3), "6.83"), (3_600, 5, "7.20"), (1_550, 2, "7.75"), (1, 2, "0.00"), (3, 2, "0.02"),
            (5, 2, "0.02"),
            (7, 2, "0.04"), (0, 0, "0.00"), (100, 0, "0.00"), (1, 3, "0.00"), (2, 3, "0.01"),
        ])
    func `is averaged half to even`(sum: Int64, count: Int64, text: String) {
        #expect(Hundredths.mean(of: Hundredths(sum), over: count).text == text)
    }

    @Test(
        arguments: [
            // Sessions, late ones, early ones.
            ((Int64(3), Int64(0), Int64(1)), "66.67"), ((2, 1, 0), "50.00"), ((1, 1, 1), "0.00"), ((0, 0, 0), "0.00"),
            ((7, 0, 0), "100.00"), ((3, 1, 1), "33.33"), ((5, 4, 4), "0.00"),
            // 3.125 and 9.375 per cent.
            ((32, 31, 0), "3.12"), ((32, 29, 0), "9.38"),
        ])
    func `tells how many sessions were in time`(counts: (Int64, Int64, Int64), text: String) {
        #expect(Hundredths.attendanceRate(sessions: counts.0, late: counts.1, early: counts.2).text == text)
    }

    @Test(arguments: [
        (Int64(2_550), Int64(26)), (2_450, 24), (2_549, 25), (2_551, 26), (0, 0), (50, 0), (51, 1), (150, 2), (6_000, 60),
    ])
    func `becomes a whole number half to even`(hundredths: Int64, whole: Int64) {
        #expect(Hundredths(hundredths).wholeHalfToEven == whole)
    }
}
