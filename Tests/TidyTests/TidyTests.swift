import Foundation
import Testing

@Suite struct `The source tree` {
    let tree: SourceTree

    init() throws { tree = try SourceTree() }

    // MARK: Who may know what

    @Test func `writes SQL in the storage and its engines only`() {
        let statement =
            /\bSELECT\b.+\bFROM\b|\bINSERT INTO\b|\bUPDATE\b.+\bSET\b|\bDELETE FROM\b|\b(CREATE|DROP|ALTER) (TABLE|INDEX)\b/
        for file in tree.swift where !["SQLStorage", "SQLiteEngine", "PostgresEngine", "FormerTimeTracker"].contains(file.module) {
            for literal in file.literals {
                #expect(literal.firstMatch(of: statement) == nil, "\(file.path): \(literal.prefix(80))")
            }
        }
    }

    @Test(arguments: [
        ("CSQLite", "SQLiteEngine"), ("CPostgres", "PostgresEngine"), ("CHTTP", "HTTPServer"), ("CSimdJSON", "StrictJSON"),
        ("COpenSSL", "Digests"), ("CCurl", "HTTPClient"), ("CJOSE", "Tokens"), ("CSodium", "Tokens"), ("CCrypt", "Tokens"),
        ("CXLSXWriter", "Spreadsheets"), ("CTrackAttendancePage", "DialectTrackAttendance"),
        ("CReferencePages", "Assembly"),
    ])
    func `imports each C library in its one module`(library: String, module: String) {
        let importers = Set(tree.swift.filter { $0.imports.contains(library) }.map(\.module))
        #expect(importers == [module])
    }

