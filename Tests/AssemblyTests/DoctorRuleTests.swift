@testable import Assembly
import AttendanceCore
import SQLStorage
import TestKit
import Testing

@Suite struct `The doctor's rules` {
    private static let now = Instant(microseconds: 1_770_883_200_000_000)

    @Test(
        arguments: [
            (100 << 30, 0, .ok), (1 << 30, 0, .ok), ((1 << 30) - 1, 0, .note), (256 << 20, 0, .note),
            ((256 << 20) - 1, 0, .trouble), (0, 0, .trouble), (600 << 20, 300 << 20, .note), (599 << 20, 300 << 20, .trouble),
            (100 << 30, 257 << 20, .note),
        ] as [(Int64, Int64, Finding.Level)])
    func `want room for the log twice`(free: Int64, log: Int64, level: Finding.Level) {
        #expect(DataFolder.disk(free: free, of: 200 << 30, log: log, in: "data").level == level)
    }

    @Test(
        arguments: [
            ("ext4", .ok), ("xfs", .ok), ("zfs", .ok), ("tmpfs", .trouble), ("ramfs", .trouble), ("nfs4", .trouble),
            ("cifs", .trouble), ("overlay", .note), ("fuse.sshfs", .note),
        ] as [(String, Finding.Level)])
    func `want a disk`(type: String, level: Finding.Level) {
        #expect(DataFolder.filesystem(type, "data").level == level)
    }

    private static let mounts = """
        22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
        30 22 0:25 / /srv rw - xfs /dev/vdb rw
        31 22 0:26 / /srv/data rw shared:2 master:1 - tmpfs tmpfs rw,size=64m
        32 22 0:27 / /mnt/my\\040disk rw - nfs4 host:/x rw
        33 22 0:28 / /srv/data rw - ext4 /dev/vdc rw
        a line of something else
        """

    @Test(
        arguments: [
            ("/", "ext4"), ("/home", "ext4"), ("/srv", "xfs"), ("/srv/other", "xfs"), ("/srvx", "ext4"),
            ("/srv/data/muster-data", "ext4"), ("/mnt/my disk/x", "nfs4"),
        ])
    func `find the file system of a folder`(path: String, type: String) {
        #expect(MountTable(parsing: Self.mounts).type(of: path) == type)
    }

    @Test(
        arguments: [
            (0, .ok), (999_999, .ok), (-999_999, .ok), (1_000_000, .note), (-4_999_999, .note), (5_000_000, .trouble),
            (-3_600_000_000, .trouble),
        ] as [(Int64, Finding.Level)])
    func `want one time everywhere`(offset: Int64, level: Finding.Level) {
        let (before, after) = (Self.now, Self.now.adding(milliseconds: 300))
        let edge = offset < 0 ? before : after
        let found = StoreChecks.clock(server: edge.microseconds + offset, before: before, after: after)
        #expect(found.level == level, "\(found.text)")
        #expect(level == .ok || found.text.contains(offset < 0 ? "behind" : "ahead of"))
        // Wherever between asking and being told it looked at its clock, it was right.
        #expect(StoreChecks.clock(server: before.microseconds + 150_000, before: before, after: after).level == .ok)
    }

    @Test(
        arguments: [
            (nil, 0, .ok), (0, 0, .ok), (4_999, 0, .ok), (5_000, 0, .trouble), (-1_000, 3, .note), (5_000, 3, .trouble),
        ] as [(Int64?, Int, Finding.Level)])
    func `want no entry from the time to come`(ahead: Int64?, stepsBack: Int, level: Finding.Level) {
        let newest = ahead.map { Self.now.adding(milliseconds: $0) }
        #expect(StoreChecks.clock(newest: newest, stepsBack: stepsBack, now: Self.now, tenant: "default").level == level)
    }

    @Test(
        arguments: [
            ([("journal_mode", "wal"), ("synchronous", "2"), ("foreign_keys", "1")], .ok),
            ([("journal_mode", "wal"), ("synchronous", "1"), ("foreign_keys", "1")], .trouble),
            ([("journal_mode", "memory"), ("synchronous", "3"), ("foreign_keys", "1")], .trouble),
            ([("fsync", "on"), ("full_page_writes", "on"), ("synchronous_commit", "remote_apply")], .ok),
            ([("fsync", "off"), ("full_page_writes", "on"), ("synchronous_commit", "on")], .trouble),
            ([("fsync", "on"), ("full_page_writes", "off"), ("synchronous_commit", "on")], .trouble),
            ([("fsync", "on"), ("full_page_writes", "on"), ("synchronous_commit", "off")], .trouble),
        ] as [([(String, String)], Finding.Level)])
    func `want commits on disk`(settings: [(String, String)], level: Finding.Level) {
        #expect(StoreChecks.durability(settings.map { (name: $0.0, value: $0.1) }).level == level)
    }

