internal import COpenSSL

/// Keys from passwords by repeated HMAC-SHA256 (RFC 8018 §5.2): slow on purpose, and blocking.
public enum PBKDF2 {
    /// - Parameters:
    ///   - iterations: At least 1. Six hundred thousand take some tenths of a second.
    ///   - byteCount: At least 1.
    public static func sha256(password: [UInt8], salt: [UInt8], iterations: Int32, byteCount: Int) -> [UInt8] {
        precondition(iterations > 0 && byteCount > 0 && password.count <= Int32.max && salt.count <= Int32.max)
        var key = [UInt8](repeating: 0, count: byteCount)
        // The library only reads what it is lent, and writes as many bytes as it is told.
        let done = unsafe password.withUnsafeBytes { password in
            unsafe salt.withUnsafeBytes { salt in
                unsafe key.withUnsafeMutableBytes { key in
                    unsafe copenssl_pbkdf2_sha256(
                        password.baseAddress, Int32(password.count), salt.baseAddress, Int32(salt.count), iterations,
                        key.baseAddress, Int32(key.count))
                }
            }
        }
        precondition(done == 1, "libcrypto derives keys of any password")
        return key
    }
}
