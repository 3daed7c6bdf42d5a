// swift-tools-version: 6.2
import PackageDescription

/// What every Swift target is built with. Cost, dependency and danger are then spelled where they occur.
let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
]

func module(_ name: String, uses dependencies: [Target.Dependency] = [], linking libraries: [String] = []) -> Target {
    .target(
        name: name, dependencies: dependencies, swiftSettings: strict,
        linkerSettings: libraries.map { .linkedLibrary($0) })
}

func tests(_ name: String, uses dependencies: [Target.Dependency], resources: [Resource] = []) -> Target {
    .testTarget(name: name, dependencies: dependencies, resources: resources, swiftSettings: strict)
}

let package = Package(
    name: "muster",
    products: [
        .executable(name: "muster", targets: ["muster"]),
        // For the package in Fuzzing/ alone: what takes apart bytes that anybody may have sent.
        .library(
            name: "MusterModules",
            targets: [
                "StrictJSON", "HTTPMessages", "HTTPServer", "DialectKit", "DialectTrackAttendance", "DataFiles", "AttendanceCore",
            ]),
    ],
    targets: [
        // C libraries, one target each, each imported by exactly one Swift module.
        .systemLibrary(name: "CSQLite", providers: [.apt(["libsqlite3-dev"])]),
        .systemLibrary(name: "CPostgres", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "CJOSE", pkgConfig: "cjose", providers: [.apt(["libcjose-dev", "libjansson-dev"])]),
        .systemLibrary(name: "CSodium", pkgConfig: "libsodium", providers: [.apt(["libsodium-dev"])]),
        .systemLibrary(name: "CCrypt", pkgConfig: "libxcrypt", providers: [.apt(["libcrypt-dev"])]),
        .systemLibrary(name: "CXLSXWriter", providers: [.apt(["libxlsxwriter-dev"])]),
        .target(name: "CHTTP", linkerSettings: [.linkedLibrary("microhttpd")]),
        .target(name: "CSimdJSON", cxxSettings: [.unsafeFlags(["-O2"])], linkerSettings: [.linkedLibrary("simdjson")]),
        .target(name: "CReferencePages"),
        .target(name: "CTrackAttendancePage", exclude: ["dashboard.html", "dashboard.css", "dashboard.js"]),

        // The core, and what stores it.
        module("AttendanceCore"),
        module("SQLStorage", uses: ["AttendanceCore"]),
        module("SQLiteEngine", uses: ["SQLStorage", "CSQLite"]),
        module("PostgresEngine", uses: ["SQLStorage", "CPostgres"]),

        // The wire.
        module("HTTPMessages"),
        module("HTTPServer", uses: ["HTTPMessages", "CHTTP"]),
        module("HTTPClient", uses: ["HTTPMessages", "CCurl"]),
        module("StrictJSON", uses: ["CSimdJSON"]),
        module("Digests", uses: ["COpenSSL"]),
        module("Tokens", uses: ["AttendanceCore", "Digests", "StrictJSON", "CJOSE", "CSodium", "CCrypt"]),
        module("DialectKit", uses: ["AttendanceCore", "HTTPMessages", "StrictJSON"]),
        module(
            "DialectTrackAttendance",
            uses: ["AttendanceCore", "DialectKit", "HTTPMessages", "StrictJSON", "CTrackAttendancePage"]),
        module(
            "DialectTimeTracker", uses: ["AttendanceCore", "DialectKit", "HTTPMessages", "Spreadsheets", "StrictJSON"]),

        module("DialectAIMS", uses: ["AttendanceCore", "DialectKit", "HTTPMessages", "StrictJSON"]),
        module("DialectMuster", uses: ["AttendanceCore", "DialectKit", "HTTPMessages", "StrictJSON"]),
        module("SetupPage", uses: ["AttendanceCore", "DialectKit", "HTTPMessages"]),

        // Files that come from other systems, or go to them.
        module("Spreadsheets", uses: ["CXLSXWriter"]),
        module("DataFiles", uses: ["AttendanceCore", "DialectKit", "StrictJSON"]),
        // What another system's database holds, and moving in from it.
        module("FormerTimeTracker", uses: ["AttendanceCore", "SQLStorage", "PostgresEngine"]),
        // An organisation that does not exist, and a day of it played against a server.
        module("DemoData", uses: ["AttendanceCore"]),
        module("DaySimulation", uses: ["AttendanceCore", "DemoData", "HTTPClient", "HTTPMessages", "StrictJSON"]),

        // The whole.
        module(
            "Assembly",
            uses: [
                "AttendanceCore", "CReferencePages", "SQLStorage", "SQLiteEngine", "PostgresEngine", "HTTPMessages", "HTTPServer",
                "StrictJSON", "Digests", "DialectAIMS", "DialectKit", "DialectTimeTracker", "DialectTrackAttendance",
                "DialectMuster",
                "DataFiles", "HTTPClient", "DemoData", "DaySimulation", "FormerTimeTracker", "SetupPage", "Spreadsheets", "Tokens",
            ]),
        .executableTarget(name: "muster", dependencies: ["Assembly"], swiftSettings: strict),

        // The tests: one folder per module, and what they share.
        .target(
            name: "TestKit",
            dependencies: [
                "AttendanceCore", "DialectKit", "SQLStorage", "SQLiteEngine", "PostgresEngine", "Digests", "Tokens", "HTTPMessages",
                "StrictJSON", "COpenSSL",
            ],
            path: "Tests/TestKit", swiftSettings: strict),
        tests("AttendanceCoreTests", uses: ["AttendanceCore", "TestKit"]),
        tests("SQLStorageTests", uses: ["AttendanceCore", "SQLStorage", "TestKit"]),
        tests("SimulationTests", uses: ["AttendanceCore", "SQLStorage", "SQLiteEngine", "TestKit"]),
        tests("EngineTests", uses: ["SQLStorage", "SQLiteEngine", "PostgresEngine"]),
        tests("HTTPMessagesTests", uses: ["HTTPMessages"]),
        tests("HTTPServerTests", uses: ["HTTPMessages", "HTTPServer"]),
        tests("HTTPClientTests", uses: ["HTTPClient", "HTTPMessages", "HTTPServer"]),
        tests("DemoDataTests", uses: ["AttendanceCore", "DemoData"]),
        tests("DaySimulationTests", uses: ["AttendanceCore", "DaySimulation", "DemoData", "TestKit"]),
        tests("StrictJSONTests", uses: ["StrictJSON"]),
        tests("DigestsTests", uses: ["Digests"]),
        tests("TokensTests", uses: ["AttendanceCore", "Digests", "StrictJSON", "TestKit", "Tokens"]),
        tests("SpreadsheetsTests", uses: ["Spreadsheets"]),
        tests("DialectKitTests", uses: ["DialectKit", "HTTPMessages", "StrictJSON"]),
        tests(
            "DialectTrackAttendanceTests",
            uses: [
                "AttendanceCore", "DialectKit", "DialectTrackAttendance", "Digests", "HTTPMessages", "SQLStorage", "SQLiteEngine",
                "StrictJSON", "TestKit",
            ], resources: [.copy("Golden")]),
        tests("SetupPageTests", uses: ["AttendanceCore", "DialectKit", "HTTPMessages", "SetupPage", "SQLStorage", "TestKit"]),
        tests(
            "DialectTimeTrackerTests",
            uses: [
                "AttendanceCore", "DialectKit", "DialectTimeTracker", "HTTPMessages", "SQLStorage", "SQLiteEngine", "Spreadsheets",
                "StrictJSON", "TestKit",
            ], resources: [.copy("Golden")]),
        tests(
            "DialectAIMSTests",
            uses: [
                "AttendanceCore", "DialectAIMS", "DialectKit", "Digests", "HTTPMessages", "SQLStorage", "SQLiteEngine",
                "StrictJSON",
                "TestKit", "Tokens",
            ], resources: [.copy("Golden")]),
        tests(
            "DataFilesTests", uses: ["AttendanceCore", "DataFiles", "StrictJSON", "TestKit"], resources: [.copy("Logs")]),
        tests("FormerTimeTrackerTests", uses: ["AttendanceCore", "FormerTimeTracker"]),
        tests(
            "AssemblyTests",
            uses: [
                "Assembly", "AttendanceCore", "DialectKit", "DialectMuster", "HTTPMessages", "HTTPServer", "SetupPage",
                "SQLStorage", "TestKit", "Tokens",
            ]),
        tests(
            "EndToEndTests",
            uses: [
                "muster", "AttendanceCore", "SQLStorage", "SQLiteEngine", "PostgresEngine", "HTTPMessages", "HTTPServer", "TestKit",
            ],
            resources: [.copy("Data")]),
        tests("TidyTests", uses: []),
    ],
    swiftLanguageModes: [.v6],
    cLanguageStandard: .gnu17,
    cxxLanguageStandard: .cxx17
)
