import AttendanceCore
import struct FoundationEssentials.UUID

/// What a reading connection has read and would read again: people at the clock, their rules, their tokens. All of it is
/// forgotten as soon as anybody has changed the store, so nobody is told what does not stand there any more.
final class ReaderMemory {
    static let answersMax = 4_096
    /// More punches of a member in two days are read each time: with the number of answers this bounds the memory.
    static let punchesMax = 16

    enum Question: Hashable {
        case member(TenantID, EntrySource, UUID)
        case rules(TenantID, EntrySource)
        case punches(TenantID, member: Int64, from: CalendarDay, through: CalendarDay)
        case standing(TenantID, Contract, grant: UUID, token: [UInt8])
    }

    /// Keeps an answer apart from an answer that is nil.
    private struct Answer<Value> {
        let value: Value
    }

    private var version: StoreVersion?
    private var answers: [Question: Any] = [:]
    private var classes: [TenantID: ClassMemory] = [:]
    /// So much of a tenant's classes, and of so many tenants; what goes beyond is forgotten when the next one asks.
    static let classCostMax = 20_000
    static let classTenantsMax = 4

    /// To be told at the beginning of each transaction.
    func turn(to version: StoreVersion?) {
        guard version == nil || version != self.version else { return }
        self.version = version
        answers.removeAll(keepingCapacity: true)
        classes.removeAll(keepingCapacity: true)
    }

    /// What is remembered of a tenant's classes, to be added to.
    func classes(of tenant: TenantID) -> ClassMemory {
        if let known = classes[tenant], known.cost <= Self.classCostMax { return known }
        if classes.count >= Self.classTenantsMax { classes.removeAll(keepingCapacity: true) }
        let new = ClassMemory()
        classes[tenant] = new
        return new
    }

    /// - Parameter isWorthIt: Whether an answer is kept.
    func answer<Value>(
        to question: Question, where isWorthIt: (Value) -> Bool, _ find: () throws(AttendanceError) -> Value
    ) throws(AttendanceError) -> Value {
        if let known = answers[question] as? Answer<Value> { return known.value }
        let found = try find()
        guard version != nil, isWorthIt(found) else { return found }
        if answers.count >= Self.answersMax { answers.removeAll(keepingCapacity: true) }
        answers[question] = Answer(value: found)
        return found
    }
}
