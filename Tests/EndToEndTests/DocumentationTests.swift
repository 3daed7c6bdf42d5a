import Foundation
import TestKit
import Testing

extension `The program` {
    /// What the pages tell to type is typed here, so that no page outlives what it tells of.
    @Suite struct `The documentation` {
        /// The front page, and what lies in docs/.
        private static let pages: [String] = {
            let names = (try? FileManager.default.contentsOfDirectory(atPath: project + "/docs")) ?? []
            return ["README.md"] + names.filter { $0.hasSuffix(".md") }.sorted().map { "docs/" + $0 }
        }()

        private static let project = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3)
            .joined(separator: "/")

        /// Commands that no test can run here, each with the reason. Whatever begins with none of these is run.
        private static let notRunHere = [
            "script/server": "builds the program and serves until it is ended; a server of the test stands in its place",
            "DATABASE_URL=postgresql://user:password@host/database script/server": "the same; the address is nobody's",
            "script/test": "is what runs this test",
            "systemctl ": "needs systemd as the machine's first process",
            "systemd-sysusers ": "changes the machine's users",
            "install ": "writes to the machine's own folders",
            "cd deploy": "goes before docker compose",
            "cp env.example ": "goes before docker compose",
            "docker ": "no container engine is part of the tests",
            "kubectl ": "no cluster is part of the tests",
            "rsync ": "needs a second machine",
            "ssh ": "needs a second machine",
            "muster import timetracker ": "needs a Time Tracker to move in from; The program, Moving in from Time Tracker, has one",
            "GOOGLE_CLIENT_ID=": "builds the program and serves until it is ended; The program, Speaking AIMS, has a client id",
            "muster import roster ": "needs a teacher who has signed in; The program, Speaking AIMS, has one",
            ".build/release/muster import roster ": "the same",
            "pg_basebackup ": "needs a cluster with a role for replication",
        ]

        /// What stands for something in the pages, and what it stands for here; in this order.
        private static func inPlace(_ line: String, _ page: Page) -> String {
            let table = [
                (".build/release/muster", "muster"),
                ("sudo -u muster ", ""),
                ("/srv/backup/muster-2026-11-21T02-15-00-123Z.sqlite", page.backup),
                ("/srv/backup", page.folder + "/backup"),
                ("/srv/drill", page.folder + "/drill"),
                ("/srv/muster", page.folder),
                ("/var/lib/muster", page.folder + "/muster-data"),
                ("08c3f7dc", page.key),
                ("127.0.0.1:8000", "127.0.0.1:\(page.port)"),
                // The restore asks, and nobody is here to answer.
                ("# with the server stopped", "--yes"),
                // A smaller organisation and a smaller day, in seconds instead of minutes.
                ("muster demo  ", "muster demo --people 60 --weeks 2  "),
                ("--key-file key --speed 0", "--key-file key --speed 0 --people 150 --stations 6"),
            ]
            return table.reduce(line) { $0.replacingOccurrences(of: $1.0, with: $1.1) }
        }

        /// What a page's commands have made so far.
        private struct Page {
            let folder: String
            var port = 0
            var backup = "there is no backup yet"
            var key = "there is no key yet"
        }

        // MARK: Commands in blocks

        @Test func `has a kind for every block`() throws {
            for page in Self.pages {
                for block in try Self.blocks(of: page) {
                    #expect(["sh", "cron", "text", "ini", "json", "yaml"].contains(block.kind), "\(page): \(block.lines)")
                }
            }
        }

