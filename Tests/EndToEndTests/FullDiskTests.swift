import Foundation
import Glibc
import TestKit
import Testing

/// A file system of its own, in memory.
struct Volume {
    let folder: String

    /// Whether one can be mounted here: as root, and not in a container that forbids it.
    static let isAllowed: Bool = {
        let folder = "/var/tmp/muster_mount_\(UUID().uuidString.prefix(8))"
        guard unsafe mkdir(folder, 0o700) == 0 else { return false }
        defer { unsafe rmdir(folder) }
        guard mounted(folder, 1) else { return false }
        return unsafe umount(folder) == 0
    }()

    private static func mounted(_ folder: String, _ mebibytes: Int) -> Bool {
        unsafe mount("muster-test", folder, "tmpfs", 0, "size=\(mebibytes)m,mode=0700") == 0
    }

    /// - Parameter folder: An empty folder.
    static func with(_ mebibytes: Int, at folder: String, _ body: (Volume) async throws -> Void) async throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        try #require(mounted(folder, mebibytes))
        // Also where a process still has a file open in it.
        defer { unsafe umount2(folder, Int32(MNT_DETACH)) }
        try await body(Volume(folder: folder))
    }

    private var ballast: String { folder + "/ballast" }

    /// Takes the space that is left but for so many bytes, in whole pages.
    func fill(leaving bytes: Int) throws {
        var status = statvfs()
        try #require(unsafe statvfs(folder, &status) == 0)
        let pages = max(0, Int(status.f_bavail) - (bytes + 4_095) / 4_096)
        #expect(FileManager.default.createFile(atPath: ballast, contents: Data(count: pages * 4_096)))
    }

    /// Takes the space that is left, byte by byte in the end.
    func fill() throws {
        let file = unsafe open(ballast, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        try #require(file >= 0)
        defer { close(file) }
        let bytes = [UInt8](repeating: 0, count: 1 << 16)
        for size in [1 << 16, 1 << 12, 1] {
            while unsafe bytes.withUnsafeBytes({ unsafe write(file, $0.baseAddress, size) }) > 0 {}
        }
    }

    func free() { unsafe unlink(ballast) }
}

extension `The program` {
    @Suite(.enabled(if: Volume.isAllowed, "a tmpfs cannot be mounted here"))
    struct `A full disk` {
        @Test func `is answered 503, stops no reader, and is forgotten when there is space again`() async throws {
            try await Place.on(.sqlite) { place in
                try await Volume.with(128, at: place.directory + "/muster-data") { volume in
                    let server = try await place.serve()
                    let load = Load("full")
                    async let running: Void = load.run(against: server.client)
                    for _ in 1...3 {
                        try await load.more(10)
                        let refusals = load.answers.count { $0.status == 503 }
                        _ = try await wait(for: "an upload to be refused") {
                            // Under load space comes and goes, so it is taken until there is none.
                            try volume.fill()
                            return load.answers.count { $0.status == 503 } > refusals + 20 ? true : nil
                        }
                        #expect(try await server.client.stats()["total_scans"]?.integer ?? 0 > 0)
                        #expect(try await server.client.exportedBadges().isEmpty == false)
                        volume.free()
                        try await load.more(10)
                    }
                    load.stop()
                    await running
                    #expect(load.answers.count == load.uploads.count, "a request had no answer")
                    for answer in load.answers {
                        #expect(answer.status == 200 || answer.status == 503 && answer.hasRetryAfter, "\(answer)")
                    }
                    let there = try await server.client.exportedBadges()
                    #expect(Set(there).count == there.count)
                    #expect(Set(load.acknowledged.map(\.badge)).subtracting(there) == [])
                    try await expectSound(place, server)
                    try await server.stop()
                }
            }
        }

        /// Left to grow as long as there is space, the log would take all of it and could not be copied back any more.
        @Test func `holds scans and not the log of them, however small it is`() async throws {
            try await Place.on(.sqlite) { place in
                try await Volume.with(8, at: place.directory + "/muster-data") { volume in
                    let server = try await place.serve()
                    var stored = 0
                    for number in 0..<1_000 {
                        let answer = try await server.client.upload(
                            (0..<100).map { Scan(key: "small-\(number)-\($0)", badge: "\(number)-\($0)") })
                        guard answer.status == 200 else {
                            #expect(answer.status == 503 && answer.hasRetryAfter)
                            break
                        }
                        stored += answer.saved
                    }
                    // The log of 3,600 of these scans has 8 MiB; in the file 26,400 have as much.
                    #expect(stored > 12_000)
                    let attributes = try FileManager.default.attributesOfItem(atPath: volume.folder + "/muster.sqlite")
                    #expect(try #require(attributes[.size] as? Int) > 4 << 20)
                    #expect(try await server.client.stats()["total_scans"]?.integer == stored)
                    #expect(try await place.muster("verify").code == 0)
                    try await server.stop()
                }
            }
        }
    }
}
