import AttendanceCore

/// Somebody who punches, as a client knows them.
struct Worker: Sendable, Equatable {
    /// The sequence of the entry that opened the membership.
    let number: Int64
    let id: Identifier<Membership>
    let code: WireText
}

/// What somebody at a punch clock, or in its office, asks a store to do.
enum PunchClockDeed: Sendable {
    case join(code: WireText, email: WireText)
    case leave(Worker)
    /// Makes somebody inactive, or active again.
    case toggle(Worker)
    /// Nil for the server's clock.
    case punch(Worker, PunchDirection, at: Instant?)
    case enter(Worker, PunchDirection, at: Instant)
    /// Everything about the punch of this number, whoever's it was.
    case correct(Int64, Worker, PunchDirection, at: Instant)
    case void(Int64)
    case edit(Worker, CalendarDay, in: Instant, out: Instant)
    case carry(seconds: Int64)

    /// What is counted when it is done.
    var name: String {
        switch self {
        case .join: "a member joined"
        case .leave: "a member left"
        case .toggle: "a member toggled"
        case .punch: "a punch"
        case .enter: "a punch entered"
        case .correct: "a punch corrected"
        case .void: "a punch voided"
        case .edit: "a session edited"
        case .carry: "a rule set"
        }
    }
}

extension Operations {
    func perform(_ deed: PunchClockDeed, as caller: Caller) async throws(AttendanceError) -> Answer {
        let source = EntrySource.timeTracker
        switch deed {
        case .join(let code, let email):
            let member = try await createMember(.ofSimulation(code, email: email, isActive: true), of: source, as: caller)
            return .numbered(member.number)
        case .leave(let worker):
            try await endMember(worker.id, of: source, as: caller)
            return .kept
        case .toggle(let worker):
            return .numbered(try await toggleMember(worker.id, of: source, as: caller).number)
        case .punch(let worker, let direction, let moment):
            return .numbered(try await punch(worker.id, direction, at: moment, note: nil, of: source, as: caller).number)
        case .enter(let worker, let direction, let moment):
            let draft = TimeEntryDraft(member: worker.id, direction: direction, at: moment)
            return .numbered(try await assertTimeEntry(draft, of: source, as: caller).number)
        case .correct(let number, let worker, let direction, let moment):
            var change = TimeEntryChange()
            (change.member, change.direction, change.at) = (worker.id, direction, moment)
            let id = sealer.identity(of: .timeEntry, number, in: caller.tenant)
            return .numbered(try await correctTimeEntry(id, change, of: source, as: caller).number)
        case .void(let number):
            let id = sealer.identity(of: .timeEntry, number, in: caller.tenant)
            try await voidTimeEntry(id, of: source, as: caller)
            return .kept
        case .edit(let worker, let day, let start, let end):
            let place = SessionPlace(member: worker.number, day: day)
            _ = try await editSession(
                sealer.identity(of: .workSession, place.number, in: caller.tenant), punchIn: start, punchOut: end,
                note: "agreed", of: source, as: caller)
            return .kept
        case .carry(let seconds):
            try await setRule(.carrySeconds, to: WireText("\(seconds)"), of: source, as: caller)
            return .kept
        }
    }
}

extension MemberProfile {
    static func ofSimulation(_ code: WireText, email: WireText, isActive: Bool) -> MemberProfile {
        MemberProfile(
            name: "Name of \(code)", staffCode: code, email: email, department: "Packing", position: "Packer", isActive: isActive)
    }
}

extension PunchClockDeed: CustomStringConvertible {
    var description: String {
        func who(_ worker: Worker) -> String { "\(Text(worker.code)) (\(worker.number))" }
        func when(_ moment: Instant) -> String { moment.millisecondText }
        return switch self {
        case .join(let code, let email): "join \(Text(code)) \(Text(email))"
        case .leave(let worker): "leave \(who(worker))"
        case .toggle(let worker): "toggle \(who(worker))"
        case .punch(let worker, let direction, let moment):
            "punch \(who(worker)) \(direction.rawValue) \(moment.map(when) ?? "now")"
        case .enter(let worker, let direction, let moment): "enter \(who(worker)) \(direction.rawValue) \(when(moment))"
        case .correct(let number, let worker, let direction, let moment):
            "correct \(number) to \(who(worker)) \(direction.rawValue) \(when(moment))"
        case .void(let number): "void \(number)"
        case .edit(let worker, let day, let start, let end): "edit \(who(worker)) \(day.text) \(when(start)) \(when(end))"
        case .carry(let seconds): "carry \(seconds)"
        }
    }
}
