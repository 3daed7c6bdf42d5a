internal import Glibc

/// An empty file without a name, for as long as this lives: gone in every case, a killed process included.
final class SheetFile: Sendable {
    /// For reading, from the beginning.
    let descriptor: Int32
    /// How the library can open it to write, though no folder has it.
    var path: String { "/proc/self/fd/\(descriptor)" }

    init(in directory: String) throws(SheetFault) {
        var template = Array("\(directory)/muster-sheet-XXXXXX".utf8CString)
        descriptor = unsafe mkstemp(&template)
        guard descriptor >= 0 else { throw .failed(Int(errno)) }
        unsafe unlink(template)
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }
}
