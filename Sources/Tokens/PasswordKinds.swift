public import AttendanceCore
internal import CCrypt
internal import CSodium
internal import Digests
internal import FoundationEssentials

/// A kind of password hash, and what it takes to compare a password with one. Everything here blocks for long.
enum PasswordKind {
    /// What new passwords are hashed with.
    case argon2id
    /// `$2a$`, `$2b$`, `$2y$`: of other systems.
    case bcrypt
    /// `pbkdf2_sha256$…`: Django's.
    case django

    /// Where a hash comes from another system its costs come from there too. More than these are no cost that somebody
    /// chose for a server: such a hash is compared with nothing, since it would keep a thread or the memory to itself.
    static let bcryptCostMax = 15
    static let djangoIterationsMax: Int32 = 5_000_000
    static let argonPassesMax = 10
    static let argonKibibytesMax = 65_536

    init?(of hash: PasswordHash) {
        if hash.text.hasPrefix("$argon2id$") {
            self = .argon2id
        } else if ["$2a$", "$2b$", "$2y$"].contains(where: hash.text.hasPrefix) {
            self = .bcrypt
        } else if hash.text.hasPrefix("pbkdf2_sha256$") {
            self = .django
        } else {
            return nil
        }
    }
}

extension PasswordHash {
    /// Whether passwords can be compared with the hash here. One that cannot is of no use in an import.
    public var isUnderstood: Bool {
        switch PasswordKind(of: self) {
        case .argon2id: Argon2id.isAffordable(text)
        case .bcrypt: BCrypt.isAffordable(text)
        case .django: DjangoHash(text) != nil
        case nil: false
        }
    }
}

/// Argon2id (RFC 9106) through libsodium.
enum Argon2id {
    /// OWASP's first choice where memory is scarce: 19 MiB and two passes, some 30 ms a hash on a slow core. libsodium's
    /// "moderate" asks for 256 MiB, which two at once would make more than all the rest of the program on a small machine.
    /// Source: OWASP Password Storage Cheat Sheet.
    static let memoryBytes = 19 << 20
    static let passes: UInt64 = 2

    static func prepare() {
        // It may be called often and by several threads; it fails where the kernel gives no random bytes.
        precondition(sodium_init() >= 0, "libsodium cannot be used without random bytes")
    }

    /// Nil where memory is short.
    static func hash(_ password: [UInt8]) -> PasswordHash? {
        var text = [CChar](repeating: 0, count: csodium_hash_bytes())
        let failed = unsafe csodium_argon2id(&text, CText.terminated(password), password.count, passes, memoryBytes)
        return failed == 0 ? PasswordHash(String(decoding: CText.bytes(of: text), as: UTF8.self)) : nil
    }

    static func verify(_ password: [UInt8], _ hash: String) -> Bool {
        guard isAffordable(hash) else { return false }
        return unsafe crypto_pwhash_str_verify(hash, CText.terminated(password), UInt64(password.count)) == 0
    }

    static func isOutdated(_ hash: String) -> Bool {
        unsafe crypto_pwhash_str_needs_rehash(hash, passes, memoryBytes) != 0
    }

    /// `$argon2id$v=19$m=19456,t=2,p=1$…$…`.
    static func isAffordable(_ hash: String) -> Bool {
        let parts = hash.split(separator: "$", omittingEmptySubsequences: false)
        guard parts.count == 6, parts[2] == "v=19", hash.utf8.count < csodium_hash_bytes(), !hash.utf8.contains(0) else {
            return false
        }
        let costs = parts[3].split(separator: ",").map { $0.split(separator: "=", maxSplits: 1) }
        guard costs.count == 3, costs.allSatisfy({ $0.count == 2 }), costs.map({ $0[0] }) == ["m", "t", "p"],
            let memory = Int(costs[0][1]), let passes = Int(costs[1][1])
        else { return false }
        return memory <= PasswordKind.argonKibibytesMax && passes <= PasswordKind.argonPassesMax
    }
}

/// Bytes as C's texts.
private enum CText {
    /// With a zero at the end, so that there is an address also where there are no bytes.
    static func terminated(_ bytes: [UInt8]) -> [CChar] {
        bytes.map { CChar(bitPattern: $0) } + [0]
    }

    static func bytes(of text: [CChar]) -> [UInt8] {
        text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
    }
}

/// bcrypt through libxcrypt. Of a password only the first 72 bytes count: that is so wherever such hashes come from.
enum BCrypt {
    static func verify(_ password: [UInt8], _ hash: String) -> Bool {
        // Its texts end at the first zero, so what stands behind one would not count.
        guard isAffordable(hash), !password.contains(0) else { return false }
        var made = [CChar](repeating: 0, count: ccrypt_hash_bytes())
        guard unsafe ccrypt_hash(CText.terminated(password), hash, &made) == 1 else { return false }
        return ConstantTime.areEqual(CText.bytes(of: made), Array(hash.utf8))
    }

    /// `$2b$12$`, then 53 letters.
    static func isAffordable(_ hash: String) -> Bool {
        let parts = hash.split(separator: "$", omittingEmptySubsequences: false)
        guard hash.utf8.count == 60, parts.count == 4, parts[2].utf8.count == 2, let cost = Int(parts[2]),
            !hash.utf8.contains(0)
        else { return false }
        return (4...PasswordKind.bcryptCostMax).contains(cost)
    }
}

/// `pbkdf2_sha256$600000$<salt>$<base64 of 32 bytes>`.
struct DjangoHash {
    let iterations: Int32
    let salt: [UInt8]
    let key: [UInt8]

    init?(_ text: String) {
        let parts = text.split(separator: "$", omittingEmptySubsequences: false)
        guard parts.count == 4, parts[0] == "pbkdf2_sha256", let iterations = Int32(parts[1]),
            (1...PasswordKind.djangoIterationsMax).contains(iterations), !parts[2].isEmpty,
            let key = Data(base64Encoded: String(parts[3])), key.count == 32
        else { return nil }
        self.iterations = iterations
        salt = Array(parts[2].utf8)
        self.key = Array(key)
    }

    func verify(_ password: [UInt8]) -> Bool {
        let made = PBKDF2.sha256(password: password, salt: salt, iterations: iterations, byteCount: key.count)
        return ConstantTime.areEqual(made, key)
    }
}