    @Test(
        arguments: [
            (10, 97, 5, nil, .ok), (72, 97, 5, nil, .ok), (73, 97, 5, nil, .note), (87, 97, 5, nil, .note),
            (88, 97, 5, nil, .trouble), (200, 97, 5, nil, .trouble), (10, 97, 8, 10, .ok), (10, 97, 9, 10, .trouble),
        ] as [(Int, Int, Int, Int?, Finding.Level)])
    func `want connections to spare`(open: Int, most: Int, own: Int, ownMost: Int?, level: Finding.Level) {
        let server = ServerCondition(
            clockMicroseconds: 0, sessions: open, sessionsMax: most, databaseSessions: own, databaseSessionsMax: ownMost,
            hasChecksums: true)
        #expect(StoreChecks.connections(server).level == level)
    }

    @Test(
        arguments: [
            ("HTTP/1.1 200 OK\r\nX: y\r\n\r\nready\n", .ready),
            ("HTTP/1.1 503 \r\n\r\nnot ready: the store cannot be read\n", .notReady("not ready: the store cannot be read")),
            ("HTTP/1.1 404 Not Found\r\n\r\n", .stranger(#"it answers /readyz with "HTTP/1.1 404 Not Found""#)),
            ("HTTP/1.1 200 OK\r\n\r\nwelcome", .stranger(#"it answers /readyz with "HTTP/1.1 200 OK""#)),
            ("SSH-2.0-x\r\n", .stranger(#"it answers /readyz with "SSH-2.0-x""#)),
            ("", .stranger("no answer within 2 seconds")),
        ] as [(String, ListenerProbe.Outcome)])
    func `know a server of ours`(answer: String, outcome: ListenerProbe.Outcome) {
        #expect(ListenerProbe.outcome(of: answer) == outcome)
    }

    private func refusal(_ status: Int, hoursAgo: Int64, _ reason: WireText = "why") -> RefusalCount {
        let at = Self.now.adding(seconds: -hoursAgo * 3_600)
        return RefusalCount(
            refusal: Refusal(
                request: "POST /v1/scans/batch", status: status, caller: "unknown", address: "192.0.2.1", station: "Gate",
                reason: reason), count: 3, firstAt: at, lastAt: at)
    }

    @Test func `take a refusal of today for trouble, unless it passes by itself`() {
        func level(_ refusals: RefusalCount...) -> Finding.Level {
            TenantChecks.refusals(refusals, now: Self.now, tenant: "default").level
        }
        #expect(level() == .ok && level(refusal(401, hoursAgo: 25)) == .ok)
        #expect(level(refusal(429, hoursAgo: 1)) == .note)
        #expect(level(refusal(429, hoursAgo: 1), refusal(400, hoursAgo: 24)) == .trouble)
    }

    @Test func `keep a terminal whole, whatever a client sent`() {
        let finding = TenantChecks.refusals([refusal(400, hoursAgo: 1, "\u{1B}[2Jgone\n")], now: Self.now, tenant: "default")
        #expect(!finding.text.contains("\u{1B}") && !finding.text.contains("\n"))
    }

    @Test func `are told in a form that stays`() throws {
        let diagnosis = Diagnosis(
            at: "2026-02-12T08:00:00.000Z",
            findings: [
                Finding(.store, .ok, "there"), Finding(.chain, .trouble, tenant: "north", "broken", advice: "mend it"),
                Finding(.chain, .ok, tenant: "south", "whole"),
            ])
        #expect(
            diagnosis.json == """
                {"version":"\(Version.text)","at":"2026-02-12T08:00:00.000Z","level":"trouble","checks":[\
                {"id":"store","level":"ok","text":"there"},\
                {"id":"chain","level":"trouble","tenant":"north","text":"broken","advice":"mend it"},\
                {"id":"chain","level":"ok","tenant":"south","text":"whole"}]}
                """)
        #expect(
            diagnosis.text == """
                ok       store        there
                trouble  chain        north: broken
                                      → mend it
                ok       chain        south: whole

                Trouble: 1, in order: 2
                """)
    }

    @Test(arguments: [(0, "0 bytes"), (1_023, "1023 bytes"), (1_024, "1.0 KiB"), (1_536, "1.5 KiB"), (5 << 40, "5.0 TiB")])
    func `tell sizes as people read them`(bytes: Int64, text: String) {
        #expect(readableBytes(bytes) == text)
    }
}