    @Test func `has a rule for every C library`() {
        let libraries = Set(tree.files.map(\.module)).filter { $0.wholeMatch(of: /C[A-Z].*/) != nil }
        #expect(
            libraries == [
                "CSQLite", "CPostgres", "CHTTP", "CSimdJSON", "COpenSSL", "CCurl", "CJOSE", "CSodium", "CCrypt", "CXLSXWriter",
                "CReferencePages", "CTrackAttendancePage",
            ])
    }

    /// Which siblings a module may import. A new module needs a line here, and with it a thought.
    static let permitted: [String: Set<String>] = [
        "AttendanceCore": [],
        "SQLStorage": ["AttendanceCore"],
        "SQLiteEngine": ["SQLStorage"],
        "PostgresEngine": ["SQLStorage"],
        "HTTPMessages": [],
        "HTTPServer": ["HTTPMessages"],
        "StrictJSON": [],
        "Digests": [],
        "Tokens": ["AttendanceCore", "Digests", "StrictJSON"],
        "SetupPage": ["AttendanceCore", "DialectKit", "HTTPMessages"],
        "DialectKit": ["AttendanceCore", "HTTPMessages", "StrictJSON"],
        "DialectTimeTracker": ["AttendanceCore", "DialectKit", "HTTPMessages", "Spreadsheets", "StrictJSON"],
        "DialectTrackAttendance": ["AttendanceCore", "DialectKit", "HTTPMessages", "StrictJSON"],
        "Spreadsheets": [],
        "DialectAIMS": ["AttendanceCore", "DialectKit", "HTTPMessages", "StrictJSON"],
        "DialectMuster": ["AttendanceCore", "DialectKit", "HTTPMessages", "StrictJSON"],
        "DataFiles": ["AttendanceCore", "DialectKit", "StrictJSON"],
        "HTTPClient": ["HTTPMessages"],
        // SQL on the tables of another system, which it reads.
        "FormerTimeTracker": ["AttendanceCore", "SQLStorage", "PostgresEngine"],
        "DemoData": ["AttendanceCore"],
        "DaySimulation": ["AttendanceCore", "DemoData", "HTTPClient", "HTTPMessages", "StrictJSON"],
        "Assembly": [
            "AttendanceCore", "SQLStorage", "SQLiteEngine", "PostgresEngine", "HTTPMessages", "HTTPServer", "StrictJSON",
            "Digests", "DialectAIMS", "DialectKit", "DialectTimeTracker", "DialectTrackAttendance", "DialectMuster", "DataFiles",
            "HTTPClient",
            "DemoData", "DaySimulation", "FormerTimeTracker", "SetupPage", "Spreadsheets", "Tokens",
        ],
        "muster": ["Assembly"],
    ]

    @Test func `lets each module see its own side only`() {
        let modules = Set(tree.swift.map(\.module))
        #expect(modules == Set(Self.permitted.keys))
        for file in tree.swift {
            let seen = file.imports.intersection(modules)
            #expect(seen.subtracting(Self.permitted[file.module] ?? []) == [], "\(file.path)")
        }
    }

    @Test func `loads no large library for a small convenience`() {
        // Foundation itself loads ICU: 40 MB and a tenth of a second before the first line.
        for file in tree.swift { #expect(!file.imports.contains("Foundation"), "\(file.path)") }
    }

    // MARK: Danger

    @Test(arguments: ["@unchecked Sendable", "nonisolated(unsafe)", "try!"])
    func `says beside each dangerous word why it is safe`(word: String) {
        for file in tree.swift {
            let lines = file.lines
            for (number, line) in lines.enumerated() where line.contains(word) {
                let code = line.firstRange(of: "//").map { line[..<$0.lowerBound] } ?? line
                guard code.contains(word) else { continue }
                let isExplained = line.contains("//") || number > 0 && lines[number - 1].contains("//")
                #expect(isExplained, "\(file.path), line \(number + 1)")
            }
        }
    }

    @Test func `reads the clock in few places`() {
        let readings = [
            "Date()", "Date.now", "clock_gettime", "gettimeofday", "ContinuousClock", "SuspendingClock", "DispatchTime.now",
            "DispatchWallTime.now", "time(nil)",
        ]
        // The world's clock; deadlines of connections; deadlines of statements, an argument that tests replace.
        let places = [
            "Sources/Assembly/Ambient+Live.swift", "Sources/HTTPServer/Connection.swift",
            "Sources/PostgresEngine/PostgresEngine.swift",
        ]
        for file in tree.swift {
            let found = readings.flatMap { reading in file.lines.filter { $0.contains(reading) } }
            #expect(found.count <= (places.contains(file.path) ? 1 : 0), "\(file.path): \(found)")
        }
    }

    @Test func `says of every public type what it means`() {
        let declaration = /^\s*public (?:final |indirect )?(?:struct|enum|class|actor|protocol) \w/
        for file in tree.swift {
            let lines = file.lines
            for (number, line) in lines.enumerated() where line.firstMatch(of: declaration) != nil {
                // Between the sentence and the type only attributes may stand.
                let above = lines[..<number].last { !$0.drop(while: \.isWhitespace).hasPrefix("@") } ?? ""
                #expect(above.contains("///"), "\(file.path), line \(number + 1)")
            }
        }
    }

    // MARK: Tenants

    /// Tables whose rows belong to nobody in particular, or are found before it is known to whom they belong.
    static let withoutTenant: [String: String] = [
        "tenant": "is the list of tenants",
        "secret": "belongs to the installation",
        "account": "a sign-in comes before its tenant is known, and one account may be granted something in several",
        "provider_binding": "belongs to an account",
        "ended_token": "is found by 16 random bytes of a token, whoever it was made for",
        "sign_in_attempt": "counts attempts by addresses and by e-mails that may be nobody's",
        "setup_link": "is for an installation without anybody",
        "schema_migration": "belongs to the schema",
        "schema_history": "belongs to the schema",
    ]

    /// Statements that may name no tenant, each with its reason.
    static let exceptions: [(start: String, reason: String)] = [
        (#"SELECT \(Self.columns) FROM access_key WHERE key_id = "#, "a credential says whose it is before its tenant is known"),
        ("SELECT COUNT(*) FROM account_grant WHERE account_id = ", "an account can be granted something in several tenants"),
        ("SELECT grant_id FROM account_grant LIMIT 1", "the set-up is for an installation that nobody was let into"),
    ]

    @Test func `names the tenant in every statement on a table of tenants`() {
        let migrations = tree.swift.filter { $0.path.hasPrefix("Sources/SQLStorage/Migrations/M0") }
        var tenanted: Set<String> = []
        var others: Set<String> = []
        for file in migrations {
            for table in file.literals.flatMap({ $0.matches(of: /CREATE TABLE (\w+) \((.*?)(?=CREATE TABLE|$)/) }) {
                if table.2.contains("tenant_id") { tenanted.insert(String(table.1)) } else { others.insert(String(table.1)) }
            }
        }
        #expect(tenanted.isSuperset(of: ["ledger_entry", "client_reference", "access_key"]))
        #expect(others.subtracting(Self.withoutTenant.keys) == [], "a table without tenants needs a reason")
        tenanted.subtract(Self.withoutTenant.keys)

        var seen = 0
        var excused = 0
        for file in tree.swift where file.path.hasPrefix("Sources/SQLStorage/") && !file.path.contains("/Migrations/") {
            for statement in file.literals {
                let tables = statement.matches(of: /\b(?:FROM|JOIN|INTO|UPDATE) (\w+)/).map { String($0.1) }
                guard tables.contains(where: tenanted.contains) else { continue }
                seen += 1
                if Self.exceptions.contains(where: { statement.hasPrefix($0.start) }) {
                    excused += 1
                    continue
                }
                // An INSERT of all columns names it through their list.
                let isNamed =
                    statement.contains("tenant_id") || statement.contains(#"\(Self.columns)"#) && statement.hasPrefix("INSERT")
                #expect(isNamed, "\(file.path): \(statement.prefix(160))")
            }
        }
        #expect(seen > 30, "the statements are still found")
        #expect(excused == Self.exceptions.count, "an exception nobody needs any more")
    }

    @Test func `gives every bulk statement a tenant`() throws {
        let bulk = /BulkInsert\(\s*into: "(\w+)",\s*\[\s*BulkColumn\("(\w+)"/
        var tables: Set<String> = []
        for file in tree.swift where file.path.hasPrefix("Sources/SQLStorage/Tables/") {
            for match in file.text.matches(of: bulk) {
                tables.insert(String(match.1))
                #expect(match.2 == "tenant_id", "\(file.path): \(match.1)")
            }
            #expect(file.text.matches(of: /BulkInsert\(\s*into:/).count == file.text.matches(of: bulk).count, "\(file.path)")
        }
        #expect(tables.isSuperset(of: ["claim_term", "station_counter"]))
    }

    // MARK: The repository

    @Test func `holds no file without content, and none that ends without a line's end`() {
        for file in tree.files {
            #expect(file.text.contains { !$0.isWhitespace }, "\(file.path)")
            #expect(file.text.hasSuffix("\n"), "\(file.path)")
        }
    }

    @Test func `has what its front page tells to run`() throws {
        let commands = try tree.text("README.md").matches(of: /\bscript\/[a-z\/]+/).map { String($0.0) }
        #expect(commands.contains("script/server") && commands.contains("script/test"))
        for command in Set(commands) {
            #expect(FileManager.default.isExecutableFile(atPath: "\(tree.root)/\(command)"), "\(command)")
        }
        let linked = try tree.text("README.md").matches(of: /\]\(([A-Za-z][A-Za-z\/._-]*)\)/).map { String($0.1) }
        for file in linked { #expect(FileManager.default.fileExists(atPath: "\(tree.root)/\(file)"), "\(file)") }
    }

    /// Whoever asks how something is used has not asked for an hour of work.
    @Test(arguments: ["benchmark", "crash"])
    func `answers for help before it builds anything`(script: String) throws {
        let text = try tree.text("script/\(script)")
        let code = text.split(separator: "\n").filter { !$0.hasPrefix("#") }.joined(separator: "\n")
        let answer = try #require(code.firstRange(of: "--help"))
        let work = try #require(code.firstRange(of: "/script/bootstrap\""))
        #expect(answer.lowerBound < work.lowerBound)
    }

    @Test func `tells of the present version in its change log`() throws {
        let version = try #require(tree.text("Sources/Assembly/Version.swift").firstMatch(of: /"(\d+\.\d+\.\d+)"/)).1
        #expect(try tree.text("CHANGELOG.md").contains(version))
    }

    @Test func `reads text literals as the compiler does`() {
        let file = SourceTree.File(
            path: "Sources/X/Y.swift",
            text: #"""
                // "no"
                let a = "one \(f("x")) \"two\""
                let b = """
                    SELECT 1
                    FROM t "quoted"
                    """
                """#)
        #expect(file.literals == [#"one \(f("x")) \"two\""#, #"SELECT 1 FROM t "quoted""#])
    }
}
