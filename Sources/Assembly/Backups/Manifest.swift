import AttendanceCore
import Digests
import SQLStorage
import StrictJSON

/// What lies beside a backup in `PATH.json`: what the backup is of, and where each tenant's ledger ended.
struct Manifest: Sendable, Equatable {
    /// A program that does not know the format does not guess.
    static let format: Int64 = 1
    static let bytesMax = 4 << 20

    enum Engine: String, Sendable {
        case sqlite, postgresql

        /// What the name of a backup in a folder ends in.
        var suffix: String {
            switch self {
            case .sqlite: "sqlite"
            case .postgresql: "pgdump"
            }
        }
    }

    struct Ledger: Sendable, Equatable {
        let tenant: String
        let sequence: Int64
        let hash: Digest
        let clearEpoch: String?

        init(_ ledger: StoreSurvey.Ledger) {
            tenant = ledger.tenant.name.text
            sequence = ledger.head.sequence
            hash = ledger.head.hash
            clearEpoch = ledger.clearEpoch?.text
        }

        fileprivate init?(_ json: JSONValue) {
            guard let tenant = json["name"]?.string, (try? TenantName(parsing: tenant)) != nil,
                let sequence = json["sequence"]?.number?.int64, sequence >= 0,
                let hash = json["hash"]?.string.flatMap({ Hexadecimal.decode($0) }), hash.count == 32
            else { return nil }
            self.tenant = tenant
            self.sequence = sequence
            self.hash = Digest(hash)
            clearEpoch = json["clear_epoch"]?.string
        }

        var head: LedgerHead { LedgerHead(sequence: sequence, hash: hash) }
    }

    let engine: Engine
    /// Everything acknowledged up to then is in the backup.
    let begunAt: String
    /// The program that made it.
    let version: String
    /// The last migration of its schema.
    let schema: String
    /// PostgreSQL's version, or nil.
    let server: String?
    let bytes: Int64
    let ledgers: [Ledger]

    var json: String {
        let members = JSONWriter.object { line in
            line.member("format", Self.format)
            line.member("engine", engine.rawValue)
            line.member("begun_at", begunAt)
            line.member("version", version)
            line.member("schema", schema)
            line.member("server", server)
            line.member("bytes", bytes)
            line.member("tenants") { writeLedgers(to: &$0) }
        }
        return String(decoding: members, as: UTF8.self) + "\n"
    }

    /// The ledgers, as every answer in JSON shows them.
    func writeLedgers(to writer: inout JSONWriter) {
        writer.array(of: ledgers) { writer, ledger in
            writer.object { line in
                line.member("name", ledger.tenant)
                line.member("sequence", ledger.sequence)
                line.member("hash", "\(ledger.hash)")
                line.member("clear_epoch", ledger.clearEpoch)
            }
        }
    }

    init(
        engine: Engine, begunAt: String, schema: String, server: String?, bytes: Int64, ledgers: [StoreSurvey.Ledger]
    ) {
        self.engine = engine
        self.begunAt = begunAt
        version = Version.text
        self.schema = schema
        self.server = server
        self.bytes = bytes
        self.ledgers = ledgers.map { Ledger($0) }
    }

    /// - Throws: ``Failure`` that says what is wrong with it.
    init(parsing text: [UInt8], path: String) throws {
        guard let root = try? JSONDocument(parsing: text, duplicates: .refuse).root, let format = root["format"]?.number else {
            throw Failure("\(path) is not what a backup has beside it")
        }
        guard format.text == String(Self.format) else {
            throw Failure("\(path) is of format \(format.text), and this program knows format \(Self.format)")
        }
        guard let engine = root["engine"]?.string.flatMap({ Engine(rawValue: $0) }), let begunAt = root["begun_at"]?.string,
            let version = root["version"]?.string, let schema = root["schema"]?.string,
            let bytes = root["bytes"]?.number?.int64, let tenants = root["tenants"]?.items
        else { throw Failure("\(path) is not what a backup has beside it") }
        self.engine = engine
        self.begunAt = begunAt
        self.version = version
        self.schema = schema
        server = root["server"]?.string
        self.bytes = bytes
        ledgers = try tenants.map { json in
            guard let ledger = Ledger(json) else { throw Failure("\(path) names a tenant without a head") }
            return ledger
        }
    }
}
