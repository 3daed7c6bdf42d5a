import AttendanceCore
import Glibc

/// A backup on disk: the file, `PATH.json` with what it is of, and `PATH.sha256` with the digests of both, as `sha256sum -c`
/// reads them.
struct BackupFiles: Sendable {
    let path: String

    static let manifestSuffix = ".json"
    static let digestSuffix = ".sha256"

    var manifestPath: String { path + Self.manifestSuffix }
    var digestPath: String { path + Self.digestSuffix }

    /// The name a backup gets where only its folder was given, and what a safety copy is told apart by.
    static func moment(_ instant: Instant) -> String {
        String(instant.millisecondText.map { $0 == ":" || $0 == "." ? "-" : $0 })
    }

    /// Writes what lies beside a backup, for a file that is whole.
    func describe(_ manifest: Manifest, digest: String) throws {
        try Files.write(manifest.json, to: manifestPath)
        let name = Files.name(of: path)
        try Files.write(
            "\(digest)  \(name)\n\(try Files.digest(manifestPath))  \(name)\(Self.manifestSuffix)\n", to: digestPath)
    }

    /// Compares the file and its manifest with their digests.
    /// - Returns: What the backup is of, and the file's digest.
    /// - Throws: ``Failure`` that says which of the three files is missing, or is not what was written.
    func requireUnchanged() throws -> (manifest: Manifest, digest: String) {
        for file in [path, digestPath, manifestPath] where !Files.exists(file) {
            throw Failure(
                file == path ? "there is no backup at \(path)" : "\(file) is missing: what \(path) holds cannot be checked")
        }
        guard !Files.isDirectory(path) else { throw Failure("\(path) is a folder: name the backup in it") }
        let name = Files.name(of: path)
        let expected = try digests()
        guard let ofFile = expected[name], let ofManifest = expected[name + Self.manifestSuffix], expected.count == 2 else {
            throw Failure("\(digestPath) does not hold the digests of \(name) and \(name)\(Self.manifestSuffix)")
        }
        guard try Files.digest(manifestPath) == ofManifest else {
            throw Failure("\(manifestPath) is not the one that was written: its digest differs")
        }
        let manifest = try Manifest(
            parsing: try Files.read(manifestPath, bytesMax: Manifest.bytesMax), path: manifestPath)
        // Said apart, for it is what a copy over a broken line looks like.
        let size = try Files.size(path)
        guard size == manifest.bytes else {
            throw Failure("\(path) has \(size) bytes and was written with \(manifest.bytes)")
        }
        guard try Files.digest(path, progress: { Terminal.progress("reading", $0, of: $1) }) == ofFile else {
            throw Failure("\(path) is not the one that was written: its digest differs")
        }
        return (manifest, ofFile)
    }

    /// The digests by file name. A line that is none counts as nothing, so its file is missed.
    private func digests() throws -> [String: String] {
        let text = String(decoding: try Files.read(digestPath, bytesMax: 1 << 16), as: UTF8.self)
        var digests: [String: String] = [:]
        for line in text.split(separator: "\n") {
            // `*` in the place of the second blank is what sha256sum writes for binary files.
            guard let blank = line.firstIndex(of: " "), line[..<blank].utf8.count == 64 else { continue }
            let rest = line[line.index(after: blank)...]
            guard let mark = rest.first, mark == " " || mark == "*" else { continue }
            digests[String(rest.dropFirst())] = line[..<blank].lowercased()
        }
        return digests
    }
}

/// Where a backup grows: a folder `PATH.partial` beside its place, which only its maker may use, so that nothing unfinished
/// ever stands under the backup's own name.
final class Staging: Sendable {
    let target: BackupFiles
    private let folder: String
    /// Held locked: a second backup of the same name is refused, and what a killed one left is nobody's.
    private let lock: Int32

    /// Where the file is to be made.
    var files: BackupFiles { BackupFiles(path: folder + "/" + Files.name(of: target.path)) }

    /// - Throws: ``Failure`` where a file of the backup exists already, another backup of the name is under way, or the folder
    ///   cannot be written to.
    init(for target: BackupFiles) throws {
        self.target = target
        folder = target.path + ".partial"
        try Self.requireFree(target)
        lock = try Self.claimed(folder)
        // Another process may have finished between the first look and the lock.
        do {
            try Self.requireFree(target)
            try requireOwnLeftovers()
            try empty()
        } catch {
            _ = rmdir()
            _ = close(lock)
            throw error
        }
    }

    deinit {
        _ = close(lock)
    }

    private static func requireFree(_ target: BackupFiles) throws {
        for file in [target.path, target.digestPath, target.manifestPath] where Files.exists(file) {
            throw Failure("\(file) exists, and no backup is written over anything: give another name or a folder")
        }
    }

    /// Makes the folder and locks it, taking over one that was left by a killed program.
    private static func claimed(_ folder: String) throws -> Int32 {
        while true {
            guard unsafe mkdir(folder, 0o700) == 0 || errno == EEXIST else {
                throw Failure("no backup can be written here: \(Files.trouble(folder))")
            }
            // Not through a link: what lies where it leads is somebody else's.
            let descriptor = unsafe open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
            // Removed between the two calls by whoever finished.
            if descriptor < 0, errno == ENOENT { continue }
            guard descriptor >= 0 else { throw Files.trouble(folder) }
            guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
                _ = close(descriptor)
                throw Failure("another backup to this name is under way: \(folder) is in use")
            }
            var opened = stat()
            var named = stat()
            if unsafe fstat(descriptor, &opened) == 0, unsafe lstat(folder, &named) == 0, opened.st_ino == named.st_ino {
                guard opened.st_uid == geteuid() else {
                    _ = close(descriptor)
                    throw Failure("\(folder) is somebody else's: remove it, or give another name")
                }
                return descriptor
            }
            _ = close(descriptor)
        }
    }

    /// Gives the finished backup its name. The file comes last: where it stands, its digests stand beside it.
    func publish() throws {
        try Files.keepNames(in: folder)
        try Self.requireFree(target)
        var named: [String] = []
        do {
            for (from, to) in [
                (files.manifestPath, target.manifestPath), (files.digestPath, target.digestPath), (files.path, target.path),
            ] {
                try Files.rename(from, to: to)
                named.append(to)
            }
        } catch {
            // They would keep the next backup from this name.
            for name in named { _ = unsafe unlink(name) }
            throw error
        }
        _ = rmdir()
        try Files.keepNames(in: Files.folder(of: target.path))
    }

    /// Removes everything that was made.
    func discard() {
        // What cannot be removed is found by the next attempt.
        try? empty()
        _ = rmdir()
    }

    /// Only what a backup of this name has left is removed.
    private func requireOwnLeftovers() throws {
        let name = Files.name(of: target.path)
        guard let foreign = try Files.names(in: folder).first(where: { !$0.hasPrefix(name) }) else { return }
        throw Failure(
            "\(folder) holds \(Terminal.harmless(foreign)), which no backup has made: remove the folder, or give another name")
    }

    private func empty() throws {
        for name in try Files.names(in: folder) { _ = unsafe unlink(folder + "/" + name) }
    }

    private func rmdir() -> Bool { unsafe Glibc.rmdir(folder) == 0 }
}
