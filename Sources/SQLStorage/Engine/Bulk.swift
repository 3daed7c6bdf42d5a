public import struct FoundationEssentials.UUID

/// Many rows for one table, kept by column so that an engine can hand them on without touching each value twice.
///
/// Where the suffix updates (`DO UPDATE`), no two rows may conflict with the same row: PostgreSQL refuses that. With
/// `DO NOTHING` the first of several equal rows is stored.
public struct BulkInsert: Sendable {
    public let table: StaticString
    public private(set) var columns: [BulkColumn]
    /// What becomes of a row that is there already.
    public enum Conflict: Sendable {
        /// What the suffix says: `ON CONFLICT … RETURNING …`, or nothing. The refused row is `excluded`.
        case none(suffix: StaticString)
        /// The new row takes its place. The first `keyCount` columns are the primary key, no two rows have the same one, and
        /// the columns are all there are. Every row is known to be there: one that is not may be left out.
        /// - Parameter hasIndexes: Whether the table has other indexes than its primary key, which mostly need no change.
        case replace(keyCount: Int, hasIndexes: Bool = false)
    }

    public let conflict: Conflict
    public private(set) var rowCount = 0

    public init(into table: StaticString, _ columns: [BulkColumn], suffix: StaticString = "") {
        self.init(into: table, columns, .none(suffix: suffix))
    }

    public init(into table: StaticString, _ columns: [BulkColumn], _ conflict: Conflict) {
        precondition(Set(columns.map(\.count)).count <= 1, "every column has as many values as the others")
        self.table = table
        self.columns = columns
        self.conflict = conflict
        rowCount = columns.first?.count ?? 0
    }

    /// The same rows, naming no column that is null in all of them.
    var withoutEmptyColumns: BulkInsert {
        guard case .none = conflict else { preconditionFailure("a row is replaced as a whole") }
        return BulkInsert(into: table, columns.filter { !$0.isEmpty }, conflict)
    }
}

/// A selection by many keys: each key probes an index by itself.
///
/// The keys are a relation named `given` with the columns' names. The statement means
/// `SELECT <selecting> FROM given, <from> WHERE <matching>`, with the keys always in the outer loop: no planner may decide,
/// by what it knew of the table when it was small, to read all of it instead. It has to mean the same for each key by
/// itself: no aggregates, no `ORDER BY`, no `LIMIT`. Rows come in no promised order.
public struct BulkLookup: Sendable {
    public let keys: [BulkColumn]
    public let selecting: StaticString
    /// The tables that are searched, joined inside as may be.
    public let from: StaticString
    public let matching: StaticString
    public let keyCount: Int

    public init(_ keys: [BulkColumn], selecting: StaticString, from: StaticString, matching: StaticString) {
        precondition(Set(keys.map(\.count)).count == 1, "every column has as many values as the others")
        self.keys = keys
        self.selecting = selecting
        self.from = from
        self.matching = matching
        keyCount = keys[0].count
    }
}

/// One column of many rows.
public struct BulkColumn: Sendable {
    /// The column's values, one a row.
    public enum Values: Sendable {
        case integers([Int64])
        case optionalIntegers([Int64?])
        /// The same value in each of `count` rows.
        case constant(Int64, count: Int)
        case texts(PackedBytes)
        case blobs(PackedBytes)
        case uuids([UUID])
    }

    public let name: StaticString
    public let values: Values

    public init(_ name: StaticString, _ values: Values) {
        self.name = name
        self.values = values
    }

    /// Whether all values are null.
    var isEmpty: Bool {
        switch values {
        case .optionalIntegers(let all): all.allSatisfy { $0 == nil }
        case .texts(let packed), .blobs(let packed): packed.ends.allSatisfy { $0 < 0 }
        case .integers, .constant, .uuids: false
        }
    }

    public var count: Int {
        switch values {
        case .integers(let all): all.count
        case .optionalIntegers(let all): all.count
        case .constant(_, let count): count
        case .texts(let packed), .blobs(let packed): packed.count
        case .uuids(let all): all.count
        }
    }
}

/// Texts or byte strings one behind the other in one buffer, some of them null.
public struct PackedBytes: Sendable {
    public private(set) var bytes: [UInt8] = []
    /// For each value where it ends in `bytes`; it begins where the one before ended. Negative for null, then `~end`.
    public private(set) var ends: [Int] = []

    public init() {}

    public var count: Int { ends.count }

    public mutating func reserve(values: Int, bytes: Int) {
        ends.reserveCapacity(values)
        self.bytes.reserveCapacity(bytes)
    }

    public mutating func append(_ text: String) {
        bytes.append(contentsOf: text.utf8)
        ends.append(bytes.count)
    }

    public mutating func append(_ value: [UInt8]) {
        bytes.append(contentsOf: value)
        ends.append(bytes.count)
    }

    /// Appends sixteen bytes, eight to a word, as they lie in memory.
    public mutating func append(words: (UInt64, UInt64)) {
        unsafe withUnsafeBytes(of: words) { unsafe bytes.append(contentsOf: $0) }
        ends.append(bytes.count)
    }

    /// Appends thirty-two bytes, eight to a word, as they lie in memory.
    public mutating func append(words: (UInt64, UInt64, UInt64, UInt64)) {
        unsafe withUnsafeBytes(of: words) { unsafe bytes.append(contentsOf: $0) }
        ends.append(bytes.count)
    }

    /// Appends a value that `make` writes behind the others.
    public mutating func append(_ make: (inout [UInt8]) -> Void) {
        make(&bytes)
        ends.append(bytes.count)
    }

    public mutating func appendNull() {
        ends.append(~bytes.count)
    }

    /// Where the value stands in `bytes`, or nil for null.
    public subscript(index: Int) -> Range<Int>? {
        let end = ends[index]
        guard end >= 0 else { return nil }
        guard index > 0 else { return 0..<end }
        let before = ends[index - 1]
        return (before < 0 ? ~before : before)..<end
    }
}
