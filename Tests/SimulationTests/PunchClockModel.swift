import AttendanceCore
import TestKit

/// What a tenant's punch clock has to hold and answer: every punch as it stands now, judged from the first one on each time.
/// No windows of days, nothing remembered, no sums.
///
/// What a day's punches mean is asked of the rules themselves: they are functions on values, and a second calculator of their
/// own stands against them (Tests/AttendanceCoreTests/WorkSessions). Here it matters which punches they are given.
struct PunchClockModel: Equatable {
    struct Member: Equatable {
        let number: Int64
        let code: WireText
        let email: WireText
        var isActive = true
    }

    struct Punch: Equatable {
        var member: Int64
        var timed: TimedPunch
    }

    var members: [Int64: Member] = [:]
    var punches: [Int64: Punch] = [:]
    var edits: [SessionPlace: SessionAssertion] = [:]
    /// For how long a shift is continued over midnight, and which entry says so; nil for the contract's own.
    var carry: (seconds: Int64, rule: Int64)?

    static func == (left: PunchClockModel, right: PunchClockModel) -> Bool {
        left.members == right.members && left.punches == right.punches && left.edits == right.edits
            && left.carry?.seconds == right.carry?.seconds && left.carry?.rule == right.carry?.rule
    }

    /// The contract's own: no deed changes it.
    private static let zone: ZoneRules = {
        guard let zone = ZoneSource.test.rules("America/Chicago") else { preconditionFailure("tzdata is installed") }
        return zone
    }()

    static func day(of moment: Instant) -> CalendarDay {
        CalendarDay(of: moment, offsetSeconds: zone.offset(at: moment))
    }

    /// What a deed leads to: an entry, a mark in the audit, both or neither.
    struct Outcome {
        var answer: Answer
        var entry: Model.Entry?
        var isAudited = false

        static func refused(_ error: AttendanceError) -> Outcome { Outcome(answer: .failed(error)) }
    }

    /// - Parameter sequence: Of the entry that it appends, if it appends one.
    mutating func apply(_ deed: PunchClockDeed, at now: Instant, sequence: Int64) -> Outcome {
        switch deed {
        case .join(let code, let email):
            var occupied: Set<AttendanceError.UniqueField> = []
            if members.values.contains(where: { $0.code == code }) { occupied.insert(.staffCode) }
            if members.values.contains(where: { $0.email.text.lowercased() == email.text.lowercased() }) { occupied.insert(.email) }
            guard occupied.isEmpty else { return .refused(.occupied(occupied)) }
            let member = Member(number: sequence, code: code, email: email)
            members[sequence] = member
            return Outcome(
                answer: .numbered(sequence), entry: Self.entry(telling: member, "new", at: now), isAudited: true)
        case .leave(let worker):
            guard members.removeValue(forKey: worker.number) != nil else { return .refused(.notFound(.member)) }
            punches = punches.filter { $0.value.member != worker.number }
            edits = edits.filter { $0.key.member != worker.number }
            let entry = Model.Entry(kind: .memberEnded, occurredAt: now.microseconds, detail: Self.naming(worker))
            return Outcome(answer: .kept, entry: entry, isAudited: true)
        case .toggle(let worker):
            guard var member = members[worker.number] else { return .refused(.notFound(.member)) }
            member.isActive.toggle()
            members[worker.number] = member
            return Outcome(
                answer: .numbered(worker.number), entry: Self.entry(telling: member, Self.naming(worker), at: now),
                isAudited: true)
        case .punch(let worker, let direction, let moment):
            let moment = moment ?? now
            guard members[worker.number]?.isActive == true else { return .refused(.notFound(.member)) }
            let state = state(of: worker.number, at: moment)
            guard let next = state.after(direction) else { return .refused(.notAllowed(direction, in: state)) }
            guard !hasOne(direction, of: worker.number, soonAfter: moment) else {
                return .refused(.notAllowed(direction, in: next))
            }
            let entry = take(worker, direction, at: moment, sequence: sequence, .punch)
            return Outcome(answer: .numbered(sequence), entry: entry)
        case .enter(let worker, let direction, let moment):
            guard members[worker.number] != nil else { return .refused(.notFound(.member)) }
            let entry = take(worker, direction, at: moment, sequence: sequence, .punch, ["entered"])
            return Outcome(answer: .numbered(sequence), entry: entry, isAudited: true)
        case .correct(let number, let worker, let direction, let moment):
            guard punches[number] != nil else { return .refused(.notFound(.timeEntry)) }
            guard members[worker.number] != nil else { return .refused(.notFound(.member)) }
            let entry = take(
                worker, direction, at: moment, sequence: sequence, .punchCorrected, ["entered"], correcting: number)
            return Outcome(answer: .numbered(number), entry: entry, isAudited: true)
        case .void(let number):
            guard let punch = punches.removeValue(forKey: number) else { return .refused(.notFound(.timeEntry)) }
            let entry = Model.Entry(
                kind: .punchVoided, occurredAt: now.microseconds,
                detail: Text(WireText("\(punch.timed.direction.rawValue) corrects=\(number)")))
            return Outcome(answer: .kept, entry: entry, isAudited: true)
        case .edit(let worker, let day, let start, let end):
            let place = SessionPlace(member: worker.number, day: day)
            guard members[worker.number] != nil, sessions(of: worker.number).contains(where: { $0.day == day }) else {
                return .refused(.notFound(.workSession))
            }
            let replaces = edits[place].map { " replaces=\($0.sequence)" } ?? ""
            edits[place] = SessionAssertion(
                kind: .edit, sequence: sequence, at: now, punchIn: start, punchOut: end, isLateIn: false, isEarlyOut: false,
                note: "agreed")
            let detail = "edit day=\(day.text) in=\(start.microseconds) out=\(end.microseconds)\(replaces)"
            let entry = Model.Entry(
                kind: .sessionAsserted, occurredAt: now.microseconds, detail: Text(WireText(detail)), badge: Text(worker.id.text),
                meta: "agreed")
            return Outcome(answer: .kept, entry: entry, isAudited: true)
        case .carry(let seconds):
            guard carry?.seconds != seconds else { return Outcome(answer: .kept) }
            carry = (seconds, sequence)
            let entry = Model.Entry(
                kind: .ruleChanged, occurredAt: now.microseconds, detail: Text(WireText("carry value=\(seconds)")))
            return Outcome(answer: .kept, entry: entry, isAudited: true)
        }
    }

