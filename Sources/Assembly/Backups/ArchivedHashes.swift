import AttendanceCore
import Digests
import Glibc

/// Finds the hashes of single entries in an archive of `pg_dump`, which has no index: `pg_restore` writes its tables as text,
/// and that is read line by line.
struct ArchivedHashes {
    let tools: PostgresTools

    /// - Parameter wanted: One sequence for each tenant asked about.
    /// - Returns: What was found.
    func hashes(in archive: String, at wanted: [TenantName: Int64]) throws -> [TenantName: Digest] {
        let restore = try tools.file("pg_restore", instead: "It is what reads the archive")
        let pipe = try Pipe()
        let program: ChildProgram
        do {
            defer { _ = close(pipe.write) }
            program = try ChildProgram(
                restore, ["--data-only", "--table=tenant", "--table=ledger_entry", "--file=-", archive],
                environment: tools.environment, output: .descriptor(pipe.write), interruption: tools.interruption)
        }
        var reading = CopiedRows(wanted: wanted)
        do {
            defer { _ = close(pipe.read) }
            try Files.withChunks(from: pipe.read, "pg_restore") { reading.read($0) }
        }
        let ended = program.wait()
        guard ended.code == 0 else { throw Failure("pg_restore failed: \(ended.complaint)") }
        return reading.found
    }
}

/// Rows in PostgreSQL's text form of `COPY`: a line that names table and columns, a line per row with tabs between its
/// values, and `\.`. Source: PostgreSQL's documentation of COPY, "Text Format".
struct CopiedRows {
    private var rest: [UInt8] = []
    private var table = ""
    private var columns: [Substring: Int] = [:]
    /// Tenants have their numbers in one table and their names in another.
    private var names: [Int64: TenantName] = [:]
    private var hashes: [Int64: [(sequence: Int64, hash: Digest)]] = [:]
    private let wanted: [TenantName: Int64]
    private let sequences: Set<Int64>

    init(wanted: [TenantName: Int64]) {
        self.wanted = wanted
        sequences = Set(wanted.values)
    }

    /// The hashes of the wanted entries.
    var found: [TenantName: Digest] {
        var found: [TenantName: Digest] = [:]
        for (number, name) in names {
            found[name] = hashes[number]?.first { $0.sequence == wanted[name] }?.hash
        }
        return found
    }

    /// Takes the next piece of the text, wherever it was cut.
    mutating func read(_ bytes: [UInt8]) {
        var start = bytes.startIndex
        while let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) {
            rest += bytes[start..<end]
            read(line: String(decoding: rest, as: UTF8.self))
            rest.removeAll(keepingCapacity: true)
            start = end + 1
        }
        rest += bytes[start...]
    }

    private mutating func read(line: String) {
        guard !table.isEmpty else { return begin(line) }
        if line == "\\." {
            table = ""
            return
        }
        let values = line.split(separator: "\t", omittingEmptySubsequences: false)
        func value(_ column: Substring) -> Substring? { columns[column].flatMap { values.indices.contains($0) ? values[$0] : nil } }
        guard let tenant = value("tenant_id").flatMap({ Int64($0) }) else { return }
        if table == "tenant" {
            // No name of a tenant has a character that this form would escape.
            names[tenant] = value("name").flatMap { try? TenantName(parsing: String($0)) }
        } else if let sequence = value("sequence").flatMap({ Int64($0) }), sequences.contains(sequence),
            let hash = value("hash").flatMap({ Hexadecimal.decode(String($0.dropFirst(3))) }), hash.count == 32
        {
            hashes[tenant, default: []].append((sequence, Digest(hash)))
        }
    }

    /// `COPY muster.ledger_entry (tenant_id, sequence, …) FROM stdin;`
    private mutating func begin(_ line: String) {
        guard line.hasPrefix("COPY "), line.hasSuffix(" FROM stdin;"), let open = line.firstIndex(of: "("),
            let close = line.lastIndex(of: ")"), open < close
        else { return }
        let name = line[..<open].dropFirst(5).split(separator: ".").last.map { $0.filter { $0 != " " && $0 != "\"" } } ?? ""
        guard ["tenant", "ledger_entry"].contains(name) else { return }
        table = name
        columns = [:]
        for (place, column) in line[line.index(after: open)..<close].split(separator: ",").enumerated() {
            columns[column.drop { $0 == " " }] = place
        }
    }
}
