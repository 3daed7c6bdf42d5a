import Foundation
import TestKit
import Testing

/// The built program as a process of its own, seen only through its socket, its terminal, its files and its signals.
///
/// One test after another: each uses the machine's cores alone, so that what is measured in time means something.
@Suite(.serialized) struct `The program` {
    /// Where a server for the tests was promised, leaving PostgreSQL out would go unnoticed.
    @Test(.enabled(if: StoreKind.postgresURL != nil || isPromised, "MUSTER_TEST_POSTGRES names no server; script/test starts one"))
    func `runs its tests on PostgreSQL too`() {
        #expect(StoreKind.underTest.contains(.postgres))
    }

    /// Where everything that the tests can use has to be installed.
    static let isPromised = ProcessInfo.processInfo.environment["CI"] == "true"
}

/// A tool that a test needs besides the project's own.
func tool(_ names: String...) -> String? {
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin").split(separator: ":")
    return names.lazy.flatMap { name in folders.map { "\($0)/\(name)" } }.first(where: FileManager.default.isExecutableFile)
}

/// The bytes of a file among the tests' sources.
func source(_ path: String, besides file: String = #filePath) throws -> [UInt8] {
    let folder = file.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
    return Array(try #require(FileManager.default.contents(atPath: "\(folder)/\(path)")))
}