    private mutating func take(
        _ worker: Worker, _ direction: PunchDirection, at moment: Instant, sequence: Int64, _ kind: EntryKind,
        _ remarks: [String] = [], correcting number: Int64? = nil
    ) -> Model.Entry {
        let instant = Instant(microseconds: 0)
        punches[number ?? sequence] = Punch(
            member: worker.number,
            timed: TimedPunch(
                number: number ?? sequence, toldBy: sequence, direction: direction, at: moment, day: Self.day(of: moment),
                carryMaxMicroseconds: carryMaxMicroseconds, createdAt: instant, changedAt: instant))
        var words = [direction.rawValue] + remarks + ["offset=\(Self.zone.offset(at: moment))"]
        if let carry { words += ["carry=\(carry.seconds)", "carry-rule=\(carry.rule)"] }
        if let number { words.append("corrects=\(number)") }
        return Model.Entry(
            kind: kind, occurredAt: moment.microseconds, detail: Text(WireText(words.joined(separator: " "))),
            badge: Text(worker.id.text))
    }

    private static func naming(_ worker: Worker) -> Text {
        Text(WireText("change member=\(worker.id.text)"))
    }

    private static func entry(telling member: Member, _ detail: Text, at now: Instant) -> Model.Entry {
        let profile = MemberProfile.ofSimulation(member.code, email: member.email, isActive: member.isActive)
        let fields = ["1", profile.name.text, profile.email.text, profile.department.text, profile.position.text]
        return Model.Entry(
            kind: .memberTold, occurredAt: now.microseconds, detail: detail, badge: Text(member.code),
            meta: Text(WireText((fields + [member.isActive ? "active" : "inactive"]).joined(separator: "\u{1F}"))))
    }

    // MARK: What comes of it

    private var carryMaxMicroseconds: Int64 { (carry?.seconds ?? 16 * 3_600) * 1_000_000 }

    private func days(of member: Int64) -> [(day: CalendarDay, punches: [TimedPunch])] {
        let own = punches.values.filter { $0.member == member }.map(\.timed)
        return Dictionary(grouping: own, by: \.day).map { (day: $0, punches: $1) }.sorted { $0.day < $1.day }
    }

    /// What each day's punches count for, in the order of the days.
    private func judgements(of member: Int64) -> [DayJudgement] {
        var judged: [DayJudgement] = []
        for (day, punches) in days(of: member) {
            let before = judged.last?.day == day.adding(days: -1) ? judged.last : nil
            judged.append(DayJudgement(of: day, punches: punches, entering: before?.leaving))
        }
        return judged
    }

    func state(of member: Int64, at moment: Instant) -> ClockState {
        let day = Self.day(of: moment)
        return DayJudgement.state(
            at: moment, number: nil, of: day, punches: days(of: member).first { $0.day == day }?.punches ?? [],
            entering: judgements(of: member).first { $0.day == day.adding(days: -1) }?.leaving,
            carryMaxMicroseconds: carryMaxMicroseconds)
    }

