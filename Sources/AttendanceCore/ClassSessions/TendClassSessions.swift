extension Operations {
    /// The session of a class on a day: a new one, or the one that there is, as it is. Of requests that come at once all get the
    /// same one.
    ///
    /// Days in the future and in the past are taken, and days on which the class does not meet.
    /// - Parameters:
    ///   - dayText: `YYYY-MM-DD`. It is judged last, so only who may open the session is told what is wrong with it.
    ///   - imageURL: Where a picture of the class is, for a new session.
    /// - Throws: `.notPermitted` to students, `.notFound(.class)`, `.notPermitted`, `.invalid(field: "sessionDate", …)`,
    ///   `.invalid(field: "processedImageUrl", …)`, `.unavailable`. Source: contract aims §4.6, §1.2.
    public func openClassSession(
        of id: Identifier<SchoolClass>, on dayText: WireText, imageURL: WireText?, as caller: ClassroomCaller
    ) async throws(AttendanceError) -> ClassSession {
        try caller.require(.teacher, .admin)
        // Asked for again and again by the app: mostly it is there, and the writer has others to serve.
        let (schoolClass, day, there) = try await store.readBriefly(in: caller.tenant) { tx throws(AttendanceError) in
            let schoolClass = try tx.tended(id, by: caller)
            guard let day = CalendarDay(parsing: dayText.text) else {
                throw .invalid(field: "sessionDate", .malformed("YYYY-MM-DD was expected"))
            }
            return (schoolClass, day, try tx.classSession(of: schoolClass.number, on: day))
        }
        if let there { return there }
        guard imageURL?.containsNUL != true else {
            throw .invalid(field: "processedImageUrl", .malformed("U+0000 cannot be kept"))
        }
        let detail = ClassSessionDetail(
            schoolClass: schoolClass.number, day: day, creator: caller.account, imageURL: imageURL)
        let sealed = sealer.seal([Claim(opening: detail, at: ambient.now())], by: caller.caller.name)
        return try await store.write(in: caller.tenant) { tx throws(AttendanceError) in
            let schoolClass = try tx.tended(id, by: caller)
            if let there = try tx.classSession(of: schoolClass.number, on: day) { return there }
            _ = try tx.append(sealed)
            guard let opened = try tx.classSession(of: schoolClass.number, on: day) else { throw .notFound(.classSession) }
            return opened
        }
    }

    /// The sessions of a class between two days, both included and each nil for no bound, newest first, with their marks.
    /// - Throws: `.notPermitted` to students, `.notFound(.class)`, `.notPermitted`, `.unavailable`. Source: contract aims §4.8.
    public func classSessions(
        of id: Identifier<SchoolClass>, from: CalendarDay?, through: CalendarDay?, as caller: ClassroomCaller
    ) async throws(AttendanceError) -> [SessionSheet] {
        try caller.require(.teacher, .admin)
        let (sessions, roster) = try await store.readBriefly(in: caller.tenant) { tx throws(AttendanceError) in
            let schoolClass = try tx.tended(id, by: caller)
            return (
                try tx.classSessions(of: schoolClass.number, from: from, through: through),
                try tx.roster(of: schoolClass.number)
            )
        }
        return sessions.map { SessionSheet(session: $0, marks: roster.marks(of: $0)) }
    }

    /// Takes a session away with its marks. Afterwards the class may have another one on that day.
    /// - Throws: `.notPermitted` to students, `.notFound(.classSession)`, `.notPermitted` to whoever does not own the class,
    ///   `.unavailable`.
    public func voidClassSession(
        _ id: Identifier<ClassSession>, as caller: ClassroomCaller
    ) async throws(AttendanceError) {
        try caller.require(.teacher, .admin)
        let moment = ambient.now()
        let sealer = sealer
        try await store.write(in: caller.tenant) { tx throws(AttendanceError) in
            guard let session = try tx.classSession(id), let schoolClass = try tx.schoolClass(numbered: session.schoolClass)
            else { throw .notFound(.classSession) }
            guard caller.mayTend(schoolClass) else { throw .notPermitted }
            _ = try tx.append(
                sealer.seal([Claim(ending: .session(session.number), at: moment)], by: caller.caller.name))
            try tx.note(
                AuditEntry(
                    at: moment, caller: caller.caller, act: .classSessionVoided, subject: schoolClass.id.text,
                    detail: WireText(session.day.text)))
        }
    }
}
