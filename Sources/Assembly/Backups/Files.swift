import Digests
import FoundationEssentials
import Glibc

/// Whole files: copied, digested, and made to last. All of it blocks.
enum Files {
    static let chunkBytes = 1 << 20

    static func isLink(_ path: String) -> Bool {
        var status = stat()
        return unsafe lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFLNK
    }

    static func exists(_ path: String) -> Bool {
        var status = stat()
        // A link that leads nowhere is something too.
        return unsafe lstat(path, &status) == 0
    }

    static func isDirectory(_ path: String) -> Bool {
        var status = stat()
        return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// - Throws: ``Failure`` where it cannot be looked at.
    static func size(_ path: String) throws -> Int64 {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { throw trouble(path) }
        return Int64(status.st_size)
    }

    /// What anybody may still write to the volume of a folder; nil where nobody can tell.
    static func freeBytes(in folder: String) -> Int64? {
        var status = statvfs()
        guard unsafe statvfs(folder, &status) == 0 else { return nil }
        let (bytes, overflow) = Int64(clamping: status.f_bavail).multipliedReportingOverflow(by: Int64(clamping: status.f_frsize))
        return overflow ? .max : bytes
    }

    /// The folder a path lies in, as one that can be opened.
    static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    static func name(of path: String) -> String {
        path.lastIndex(of: "/").map { String(path[path.index(after: $0)...]) } ?? path
    }

    /// - Parameter bytesMax: A file with more is refused: the caller knows how long what it wants may be.
    static func read(_ path: String, bytesMax: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        try withChunks(of: path) { chunk in
            bytes += chunk
            guard bytes.count <= bytesMax else { throw Failure("\(path) is too long") }
        }
        return bytes
    }

    /// The SHA-256 of a file in hexadecimal digits.
    static func digest(_ path: String, progress: (Int64, Int64) -> Void = { _, _ in }) throws -> String {
        let size = try size(path)
        var hasher = SHA256()
        var done: Int64 = 0
        try withChunks(of: path) { chunk in
            hasher.update(chunk)
            done += Int64(chunk.count)
            progress(done, size)
        }
        return hasher.digest().hex
    }

    /// Writes a new file of mode 0600 and returns when it is on disk.
    static func write(_ text: String, to path: String) throws {
        try withNew(path) { descriptor in try write(Array(text.utf8), to: descriptor, path) }
    }

    /// Copies a file into a new one of mode 0600 and returns when the copy is on disk.
    /// - Returns: The SHA-256 of what was copied, in hexadecimal digits.
    static func copy(_ source: String, to destination: String) throws -> String {
        var hasher = SHA256()
        try withNew(destination) { descriptor in
            try withChunks(of: source) { chunk in
                hasher.update(chunk)
                try write(chunk, to: descriptor, destination)
            }
        }
        return hasher.digest().hex
    }

    /// Makes a file last that somebody else has written, for its owner alone.
    static func keep(_ path: String) throws {
        guard unsafe chmod(path, 0o600) == 0 else { throw trouble(path) }
        try sync(path, O_RDONLY)
    }

    /// Makes the names in a folder last.
    static func keepNames(in folder: String) throws {
        try sync(folder, O_RDONLY | O_DIRECTORY)
    }

    /// Hands a file to whoever owns another one. Only root has to: a store that root restored is still the server's.
    static func give(_ path: String, toOwnerOf other: String) throws {
        var status = stat()
        guard geteuid() == 0, unsafe stat(other, &status) == 0 else { return }
        // Not asked for where nothing changes: the service's unit refuses the call.
        guard status.st_uid != geteuid() || status.st_gid != getegid() else { return }
        guard unsafe chown(path, status.st_uid, status.st_gid) == 0 else { throw trouble(path) }
    }

    /// The names in a folder, without `.` and `..`.
    static func names(in folder: String) throws -> [String] {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: folder)
        } catch {
            throw Failure("\(folder) cannot be read")
        }
    }

    static func rename(_ from: String, to: String) throws {
        guard unsafe Glibc.rename(from, to) == 0 else { throw trouble(to) }
    }

    /// What the system says about the latest call that failed.
    static func trouble(_ path: String) -> Failure {
        Failure("\(path): \(unsafe String(cString: strerror(errno)))")
    }

    private static func withNew(_ path: String, _ body: (Int32) throws -> Void) throws {
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw trouble(path) }
        do {
            try body(descriptor)
            guard fsync(descriptor) == 0 else { throw trouble(path) }
        } catch {
            _ = close(descriptor)
            throw error
        }
        guard close(descriptor) == 0 else { throw trouble(path) }
    }

    private static func write(_ bytes: [UInt8], to descriptor: Int32, _ path: String) throws {
        var written = 0
        while written < bytes.count {
            let count = unsafe bytes[written...].withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw trouble(path) }
            written += count
        }
    }

    private static func withChunks(of path: String, _ body: ([UInt8]) throws -> Void) throws {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw trouble(path) }
        defer { _ = close(descriptor) }
        try withChunks(from: descriptor, path, body)
    }

    /// Hands over what can be read, piece by piece, up to its end.
    static func withChunks(from descriptor: Int32, _ path: String, _ body: ([UInt8]) throws -> Void) throws {
        while true {
            var failed = false
            let chunk = unsafe [UInt8](unsafeUninitializedCapacity: chunkBytes) { buffer, count in
                var got = unsafe Glibc.read(descriptor, buffer.baseAddress, buffer.count)
                while got < 0, errno == EINTR { got = unsafe Glibc.read(descriptor, buffer.baseAddress, buffer.count) }
                failed = got < 0
                count = max(got, 0)
            }
            guard !failed else { throw trouble(path) }
            guard !chunk.isEmpty else { return }
            try body(chunk)
        }
    }

    private static func sync(_ path: String, _ flags: Int32) throws {
        let descriptor = unsafe open(path, flags | O_CLOEXEC)
        guard descriptor >= 0 else { throw trouble(path) }
        defer { _ = close(descriptor) }
        guard fsync(descriptor) == 0 else { throw trouble(path) }
    }
}