        @Test(arguments: pages)
        func `has commands that do what they are there for`(page name: String) async throws {
            let lines = try Self.commands(of: name).filter { line in !Self.notRunHere.keys.contains { line.hasPrefix($0) } }
            guard !lines.isEmpty else { return }
            // The doctor calls a folder in memory trouble, and is right.
            try await Place.on(.sqlite, onDisk: true) { place in
                var page = Page(folder: place.directory)
                var server = try await place.serve()
                page.port = server.ports[0].port
                try await furnish(place, server, isEmpty: lines.contains { $0.contains("muster demo") })
                for line in lines {
                    if line.firstMatch(of: /^([A-Z_]+=\S+ )?muster serve\b/) != nil {
                        try await server.stop()
                        server = try await place.serve()
                        page.port = server.ports[0].port
                        continue
                    }
                    let isAlone = line.contains("# with the server stopped")
                    if isAlone { try await server.stop() }
                    let command = Self.inPlace(line, page)
                    let ran = try await place.start(
                        ["/bin/sh", "-c", command],
                        environment: [
                            "PATH": Self.programFolder + ":" + (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"),
                            "MUSTER_LISTEN": "127.0.0.1:\(page.port)",
                        ])
                    let code = try await ran.exit(within: 120)
                    #expect(code == 0, "\(name): \(line)\n\(command)\n\(ran.output)\(ran.errors)")
                    if let key = ran.output.firstMatch(of: /muster_([0-9a-f]{8})_/) { page.key = String(key.1) }
                    if let backup = ran.output.firstMatch(of: /\S+\/backup\/muster-\S+\.sqlite/) { page.backup = String(backup.0) }
                    if isAlone {
                        server = try await place.serve()
                        page.port = server.ports[0].port
                    }
                }
                try await server.stop()
            }
        }

        /// What a reader of the page has before the first command.
        private func furnish(_ place: Place, _ server: RunningServer, isEmpty: Bool) async throws {
            try FileManager.default.createDirectory(atPath: place.directory + "/backup", withIntermediateDirectories: false)
            let log = Data(try source("Data/terminal-log-2015.dat"))
            #expect(FileManager.default.createFile(atPath: place.directory + "/1_attlog.dat", contents: log))
            let key = try await place.muster("key", "create", "--label", "any", "--roles", "upload,dashboard")
            #expect(key.code == 0)
            try key.output.write(toFile: place.directory + "/key", atomically: true, encoding: .utf8)
            guard !isEmpty else { return }
            #expect(try await server.client.upload((0..<3).map { Scan(key: "k\($0)", badge: "b\($0)") }).saved == 3)
        }

        @Test func `gives a reason for nothing that no page tells to run`() throws {
            let commands = try Self.pages.flatMap(Self.commands)
            #expect(commands.count { $0.contains("muster ") } > 35)
            for prefix in Self.notRunHere.keys {
                #expect(commands.contains { $0.hasPrefix(prefix) }, "\(prefix)")
            }
        }

        private static let programFolder = Place.program.split(separator: "/", omittingEmptySubsequences: false).dropLast()
            .joined(separator: "/")

        private struct Block {
            let kind: String
            var lines: [String] = []
        }

        private static func text(_ path: String) throws -> String {
            String(decoding: try source("../../" + path), as: UTF8.self)
        }

        private static func blocks(of page: String) throws -> [Block] {
            var blocks: [Block] = []
            var isInside = false
            for line in try text(page).split(separator: "\n", omittingEmptySubsequences: false) {
                let bare = line.drop { $0 == " " }
                if bare.hasPrefix("```") {
                    isInside.toggle()
                    if isInside { blocks.append(Block(kind: String(bare.dropFirst(3)))) }
                } else if isInside {
                    blocks[blocks.count - 1].lines.append(String(bare))
                }
            }
            try #require(!isInside, "\(page)")
            return blocks
        }

        /// The commands of a page's shell and cron blocks; one that goes on over several lines is one command.
        private static func commands(of page: String) throws -> [String] {
            var commands: [String] = []
            for block in try blocks(of: page) where ["sh", "cron"].contains(block.kind) {
                var isHereDocument = false
                for line in block.lines where !line.isEmpty && !line.hasPrefix("#") {
                    if isHereDocument {
                        commands[commands.count - 1] += "\n" + line
                        isHereDocument = line != "END"
                    } else if block.kind == "sh" {
                        commands.append(line)
                        isHereDocument = line.hasSuffix("<<'END'")
                    } else if let entry = line.firstMatch(of: /^([\d*\/,-]+ +){5}\w+ +(.+)$/) {
                        // Five fields of time and a user; settings of cron itself are no commands.
                        commands.append(String(entry.2))
                    }
                }
            }
            return commands
        }

        // MARK: Commands in sentences, the table, the man page

        @Test func `names only commands and options that there are`() async throws {
            try await Place.on(.sqlite) { place in
                let commands = try await Self.commandsOfTheProgram(place)
                var help: [String: String] = [:]
                var count = 0
                for page in Self.pages {
                    for span in try Self.text(page).matches(of: /`(?:\.build\/release\/)?muster ([a-z][^`]*)`/) {
                        // What the first entry's hash covers, and no command.
                        if span.1 == "ledger 1" { continue }
                        let words = span.1.split { $0 == " " || $0 == "\n" }.map(String.init)
                        // `migrate` by itself is short for its first; others of two words may be named by their first.
                        let command = commands.filter { words.starts(with: $0.split(separator: " ").map(String.init)) }
                            .max { $0.count < $1.count }
                        let group = words.first.flatMap { word in commands.first { $0.hasPrefix(word + " ") } }
                        let known = try #require(command ?? (words.count == 1 ? group : nil), "\(page): muster \(span.1)")
                        if help[known] == nil {
                            help[known] = try await place.muster(known.split(separator: " ").map(String.init) + ["--help"]).output
                        }
                        let options = span.1.matches(of: /--[a-z-]+/).map { String($0.0) }
                        for option in options where option != "--help" {
                            #expect(help[known]?.contains("  \(option) ") == true, "\(page): muster \(span.1)")
                        }
                        count += 1
                    }
                }
                #expect(count > 50)
            }
        }

        @Test func `lists every command on the front page and in the manual, and no other`() async throws {
            try await Place.on(.sqlite) { place in
                let commands = try await Self.commandsOfTheProgram(place)
                #expect(try Self.commandsOfTheTable() == commands)
                let manual = try Self.text("deploy/muster.1")
                let entries = manual.matches(of: /\n\.It Cm muster ([a-z][a-z-]*(?: [a-z]+)?)(?: Ar [a-z]+| Op Ar [a-z]+)?(?=\n)/)
                #expect(Set(entries.map { String($0.1) }) == commands && entries.count == commands.count)
                #expect(manual.matches(of: /\n\.It Cm muster/).count == commands.count)

                var help = ""
                for command in commands {
                    help += try await place.muster(command.split(separator: " ").map(String.init) + ["--help"]).output
                }
                let options = Set(manual.matches(of: /\bFl -([a-z][a-z-]+)/).map { String($0.1) })
                #expect(options.count > 20)
                for option in options where option != "version" { #expect(help.contains("  --\(option) "), "\(option)") }
            }
        }

        private static func commandsOfTheProgram(_ place: Place) async throws -> Set<String> {
            let overview = try await place.muster("--help").output
            let commands = overview.matches(of: /\n  muster ([a-z][a-z-]*(?: [a-z]+)?)[ ]{2}/).map { String($0.1) }
            try #require(commands.count > 20)
            return Set(commands)
        }

        /// A row is about one command or more: "`muster key create`, `list`" is `key create` and `key list`.
        private static func commandsOfTheTable() throws -> Set<String> {
            var commands: Set<String> = []
            for row in try text("README.md").matches(of: /\n\| (`muster [^|]+) \|/) {
                let spans = row.1.matches(of: /`([^`]+)`/).map { span in
                    span.1.split(separator: " ").filter { word in
                        word.first != "-" && word.allSatisfy { $0.isLowercase || $0 == "-" } && word != "muster"
                    }.map(String.init)
                }
                let first = try #require(spans.first)
                commands.insert(first.joined(separator: " "))
                for other in spans.dropFirst() {
                    commands.insert((other.first == first.first ? other : first.dropLast() + other).joined(separator: " "))
                }
            }
            return commands
        }

        @Test(.enabled(if: tool("mandoc") != nil || isPromised, "mandoc is not installed"))
        func `has a manual that a reader of manuals takes`() async throws {
            let mandoc = try #require(tool("mandoc"))
            try await Place.on(.sqlite) { place in
                let checked = try await place.start([mandoc, "-T", "lint", "-W", "warning", Self.project + "/deploy/muster.1"])
                let code = try await checked.exit(within: 20)
                #expect(code == 0, "\(checked.output)\(checked.errors)")
            }
        }

        // MARK: Links

        @Test func `links to pages and headings that there are`() throws {
            var count = 0
            for page in Self.pages + ["ARCHITECTURE.md"] {
                let folder = page.hasPrefix("docs/") ? "docs/" : ""
                for link in try Self.text(page).matches(of: /\]\(([^):#]*)(?:#([^)]*))?\)/) {
                    let path = link.1.isEmpty ? page : folder + link.1
                    #expect(FileManager.default.fileExists(atPath: "\(Self.project)/\(path)"), "\(page): \(path)")
                    if let heading = link.2 {
                        #expect(try Self.headings(of: path).contains(String(heading)), "\(page): \(heading)")
                    }
                    count += 1
                }
            }
            #expect(count > 50)
        }

        /// As addresses have them: small letters, blanks as hyphens, and no other signs.
        private static func headings(of page: String) throws -> Set<String> {
            let lines = try text(page).split(separator: "\n").filter { $0.hasPrefix("#") }
            return Set(
                lines.map { line in
                    let words = line.drop { $0 == "#" || $0 == " " }.lowercased()
                    return words.filter { $0.isLetter || $0.isNumber || " -_".contains($0) }.replacingOccurrences(
                        of: " ", with: "-")
                })
        }
    }
}
