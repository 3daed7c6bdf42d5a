import FoundationEssentials
import Glibc

/// The mounted file systems, from the system's own list.
struct MountTable: Sendable {
    private let mounts: [(place: String, type: String)]

    /// - Parameter text: `/proc/self/mountinfo`. Source: proc(5).
    init(parsing text: String) {
        mounts = text.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: " ")
            guard fields.count > 6, let separator = fields.firstIndex(of: "-"), separator + 1 < fields.count else { return nil }
            return (Self.unescaped(fields[4]), String(fields[separator + 1]))
        }
    }

    /// The type of the file system that holds a resolved absolute path; nil where the list does not tell.
    func type(of path: String) -> String? {
        // The last of several mounts on one place hides the others.
        mounts.filter { $0.place == "/" || path == $0.place || path.hasPrefix($0.place + "/") }
            .enumerated().max { ($0.element.place.utf8.count, $0.offset) < ($1.element.place.utf8.count, $1.offset) }?
            .element.type
    }

    /// Blanks and their like stand there as `\040`.
    private static func unescaped(_ field: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = field.utf8[...]
        while let byte = rest.popFirst() {
            let digits = rest.prefix(3)
            if byte == UInt8(ascii: "\\"), digits.count == 3, let code = UInt8(String(decoding: digits, as: UTF8.self), radix: 8) {
                bytes.append(code)
                rest = rest.dropFirst(3)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// What the machine says of the folder that the embedded store lies in.
struct DataFolder: Sendable {
    /// The store's file.
    let file: String

    private var directory: String { Self.parent(of: file) }

    /// Whether there is a folder.
    var isMade: Bool { status(of: directory) != nil }

    private static func parent(of path: String) -> String {
        path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
    }

    /// The folder, or the nearest one above it where it is not made yet: it will lie on the same volume.
    private var nearest: String {
        var path = directory
        while status(of: path) == nil, path != "/", path != "." { path = Self.parent(of: path) }
        return path
    }

    private func status(of path: String) -> stat? {
        var status = stat()
        return unsafe stat(path, &status) == 0 ? status : nil
    }

    // MARK: Space

    /// Below this much a commit may soon fail: room for the log twice, and for the file to grow meanwhile.
    static let freeBytesMin: Int64 = 256 << 20
    static let freeBytesComfortable: Int64 = 1 << 30
    /// The log is copied back long before it has so much, unless somebody reads for hours.
    static let logBytesUsual: Int64 = 256 << 20

    func disk() -> Finding {
        var volume = statvfs()
        guard unsafe statvfs(nearest, &volume) == 0 else {
            let reason = unsafe String(cString: strerror(errno))
            return Finding(.disk, .note, "the volume of \(directory) tells nothing of itself: \(reason)")
        }
        // Some network volumes tell of sizes that nothing has.
        func bytes(_ blocks: UInt) -> Int64 {
            let (bytes, overflow) = Int64(clamping: blocks).multipliedReportingOverflow(by: Int64(clamping: volume.f_frsize))
            return overflow ? .max : bytes
        }
        let log = status(of: file + "-wal").map { Int64($0.st_size) } ?? 0
        return Self.disk(
            free: bytes(volume.f_bavail), of: bytes(volume.f_blocks), log: log, in: directory)
    }

    static func disk(free: Int64, of total: Int64, log: Int64, in directory: String) -> Finding {
        let text = "\(readableBytes(free)) free of \(readableBytes(total)) in \(directory); the log has \(readableBytes(log))"
        if free < max(freeBytesMin, 2 * log) {
            return Finding(
                .disk, .trouble, text, advice: "make space on this volume or move the folder: uploads are refused once it is full")
        }
        if log > logBytesUsual {
            return Finding(.disk, .note, text + ", which is much: somebody has been reading for long, or a process hangs")
        }
        return Finding(.disk, free < freeBytesComfortable ? .note : .ok, text)
    }

    // MARK: File system

    func filesystem() -> Finding {
        let resolved = unsafe realpath(nearest, nil)
        defer { unsafe free(resolved) }
        guard let resolved = unsafe resolved, let mounts = FileManager.default.contents(atPath: "/proc/self/mountinfo"),
            let type = MountTable(parsing: String(decoding: mounts, as: UTF8.self)).type(of: unsafe String(cString: resolved))
        else { return Finding(.filesystem, .note, "it cannot be told what kind of file system \(directory) lies on") }
        return Self.filesystem(type, directory)
    }

    static func filesystem(_ type: String, _ directory: String) -> Finding {
        let text = "\(directory) lies on \(type)"
        switch type {
        case "tmpfs", "ramfs":
            return Finding(
                .filesystem, .trouble, text + ", which is memory",
                advice: "move the folder to a disk: everything is gone when the machine restarts")
        case "nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "ceph", "glusterfs", "afs":
            return Finding(
                .filesystem, .trouble, text + ", which is a network's",
                advice: "move the folder to a disk of this machine, or use PostgreSQL: SQLite's log needs locks and syncs that hold"
            )
        case "overlay", "aufs":
            return Finding(.filesystem, .note, text + ": the data goes with the container unless the folder is a volume of its own")
        case _ where type.hasPrefix("fuse"):
            return Finding(.filesystem, .note, text + ": whether a sync reaches a disk is up to the program behind it")
        default:
            return Finding(.filesystem, .ok, text)
        }
    }

    // MARK: Who may read

    func files() -> Finding {
        let name = file.split(separator: "/").last.map(String.init) ?? file
        guard let inside = try? FileManager.default.contentsOfDirectory(atPath: directory) else {
            return Finding(
                .files, .trouble, "\(directory) cannot be listed", advice: "run this as the user that the server runs as")
        }
        let looked = [directory] + inside.filter { $0.hasPrefix(name) }.sorted().map { "\(directory)/\($0)" }
        let open = looked.filter { path in status(of: path).map { $0.st_mode & 0o077 != 0 } ?? false }
        guard !open.isEmpty else { return Finding(.files, .ok, "\(looked.count - 1) files, for their owner only") }
        let words = open.map { path in "\(path) (\(String((status(of: path)?.st_mode ?? 0) & 0o777, radix: 8)))" }
        return Finding(
            .files, .trouble, "others may open \(words.joined(separator: ", "))",
            advice: "chmod 700 \(Terminal.shellWord(directory)) && chmod 600 \(Terminal.shellWord(directory + "/" + name))*")
    }
}
