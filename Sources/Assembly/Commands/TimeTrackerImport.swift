import AttendanceCore
import FormerTimeTracker
import SQLStorage
import StrictJSON

extension Command {
    static let importTimeTracker = Command(
        "import timetracker", "Moves in what a Time Tracker server keeps in its PostgreSQL database, each row once.",
        operands: "DATABASE_URL", operandCount: 1...1,
        options: [
            Option("--dry-run", nil, "say what would happen, and change nothing"),
            Option("--json", nil, "answer with one JSON object"), Option.tenant,
        ] + Option.common
    ) { invocation in
        try await withStore(invocation) { _, operations, caller in
            let isDryRun = invocation.has("--dry-run")
            let summary: MovingInSummary
            do {
                var moving = try MovingIn(
                    from: invocation.operands[0], into: operations, isDryRun: isDryRun, as: caller,
                    tell: { line in
                        Terminal.clearProgress()
                        Terminal.complain(Terminal.harmless(line.text))
                    }, progress: { Terminal.progress($0, Int64($1), of: Int64($2)) })
                try await moving.run()
                Terminal.clearProgress()
                summary = moving.summary
            } catch let error as FormerTimeTrackerError {
                throw Failure("nothing can be moved in: \(error)")
            } catch let error as SQLError {
                // The store's own failures come as the domain's; these are the other database's.
                throw Failure("Time Tracker's database cannot be read: \(error.message)")
            }
            if invocation.has("--json") {
                Terminal.print(String(decoding: summary.json(isDryRun: isDryRun), as: UTF8.self))
            } else {
                Terminal.print(
                    Terminal.table(
                        ["", isDryRun ? "WOULD BE NEW" : "NEW", "ALREADY THERE", "CORRECTED", "VANISHED", "MISFITS"],
                        summary.rows))
                Terminal.print(
                    "\(summary.editedSessions) sessions were edited and stay so; \(summary.differences) show other figures here.")
            }
            return 0
        }
    }
}

extension MovingInLine {
    /// One line for a terminal.
    fileprivate var text: String {
        switch self {
        case .misfit(let table, let id, let reason): "\(table.rawValue) \(id): \(reason)"
        case .vanished(let table, let id): "\(table.rawValue) \(id): is not there any more; it stays here"
        case .difference(let session, let employee, let date, let what, let reason):
            "session \(session.isEmpty ? "-" : session) of \(employee) on \(date): \(what) (\(reason))"
        }
    }
}

extension MovingInSummary {
    fileprivate var rows: [[String]] {
        MovingInTable.allCases.map { table in
            let counts = self[table]
            return [table.rawValue.replacing("_", with: " ")]
                + [counts.new, counts.alreadyThere, counts.corrected, counts.vanished, counts.misfits].map { String($0) }
        }
    }

    fileprivate func json(isDryRun: Bool) -> [UInt8] {
        JSONWriter.object {
            $0.member("dry_run", isDryRun)
            for table in MovingInTable.allCases where table != .cycles {
                let counts = self[table]
                $0.member(named: table.rawValue) {
                    $0.object {
                        $0.member("new", counts.new)
                        $0.member("already_there", counts.alreadyThere)
                        $0.member("corrected", counts.corrected)
                        $0.member("vanished", counts.vanished)
                        $0.member("misfits", counts.misfits)
                    }
                }
            }
            $0.member("cycles_read", cycles)
            $0.member("sessions_edited", editedSessions)
            $0.member("sessions_differing", differences)
            $0.member("misfits") { writer in
                writer.array(of: lines) { writer, line in
                    guard case .misfit(let table, let id, let reason) = line else { return }
                    writer.object {
                        $0.member("table", table.rawValue)
                        $0.member("id", id)
                        $0.member("reason", reason)
                    }
                }
            }
            $0.member("vanished") { writer in
                writer.array(of: lines) { writer, line in
                    guard case .vanished(let table, let id) = line else { return }
                    writer.object {
                        $0.member("table", table.rawValue)
                        $0.member("id", id)
                    }
                }
            }
            $0.member("differences") { writer in
                writer.array(of: lines) { writer, line in
                    guard case .difference(let session, let employee, let date, let what, let reason) = line else { return }
                    writer.object {
                        $0.member("session", session.isEmpty ? nil : session)
                        $0.member("employee", employee)
                        $0.member("date", date)
                        $0.member("what", what)
                        $0.member("reason", reason)
                    }
                }
            }
        }
    }
}
