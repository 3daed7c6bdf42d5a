import SQLStorage

/// A real engine, and what may go wrong on the way to it. Nothing here knows which engine it is.
struct FaultyEngine: SQLEngine {
    let inner: any SQLEngine
    let faults: Faults
    let ground: Ground

    var name: String { inner.name }
    var vocabulary: SchemaVocabulary { inner.vocabulary }
    var writesBesideCommits: Bool { inner.writesBesideCommits }
    var readsWithoutWaiting: Bool { inner.readsWithoutWaiting }

    func connect(_ purpose: ConnectionPurpose) throws(SQLError) -> any SQLConnection {
        switch purpose {
        case .reading, .inspecting: try faults.passReading()
        case .writing: _ = try faults.pass(.connecting)
        }
        return FaultyConnection(to: try inner.connect(purpose), of: self, purpose: purpose)
    }
}

final class FaultyConnection: SQLConnection {
    enum Step: Sendable {
        case connecting, beginning, statement, committing, committed
    }

    private let inner: any SQLConnection
    private let engine: FaultyEngine
    private let purpose: ConnectionPurpose
    private var isCommitSent = false {
        didSet { if isCommitSent != oldValue { engine.faults.noteCommit(isUnderWay: isCommitSent) } }
    }
    private var isUnheard = false

    init(to inner: any SQLConnection, of engine: FaultyEngine, purpose: ConnectionPurpose) {
        self.inner = inner
        self.engine = engine
        self.purpose = purpose
    }

    var vocabulary: SchemaVocabulary { inner.vocabulary }

    private func pass(_ step: Step) throws(SQLError) {
        guard purpose == .writing else { return try engine.faults.passReading() }
        switch try engine.faults.pass(step) {
        case .goOn: break
        case .wait: engine.faults.wait(crashed: false)
        case .loseSession: try engine.ground.endSession(of: inner)
        case .crash(all: false): try die()
        case .crash(all: true):
            engine.ground.keepWhatIsThere()
            try die()
        case .tear:
            try engine.ground.keepHalf(of: { () throws(SQLError) in try inner.commit() })
            try die()
        }
    }

    private func die() throws(SQLError) {
        engine.faults.wait(crashed: true)
        // Without a word to the store: neither commit nor roll-back.
        inner.close()
        throw Faults.dead
    }

    func run(_ statement: SQL) throws(SQLError) -> [SQLRow] {
        try pass(.statement)
        return try inner.run(statement)
    }

    func run(pipelined statements: [SQL]) throws(SQLError) -> [[SQLRow]] {
        try pass(.statement)
        return try inner.run(pipelined: statements)
    }

    func runScript(_ script: String) throws(SQLError) {
        try pass(.statement)
        try inner.runScript(script)
    }

    func insert(_ insertion: BulkInsert) throws(SQLError) -> [SQLRow] {
        try pass(.statement)
        return try inner.insert(insertion)
    }

    func insert(pipelined insertions: [BulkInsert]) throws(SQLError) -> [[SQLRow]] {
        try pass(.statement)
        return try inner.insert(pipelined: insertions)
    }

    func run(ahead statements: [SQL]) throws(SQLError) {
        try pass(.statement)
        try inner.run(ahead: statements)
    }

    func insert(ahead insertions: [BulkInsert]) throws(SQLError) {
        try pass(.statement)
        try inner.insert(ahead: insertions)
    }

    func lookup(_ lookup: BulkLookup) throws(SQLError) -> [SQLRow] {
        try pass(.statement)
        return try inner.lookup(lookup)
    }

    func beginWriting() throws(SQLError) {
        try pass(.beginning)
        try inner.beginWriting()
    }

    func beginWritingBesideCommit() throws(SQLError) {
        try pass(.beginning)
        try inner.beginWritingBesideCommit()
    }

    func beginReading() throws(SQLError) {
        try pass(.beginning)
        try inner.beginReading()
    }

    func sendCommit() throws(SQLError) {
        try pass(.committing)
        try inner.sendCommit()
        isCommitSent = true
    }

    func commit() throws(SQLError) {
        defer { isCommitSent = false }
        if !isCommitSent { try pass(.committing) }
        try inner.commit()
        do {
            try pass(.committed)
        } catch {
            isUnheard = true
            throw error
        }
    }

    var mayHaveCommitted: Bool { isUnheard || engine.faults.isDead || inner.mayHaveCommitted }

    func rollBack() {
        isCommitSent = false
        isUnheard = false
        if engine.faults.isDead { inner.close() } else { inner.rollBack() }
    }

    func version() throws(SQLError) -> StoreVersion? {
        try pass(.statement)
        return try inner.version()
    }

    func allowLongStatements() throws(SQLError) {
        try inner.allowLongStatements()
    }

    func tables() throws(SQLError) -> Set<String> { try inner.tables() }
    func tablesOfFormerServers() throws(SQLError) -> Set<String> { try inner.tablesOfFormerServers() }
    func createNamespace() throws(SQLError) { try inner.createNamespace() }
    func lockForMigration() throws(SQLError) { try inner.lockForMigration() }
    func durability() throws(SQLError) -> [(name: String, value: String)] { try inner.durability() }
    func bytesUsed() throws(SQLError) -> Int64 { try inner.bytesUsed() }
    func damage(reportsMax: Int) throws(SQLError) -> [String] { try inner.damage(reportsMax: reportsMax) }
    func server() throws(SQLError) -> ServerCondition? { try inner.server() }

    func close() {
        inner.close()
    }
}
