import HTTPMessages
import SQLStorage
import TestKit
import Testing

extension `The program` {
    @Suite struct `Punches that come at once` {
        /// Half of them go to a second server, where there is one: it knows nothing of the first but what is stored.
        @Test(arguments: StoreKind.underTest, [1, 2])
        func `are one for each employee, and the others are refused`(on kind: StoreKind, servers count: Int) async throws {
            try await Place.on(kind) { place in
                var servers: [RunningServer] = []
                for _ in 0..<count { servers.append(try await place.serve()) }
                let made = try await place.muster(
                    "admin", "create", "--email", "chief@example.test", "--password", "Correct-Horse-42")
                #expect(made.code == 0, "\(made.errors)")
                let signIn = try await servers[0].anonymous.ask(
                    .post, "/api/auth/login/", #"{"email":"chief@example.test","password":"Correct-Horse-42"}"#)
                let admin = servers[0].anonymous.with(key: try #require(try Plain(signIn.body)["access"]?.text))
                for round in 1...8 {
                    let employee = try await admin.employ("P-\(round)")
                    // The clocks of those who click at once differ, and not in the order in which their requests come.
                    let first = try await punches("punch_in", of: employee, minute: "00", at: servers)
                    #expect(
                        first.refused == Array(repeating: #"{"error":"Cannot punch in: the employee is working."}"#, count: 5),
                        "round \(round)")
                    let last = try await punches("punch_out", of: employee, minute: "30", at: servers)
                    #expect(
                        last.refused
                            == Array(repeating: #"{"error":"Cannot punch out: the employee has punched out."}"#, count: 5),
                        "round \(round)")
                    for server in servers {
                        let entries = try await server.anonymous.json("/api/timetracking/entries/?employee_id=\(employee)")
                        #expect(entries.items?.map { $0["id"]?.text } == [last.taken, first.taken], "round \(round)")
                        let sessions = try await server.anonymous.json("/api/timetracking/sessions/?employee_id=\(employee)")
                        #expect(sessions.items?.count == 1 && sessions.items?[0]["punch_cycles"]?.items?.count == 1)
                        #expect(sessions.items?[0]["status"]?.text == "complete")
                    }
                }
                let entries = try await place.withConnection { connection in
                    // 5 is the kind of a punch.
                    try connection.run("SELECT COUNT(*) FROM ledger_entry WHERE kind = 5")[0].integer(0)
                }
                #expect(entries == 16)
                try await expectSound(place, servers[0])
                for server in servers { try await server.stop() }
            }
        }

        /// Sends six at once, to each server in turn, and gives the identity of the one that was taken and what the others
        /// were told.
        private func punches(
            _ type: String, of employee: String, minute: String, at servers: [RunningServer]
        ) async throws -> (taken: String?, refused: [String]) {
            let answers = try await withThrowingTaskGroup(of: GoldenAnswer.self) { group in
                for number in 0..<6 {
                    let client = servers[number % servers.count].anonymous
                    group.addTask {
                        try await client.ask(
                            .post, "/api/timetracking/punch/",
                            #"{"employee_id":"\#(employee)","type":"\#(type)","timestamp":"2025-07-07T14:\#(minute):0\#(number)Z"}"#
                        )
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(answers.count { $0.status == 201 } == 1, "\(answers.map(\.text))")
            #expect(answers.count { $0.status == 400 } == 5)
            let taken = try answers.first { $0.status == 201 }.map { try Plain($0.body)["data"]?["id"]?.text }
            return (taken ?? nil, answers.filter { $0.status != 201 }.map(\.text))
        }
    }
}

extension HTTPClient {
    /// Opens an employee and gives the identity that punches name.
    fileprivate func employ(_ code: String) async throws -> String {
        let made = try await ask(
            .post, "/api/employees/",
            #"{"name":"Name","employee_id":"\#(code)","email":"\#(code)@corp.example","department":"D","position":"P"}"#)
        try #require(made.status == 201, "\(made.text)")
        return try #require(try Plain(made.body)["id"]?.text)
    }
}
