import AttendanceCore
import Foundation
import TestKit
import Testing

@testable import Assembly

@Suite struct `What lies beside a backup` {
    private static let hash = String(repeating: "0a", count: 32)

    private static func manifest(_ change: (String) -> String = { $0 }) -> [UInt8] {
        Array(
            change(
                """
                {"format":1,"engine":"sqlite","begun_at":"2026-02-12T08:00:00.000Z","version":"0.1.0","schema":"0001 foundation",\
                "server":null,"bytes":4096,"tenants":[{"name":"default","sequence":7,"hash":"\(hash)","clear_epoch":null}]}
                """
            ).utf8)
    }

    @Test func `reads as it was written`() throws {
        let read = try Manifest(parsing: Self.manifest(), path: "x.json")
        #expect(read.json == String(decoding: Self.manifest(), as: UTF8.self) + "\n")
        #expect(read.ledgers.map(\.head) == [LedgerHead(sequence: 7, hash: Digest([UInt8](repeating: 10, count: 32)))])
    }

    @Test(arguments: [
        ("{", ""), (#""format":1"#, #""format":2"#), ("sqlite", "mysql"), (#""sequence":7"#, #""sequence":-7"#),
        (#""sequence":7"#, #""sequence":7.5"#), ("0a0a", "0a0"), ("0a0a", "0g0a"), ("default", "No Name"),
        (#""bytes":4096"#, #""bytes":"4096""#), (#""tenants":["#, #""tenants":[1,"#), (#""engine":"#, #""format":1,"engine":"#),
    ])
    func `is refused where it makes no sense`(part: String, replacement: String) throws {
        let changed = Self.manifest { text in
            text.replacingOccurrences(of: part, with: replacement, range: text.range(of: part))
        }
        #expect(changed != Self.manifest())
        #expect(throws: Failure.self) { try Manifest(parsing: changed, path: "x.json") }
    }

    @Test(arguments: ["", "*"])
    func `is found sound in either spelling of sha256sum`(mark: String) async throws {
        try await withTemporaryDirectory { directory in
            let files = BackupFiles(path: directory + "/a b.sqlite")
            try Files.write(String(repeating: "x", count: 4_096), to: files.path)
            let manifest = try Manifest(parsing: Self.manifest(), path: "")
            try files.describe(manifest, digest: try Files.digest(files.path))
            if mark == "*" {
                let sums = try String(contentsOfFile: files.digestPath, encoding: .utf8)
                try sums.replacingOccurrences(of: "  a", with: " *a")
                    .write(toFile: files.digestPath, atomically: true, encoding: .utf8)
            }
            #expect(try files.requireUnchanged().manifest == manifest)
        }
    }
}

@Suite struct `A place where a backup grows` {
    @Test func `belongs to one at a time, and to the next when that one is gone`() async throws {
        try await withTemporaryDirectory { directory in
            let target = BackupFiles(path: directory + "/x.sqlite")
            do {
                let staging = try Staging(for: target)
                try Files.write("half", to: staging.files.path)
                #expect(throws: Failure.self) { try Staging(for: target) }
                // It ends without having tidied up, as when it is killed.
            }
            let next = try Staging(for: target)
            #expect(try Files.names(in: directory) == ["x.sqlite.partial"])
            #expect(try Files.names(in: directory + "/x.sqlite.partial") == [])
            for path in [next.files.path, next.files.manifestPath, next.files.digestPath] { try Files.write("whole", to: path) }
            try next.publish()
            #expect(try Set(Files.names(in: directory)) == ["x.sqlite", "x.sqlite.json", "x.sqlite.sha256"])
            #expect(throws: Failure.self) { try Staging(for: target) }
        }
    }
}

@Suite struct `The lock of an embedded store` {
    @Test func `is shared by all who use it and had alone by a restore`() async throws {
        try await withTemporaryDirectory { directory in
            let file = directory + "/muster.sqlite"
            var users = [try StoreLock(.shared, store: file), try StoreLock(.shared, store: file)]
            #expect(users.allSatisfy { $0 != nil })
            #expect(try StoreLock(.alone, store: file) == nil)
            users = []
            let restore = try StoreLock(.alone, store: file)
            #expect(restore != nil)
            #expect(try StoreLock(.shared, store: file) == nil)
            #expect(try StoreLock(.alone, store: file) == nil)
        }
    }
}

@Suite struct `Rows of an archive` {
    private static let text = """
        --
        -- Data for Name: ledger_entry
        --

        COPY muster.ledger_entry (tenant_id, sequence, kind, hash) FROM stdin;
        1\t1\t1\t\\\\x\(String(repeating: "01", count: 32))
        1\t2\t1\t\\\\x\(String(repeating: "02", count: 32))
        2\t2\t1\t\\\\x\(String(repeating: "22", count: 32))
        2\t3\t1\t\\\\x23
        \\.


        COPY muster.claim_term (tenant_id, sequence, hash) FROM stdin;
        1\t2\tCOPY muster.tenant (tenant_id, name) FROM stdin;
        \\.

        COPY "muster".tenant (tenant_id, name, created_at_us) FROM stdin;
        2\tnorth\t0
        1\tdefault\t0
        \\.

        """

    /// The text comes from a pipe, which cuts it anywhere.
    @Test(arguments: [1, 2, 7, 64, 100_000])
    func `are found wherever the text is cut`(size: Int) throws {
        let north = try TenantName(parsing: "north")
        var rows = CopiedRows(wanted: [.default: 2, north: 2, try TenantName(parsing: "south"): 1])
        let bytes = Array(Self.text.utf8)
        for start in stride(from: 0, to: bytes.count, by: size) { rows.read(Array(bytes[start..<min(start + size, bytes.count)])) }
        #expect(
            rows.found == [.default: Digest([UInt8](repeating: 2, count: 32)), north: Digest([UInt8](repeating: 0x22, count: 32))])
    }

    @Test func `without a whole hash are as good as none`() throws {
        var rows = CopiedRows(wanted: [try TenantName(parsing: "north"): 3])
        rows.read(Array(Self.text.utf8))
        #expect(rows.found == [:])
    }
}
