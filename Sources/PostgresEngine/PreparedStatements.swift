import CPostgres

/// A statement that the server knows by a name, with the types that its values have.
final class PreparedStatement {
    let name: String
    let types: [Oid]
    /// False until the server has said so.
    var isPrepared = false
    fileprivate(set) var lastUse: UInt64

    fileprivate init(name: String, types: [Oid], lastUse: UInt64) {
        self.name = name
        self.types = types
        self.lastUse = lastUse
    }
}

/// What one session has prepared, by text.
///
/// A null says nothing about its type. So a statement first run with a null leaves that type to the server, and is
/// prepared anew when a value comes along: a few times at most, instead of once for each combination of nulls.
struct PreparedStatements {
    private let countMax: Int
    private var statements: [String: PreparedStatement] = [:]
    private var uses: UInt64 = 0
    /// Names that the server still knows and nobody uses any more.
    private(set) var retired: [String] = []

    init(countMax: Int) {
        self.countMax = countMax
    }

    mutating func statement(_ text: String, types: [Oid]) -> PreparedStatement {
        uses += 1
        let known = statements[text]
        if let known, zip(types, known.types).allSatisfy({ $0 == TypeNumber.inferred || $0 == $1 }) {
            known.lastUse = uses
            return known
        }
        let merged = known.map { known in zip(types, known.types).map { $0 == TypeNumber.inferred ? $1 : $0 } } ?? types
        retire(text)
        let new = PreparedStatement(name: "s\(uses)", types: merged, lastUse: uses)
        statements[text] = new
        return new
    }

    /// The server knows the statement now; one that was replaced meanwhile is given up again.
    mutating func prepared(_ statement: PreparedStatement) {
        statement.isPrepared = true
        if !statements.values.contains(where: { $0 === statement }) { retired.append(statement.name) }
    }

    /// Forgets a statement; it will be prepared anew.
    mutating func retire(_ text: String) {
        guard let known = statements.removeValue(forKey: text), known.isPrepared else { return }
        retired.append(known.name)
    }

    /// Gives up the least recently used statements beyond the limit. Not while a batch is under way that uses them.
    mutating func trim() {
        while statements.count > countMax, let oldest = statements.min(by: { $0.value.lastUse < $1.value.lastUse }) {
            retire(oldest.key)
        }
    }

    /// Forgets what a failed batch was about to prepare.
    mutating func removeUnprepared() {
        statements = statements.filter { $0.value.isPrepared }
    }

    /// Forgets everything: the server has.
    mutating func removeAll() {
        statements.removeAll()
        retired.removeAll()
    }

    mutating func deallocated(_ name: String) {
        retired.removeAll { $0 == name }
    }
}
