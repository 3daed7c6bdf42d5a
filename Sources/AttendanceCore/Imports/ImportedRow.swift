public import struct FoundationEssentials.UUID

/// What has to be remembered of another system's row, so that it is brought in once and a change of it is seen.
public struct RowStamp: Sendable, Equatable {
    /// The front of a digest of all that is taken over of the row; another one means that the row was changed there.
    public let digest: Int64
    /// When the row was made there, where it says so.
    public let createdAt: Instant?
    /// When it was changed last.
    public let changedAt: Instant?

    public init(digest: Int64, createdAt: Instant?, changedAt: Instant?) {
        self.digest = digest
        self.createdAt = createdAt
        self.changedAt = changedAt
    }

    /// Sixteen hexadecimal digits, as the digest stands in entries.
    public var digestText: String {
        let digits = String(UInt64(bitPattern: digest), radix: 16)
        return String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }
}

/// A row of another system that has an identity of its own, under which its clients go on to know it.
public struct ImportedRow: Sendable, Equatable {
    public let id: UUID
    public let stamp: RowStamp

    public init(id: UUID, stamp: RowStamp) {
        self.id = id
        self.stamp = stamp
    }
}

extension DetailWords {
    /// `imported=5b0e8d2e-… digest=00c1… created=… changed=…`.
    mutating func add(_ row: ImportedRow?) {
        add("imported", row?.id.text)
        add(row?.stamp)
    }

    mutating func add(_ stamp: RowStamp?) {
        add("digest", stamp?.digestText)
        add("created", stamp?.createdAt?.microseconds)
        add("changed", stamp?.changedAt?.microseconds)
    }

    /// Nil where the words tell of no row.
    var importedRow: ImportedRow? {
        guard let id = text("imported").flatMap({ UUID(text: $0) }), let stamp = rowStamp else { return nil }
        return ImportedRow(id: id, stamp: stamp)
    }

    var rowStamp: RowStamp? {
        guard let digest = text("digest").flatMap({ UInt64($0, radix: 16) }) else { return nil }
        func instant(_ name: String) -> Instant? { integer(name).map { Instant(microseconds: $0) } }
        return RowStamp(digest: Int64(bitPattern: digest), createdAt: instant("created"), changedAt: instant("changed"))
    }
}
