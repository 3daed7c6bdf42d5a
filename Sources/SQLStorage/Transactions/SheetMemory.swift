import AttendanceCore

/// What a writer remembers of members, rules and days of work, so that a punch of somebody it has seen today reads nothing.
///
/// Believed only while the tenant's head is the one that it was remembered with: see ``WriterMemory``.
final class SheetMemory {
    /// Days and punches of all members of all tenants together; beyond that all are forgotten.
    static let costMax = 100_000

    /// A day of a member: all punches of that local day, and its session.
    struct Day {
        /// By moment, then number.
        var punches: [SheetPunch] = []
        var session: SheetSession?
    }

    var days: [SessionPlace: Day] = [:]
    var members: [Identifier<Membership>: Member] = [:]
    /// Whose contract's they are.
    var sources: [Identifier<Membership>: EntrySource] = [:]
    /// Behind these days nothing stands in anybody's sheet; nil for members without any punch or session.
    var newestDays: [Int64: CalendarDay?] = [:]
    /// Whose a device's number is; nil for nobody's.
    var owners: [PeopleTable.Subject: Int64?] = [:]
    var rules: [EntrySource: TimeSheetRules] = [:]

    /// Details of punches by their text, which most punches of a day share.
    private var details: [WireText: PunchDetail] = [:]
    private static let detailsMax = 256

    func detail(_ text: WireText) -> PunchDetail? {
        if let known = details[text] { return known }
        guard let detail = PunchDetail(parsing: text) else { return nil }
        // What names another entry or a row of another system stands there once.
        guard detail.corrects == nil, detail.imported == nil else { return detail }
        if details.count >= Self.detailsMax { details.removeAll(keepingCapacity: true) }
        details[text] = detail
        return detail
    }

    /// How many punches were read or added since everything was forgotten.
    var punches = 0

    /// What is remembered of classes. It is believed under the same head.
    let classes = ClassMemory()

    var cost: Int { days.count + punches + members.count + owners.count + newestDays.count + classes.cost }

    /// Something stands at that day now.
    func reach(_ day: CalendarDay, of member: Int64) {
        guard let known = newestDays[member] else { return }
        newestDays[member] = .some(max(known ?? day, day))
    }

    func forgetMembers() {
        members = [:]
        sources = [:]
        owners = [:]
        days = [:]
        newestDays = [:]
        punches = 0
    }
}
