import Foundation
import HTTPMessages
import TestKit
import Testing

extension `The program` {
    @Suite struct `Being deployed` {
        /// What each file says is checked there; what cannot be installed here is named as skipped.
        @Test func `finds every file in deploy as its owner wants it`() async throws {
            try await Place.on(.sqlite) { place in
                let project = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3)
                let checked = try await place.start([project.joined(separator: "/") + "/script/check-deploy"])
                let code = try await checked.exit(within: 420)
                #expect(code == 0, "\(checked.output)\(checked.errors)")
                #expect(checked.output.contains("ok       "))
            }
        }

        /// The unit permits few of the system's calls; one that is missing there would end in EPERM on somebody's machine.
        @Test(
            .enabled(
                if: tool("strace") != nil && tool("systemd-analyze") != nil || isPromised,
                "strace or systemd-analyze is not installed"))
        func `makes no system call that its unit refuses and that it cannot do without`() async throws {
            let strace = try #require(tool("strace"))
            let analyze = try #require(tool("systemd-analyze"))
            for kind in StoreKind.underTest {
                try await Place.on(kind) { place in
                    func members(of set: String) async throws -> Set<String> {
                        let listed = try await place.start([analyze, "syscall-filter", set])
                        try #require(try await listed.exit(within: 20) == 0, "\(listed.errors)")
                        var found: Set<String> = []
                        for line in listed.output.split(separator: "\n").dropFirst().map({ $0.drop { $0 == " " } }) {
                            if line.hasPrefix("@") {
                                found.formUnion(try await members(of: String(line)))
                            } else if !line.hasPrefix("#") {
                                found.insert(String(line))
                            }
                        }
                        return found
                    }
                    let unit = String(decoding: try source("../../deploy/muster.service"), as: UTF8.self)
                    let rules = unit.matches(of: /(?m)^SystemCallFilter=(~?)(.+)$/)
                    try #require(rules.count == 2)
                    var permitted: Set<String> = []
                    for rule in rules {
                        for set in rule.2.split(separator: " ") {
                            let names = try await members(of: String(set))
                            permitted = rule.1.isEmpty ? permitted.union(names) : permitted.subtracting(names)
                        }
                    }
                    // Permitted whatever the filter says, by systemd.exec(5).
                    permitted.formUnion(try await members(of: "@default"))
                    try #require(permitted.count > 200)

                    let trace = place.directory + "/trace"
                    // Raising the limit of open files; libdispatch's niceness of threads; SQLite as root giving its log to
                    // the database's owner. Here they end as they would in the unit.
                    let dispensable = ["setrlimit", "setpriority", "fchown"]
                    let refusal = "inject=\(dispensable.joined(separator: ",")):error=EPERM"
                    // With -D the program has the process id that is signalled, and strace watches from outside.
                    let server = try await place.serve(through: [strace, "-D", "-f", "-q", "-e", refusal, "-o", trace])
                    for batch in 0..<3 {
                        let scans = (0..<200).map { Scan(key: "\(batch)-\($0)", badge: "\($0)") }
                        #expect(try await server.client.upload(scans).saved == 200)
                    }
                    #expect(try await server.client.exportedBadges().count == 600)
                    #expect(try await server.anonymous.ask(.get, "/dashboard/").status == 200)
                    let cleared = try await server.client.ask(
                        .delete, "/v1/admin/clear-scans", headers: ["X-Confirm-Delete": "DELETE ALL SCANS"])
                    #expect(cleared.status == 200)
                    server.process.signal(SIGTERM)
                    #expect(try await server.process.exit(within: 20) == 0)
                    let text = try await wait(for: "strace to have written all") {
                        let text = String(decoding: FileManager.default.contents(atPath: trace) ?? Data(), as: UTF8.self)
                        // strace fills short process ids up with blanks.
                        let id = "\(server.process.id)"
                        let isComplete = text.split(separator: "\n").contains {
                            $0.split(separator: " ").starts(with: [id, "+++", "exited", "with", "0", "+++"].map { Substring($0) })
                        }
                        return isComplete ? text : nil
                    }
                    // "1234  openat(…", and not the ends of what was interrupted, signals, exits.
                    let made = Set(
                        text.split(separator: "\n").compactMap { line in
                            line.firstMatch(of: /^\d+ +([a-z_0-9]+)\(/).map { String($0.1) }
                        })
                    try #require(made.contains("fdatasync") || kind == .postgres)
                    #expect(made.subtracting(permitted).subtracting(dispensable) == [])
                }
            }
        }

        @Test(arguments: StoreKind.underTest)
        func `tells a container engine whether it is ready`(on kind: StoreKind) async throws {
            try await Place.on(kind) { place in
                let server = try await place.serve()
                let port = server.ports[0].port
                // As the image has it: where it listens stands in the environment.
                let listen = ["MUSTER_LISTEN": "0.0.0.0:\(port)"]
                let ready = try await place.muster("probe", environment: listen)
                #expect(ready.code == 0 && ready.output == "/readyz 200\n", "\(ready)")
                #expect(try await place.muster("probe", "--path", "/v1/nowhere", environment: listen).code == 1)
                try await server.stop()
                let gone = try await place.muster("probe", "--url", "http://127.0.0.1:\(port)")
                #expect(gone.code == 1 && gone.errors.contains("/readyz: couldn't connect to server"), "\(gone)")
                #expect(try await place.muster("probe", "--url", "ftp://127.0.0.1").code == 2)
            }
        }
    }
}
