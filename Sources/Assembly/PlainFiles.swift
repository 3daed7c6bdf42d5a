import Glibc

/// A file that is read from its beginning to its end, or standard input.
struct InputFile: ~Copyable {
    /// How many bytes are read at once.
    static let pieceBytes = 64 << 10

    private let descriptor: Int32
    private let path: String
    /// How many bytes there are; 0 where that cannot be known.
    let size: Int64
    /// How many of them were read.
    private(set) var read: Int64 = 0

    /// - Parameter path: `-` for standard input.
    init(_ path: String) throws {
        self.path = path
        let descriptor = path == "-" ? 0 : unsafe open(path, O_RDONLY | O_CLOEXEC)
        var status = stat()
        guard descriptor >= 0, unsafe fstat(descriptor, &status) == 0 else {
            throw Failure("\(path) cannot be read: \(unsafe String(cString: strerror(errno)))")
        }
        self.descriptor = descriptor
        size = status.st_mode & S_IFMT == S_IFREG ? Int64(status.st_size) : 0
    }

    deinit {
        if descriptor != 0 { close(descriptor) }
    }

    /// The next bytes, or nil behind the last.
    mutating func next() throws -> [UInt8]? {
        var failure: Int32 = 0
        let descriptor = descriptor
        let piece = unsafe [UInt8](unsafeUninitializedCapacity: Self.pieceBytes) { buffer, count in
            var got = 0
            repeat { got = unsafe Glibc.read(descriptor, buffer.baseAddress, buffer.count) } while got < 0 && errno == EINTR
            failure = got < 0 ? errno : 0
            count = max(0, got)
        }
        guard failure == 0 else { throw Failure("\(path) cannot be read: \(unsafe String(cString: strerror(failure)))") }
        read += Int64(piece.count)
        return piece.isEmpty ? nil : piece
    }
}

/// A new file that only its owner may read, or standard output. Unlike ``Terminal/write(_:to:)`` it tells when bytes get lost.
///
/// It grows under the name `PATH.partial` and gets its own when it is complete: half a file would look like a whole one.
struct OutputFile: ~Copyable {
    private let descriptor: Int32
    private let path: String

    /// - Parameter path: `-` for standard output. What is there already is never written over.
    init(_ path: String) throws {
        let isThere = unsafe path != "-" && access(path, F_OK) == 0
        self.path = path
        descriptor =
            switch path {
            case "-": 1
            case _ where isThere: -1
            default: unsafe open(path + Self.unfinished, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0o600)
            }
        guard !isThere else { throw Failure("\(path) exists, and is not written over") }
        guard descriptor >= 0 else {
            throw Failure("\(path) cannot be made: \(unsafe String(cString: strerror(errno)))")
        }
    }

    private static let unfinished = ".partial"

    deinit {
        guard descriptor > 1 else { return }
        close(descriptor)
        // Gone already where it has its name.
        _ = unsafe unlink(path + Self.unfinished)
    }

    func write(_ bytes: [UInt8]) throws {
        var written = 0
        while written < bytes.count {
            let count = unsafe bytes[written...].withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw Failure("\(path) cannot be written: \(unsafe String(cString: strerror(errno)))") }
            written += count
        }
    }

    /// Gives the file its name. Returns when the bytes are on disk, where they go to one.
    func finish() throws {
        guard descriptor != 1 else { return }
        // A device cannot be synchronised, and needs not be.
        let isStored = fsync(descriptor) == 0 || errno == EINVAL
        guard isStored, unsafe link(path + Self.unfinished, path) == 0 else {
            throw Failure("\(path) cannot be written: \(unsafe String(cString: strerror(errno)))")
        }
    }
}