    /// Whether what counts next after a moment is the same within five minutes.
    private func hasOne(_ direction: PunchDirection, of member: Int64, soonAfter moment: Instant) -> Bool {
        let near = [-1, 0, 1].map { Self.day(of: moment).adding(days: $0) }
        let counted = judgements(of: member).flatMap { $0.carried + $0.own }.filter { near.contains($0.day) && $0.at > moment }
        guard let next = counted.min(by: { $0.precedes($1) }) else { return false }
        return next.direction == direction && next.at <= moment.adding(seconds: 300)
    }

    /// By day.
    func sessions(of member: Int64) -> [WorkSession] {
        var counted: [CalendarDay: [TimedPunch]] = [:]
        for judgement in judgements(of: member) {
            counted[judgement.day.adding(days: -1), default: []] += judgement.carried
            counted[judgement.day, default: []] += judgement.own
        }
        for place in edits.keys where place.member == member { counted[place.day, default: []] += [] }
        return counted.sorted { $0.key < $1.key }.compactMap { day, punches in
            WorkSession(day: day, counted: punches, assertion: edits[SessionPlace(member: member, day: day)])
        }
    }

    /// What can be seen of it.
    var seen: SeenPunchClock {
        let sheets = members.keys.sorted().flatMap { number in sessions(of: number).map { (number, $0) } }
        var sum = HoursSum()
        for (_, session) in sheets {
            let figures = session.figures(at: nil)
            sum.sessions += 1
            sum.cycles += Int64(session.cycles.count)
            sum.working = Hundredths(sum.working.hundredths + figures.working.hundredths)
            sum.breaks = Hundredths(sum.breaks.hundredths + figures.break.hundredths)
        }
        return SeenPunchClock(
            members: members.values.sorted { $0.number < $1.number }.map {
                .init(number: $0.number, code: Text($0.code), email: Text($0.email), isActive: $0.isActive)
            },
            punches: punches.values.sorted { $0.timed.number < $1.timed.number }.map {
                .init(
                    number: $0.timed.number, member: $0.member, direction: $0.timed.direction, at: $0.timed.at.microseconds,
                    day: $0.timed.day)
            },
            sheets: sheets.map { .init($0.1, of: $0.0) }, sum: sum)
    }
}

/// What can be seen of a punch clock from outside, open time left out, which the clock alone decides.
struct SeenPunchClock: Equatable, Sendable {
    struct Member: Equatable, Sendable {
        let number: Int64
        let code: Text
        let email: Text
        let isActive: Bool
    }

    struct Punch: Equatable, Sendable {
        let number: Int64
        let member: Int64
        let direction: PunchDirection
        let at: Int64
        let day: CalendarDay
    }

    struct Cycle: Equatable, Sendable {
        let number: Int64
        let since: Instant
        let until: Instant?
    }

    struct Sheet: Equatable, Sendable {
        let member: Int64
        let day: CalendarDay
        let span: [Instant?]
        let figures: SessionFigures
        let status: SessionStatus
        let note: WireText?
        let cycles: [Cycle]
    }

    var members: [Member] = []
    var punches: [Punch] = []
    /// By member, then day.
    var sheets: [Sheet] = []
    var sum = HoursSum()
}

extension SeenPunchClock.Sheet {
    init(_ session: WorkSession, of member: Int64) {
        self.init(
            member: member, day: session.day,
            span: [session.punchIn, session.punchOut, session.breakStart, session.breakEnd],
            figures: session.figures(at: nil), status: session.status, note: session.note,
            cycles: session.cycles.map { .init(number: $0.number, since: $0.since, until: $0.until) })
    }

    init(_ session: SheetSession) {
        self.init(
            member: session.member, day: session.day,
            span: [session.punchIn, session.punchOut, session.breakStart, session.breakEnd],
            figures: session.figures(at: nil), status: session.status, note: session.note,
            cycles: session.cycles.map { .init(number: $0.number, since: $0.since, until: $0.until) })
    }
}

extension ReadTransaction {
    /// Everything that can be seen of a punch clock.
    func punchClock() throws(AttendanceError) -> SeenPunchClock {
        let source = EntrySource.timeTracker
        let (first, last) = (CalendarDay(daysSince1970: 0), CalendarDay(daysSince1970: 100_000))
        return SeenPunchClock(
            members: try members(of: source).sorted { $0.number < $1.number }.map {
                .init(
                    number: $0.number, code: Text($0.profile.staffCode), email: Text($0.profile.email),
                    isActive: $0.profile.isActive)
            },
            punches: try punches(of: source, matching: PunchQuery(), after: nil, limit: 10_000)
                .sorted { $0.punch.number < $1.punch.number }
                .map {
                    .init(
                        number: $0.punch.number, member: $0.member, direction: $0.punch.direction,
                        at: $0.punch.at.microseconds, day: $0.punch.day)
                },
            sheets: try sessions(of: source, from: first, through: last)
                .sorted { ($0.member, $0.day) < ($1.member, $1.day) }.map { .init($0) },
            sum: try hours(of: source, member: nil, from: first, through: last))
    }
}
