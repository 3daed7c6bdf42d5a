internal import Glibc

/// Bytes that nobody can foresee, from the kernel.
public enum RandomBytes {
    /// `count` bytes fit for keys, salts and identities.
    ///
    /// A kernel that cannot give them ends the process: whatever would be made without them is worse than a restart.
    public static func make(_ count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        unsafe bytes.withUnsafeMutableBytes { buffer in
            // The kernel gives 256 bytes at a time, without being interrupted by signals.
            for begin in stride(from: 0, to: count, by: 256) {
                let piece = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[begin..<min(begin + 256, count)])
                let failed = unsafe getentropy(piece.baseAddress, piece.count)
                precondition(failed == 0, "the kernel gives no random bytes (errno \(errno))")
            }
        }
        return bytes
    }
}
