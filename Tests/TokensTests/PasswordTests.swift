import AttendanceCore
import Testing
@testable import Tokens

@Suite struct `A password` {
    private let hasher = PasswordHasher()

    @Test func `is right for its own hash and for no other`() async throws {
        let hash = try await hasher.hash("Pässword-1")
        #expect(hash.text.hasPrefix("$argon2id$v=19$m=19456,t=2,p=1$"))
        #expect(try await hasher.verify("Pässword-1", hash) == .right)
        for wrong in ["Pässword-2", "pässword-1", "Pa\u{308}ssword-1", "Pässword-1 ", "Pässword-1\0", ""] {
            #expect(try await hasher.verify(wrong, hash) == .wrong, "\(wrong)")
        }
        #expect(try await hasher.hash("Pässword-1") != hash)
    }

    /// Made with bcrypt 4 and Django 5.2 (`PBKDF2PasswordHasher.encode`) of Python.
    static let hashesOfOthers = [
        "$2b$06$dp2ZYWdOLh7.kLlnpLVzKOdzfCRbXdTdhBpfbL/775yvUbu.A.drC",
        "$2a$06$ytmR.8Nx6GxdJvCGsz7yR.RnYImWjxJaAuxzr/HU7st/qzqf002IO",
        "$2y$06$/UAq9QnM5YUddSutLdpKwONLz72mqz/BKJthMqiPNKhzDJRW.gJDy",
        "pbkdf2_sha256$600000$seasalt2025abcdefghijk$OTLBxD9o+2llXgVFT6t3ehQl1+hGvOWIiweQdZo/q7w=",
        "pbkdf2_sha256$1000$NaCl$GytEcOdU7LSFsVg6LLx+qiTkeH9uuVXmtmh7l2eYoR8=",
    ]

    @Test(arguments: hashesOfOthers)
    func `is right for a hash of another system, which is outdated`(text: String) async throws {
        let hash = PasswordHash(text)
        #expect(hash.isUnderstood)
        #expect(try await hasher.verify("Pässword-1", hash) == .outdated)
        #expect(try await hasher.verify("Pässword-2", hash) == .wrong)
        #expect(try await hasher.verify("", hash) == .wrong)
    }

    @Test func `that is empty is compared like others`() async throws {
        let empty = PasswordHash("pbkdf2_sha256$1000$NaCl$KDXz7VNWVCDJCVFQmwwRc7ZFF08VRqs6w+bIXLRxtTs=")
        #expect(try await hasher.verify("", empty) == .outdated)
        #expect(try await hasher.verify("x", empty) == .wrong)
        #expect(try await hasher.verify("", try await hasher.hash("")) == .right)
    }

    @Test func `ends at no zero`() async throws {
        let hash = PasswordHash("$2b$06$dp2ZYWdOLh7.kLlnpLVzKOdzfCRbXdTdhBpfbL/775yvUbu.A.drC")
        #expect(try await hasher.verify("Pässword-1\0and more", hash) == .wrong)
    }

    /// Whoever can write a hash must not be able to take the machine's memory or a thread for minutes.
    @Test(arguments: [
        "", "plain", "$argon2id$", "$argon2id$v=19$m=4194304,t=2,p=1$c2FsdHNhbHQ$AAAA",
        "$argon2id$v=19$m=19456,t=4000,p=1$c2FsdA$AAAA",
        "$argon2i$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$AAAA", "$2b$31$dp2ZYWdOLh7.kLlnpLVzKOdzfCRbXdTdhBpfbL/775yvUbu.A.drC",
        "$2b$06$short", "$2x$06$dp2ZYWdOLh7.kLlnpLVzKOdzfCRbXdTdhBpfbL/775yvUbu.A.drC", "$1$salt$hash",
        "pbkdf2_sha256$2000000000$NaCl$GytEcOdU7LSFsVg6LLx+qiTkeH9uuVXmtmh7l2eYoR8=", "pbkdf2_sha256$0$NaCl$AAAA",
        "pbkdf2_sha256$1000$NaCl$not base64", "pbkdf2_sha256$1000$NaCl$AAAA", "pbkdf2_sha1$1000$NaCl$AAAA",
        "pbkdf2_sha256$1000$$GytEcOdU7LSFsVg6LLx+qiTkeH9uuVXmtmh7l2eYoR8=", "!unusable",
    ])
    func `is wrong for a hash that is not understood or costs too much`(text: String) async throws {
        #expect(!PasswordHash(text).isUnderstood)
        #expect(try await hasher.verify("Pässword-1", PasswordHash(text)) == .wrong)
    }

    @Test func `is wrong where there is no hash, or where nobody could have it`() async throws {
        #expect(try await hasher.verify("Pässword-1", nil) == .wrong)
        let long = String(repeating: "x", count: AccountRules.passwordMaxBytes)
        let hash = try await hasher.hash(long)
        #expect(try await hasher.verify(long, hash) == .right)
        #expect(try await hasher.verify(long + "x", hash) == .wrong)
    }

    @Test func `hashed with other costs is outdated`() async throws {
        // `argon2 saltsaltsalt -id -t 1 -m 10 -p 1` of a password, by libsodium's own words: other costs, other hash.
        let made = try await hasher.hash("Pässword-1")
        #expect(!Argon2id.isOutdated(made.text))
        #expect(Argon2id.isOutdated(made.text.replacing("m=19456", with: "m=8192")))
        #expect(Argon2id.isOutdated(made.text.replacing("t=2", with: "t=1")))
    }

    @Test func `hash is not printed`() {
        #expect("\(PasswordHash("secret"))" == "PasswordHash")
        #expect(!String(reflecting: PasswordHash("secret")).contains("secret"))
    }
}

@Suite struct `The line for passwords` {
    @Test func `lets two through at once, makes some wait, and sends the rest away`() async {
        let line = PasswordLine()
        let gate = Gate()
        let tooMany = 5
        let all = PasswordLine.atOnceMax + PasswordLine.waitingMax
        let (done, sentAway) = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<(all + tooMany) {
                group.addTask { await line.run { gate.pass() } != nil }
            }
            // Whoever is sent away is told at once, while all others are held.
            var sentAway = 0
            for _ in 0..<tooMany where await group.next() == false { sentAway += 1 }
            gate.open()
            var done = 0
            for await isDone in group where isDone { done += 1 }
            return (done, sentAway)
        }
        #expect(sentAway == tooMany)
        #expect(done == all)
        #expect(gate.insideMax == PasswordLine.atOnceMax)
        // Afterwards there is room again.
        #expect(await line.run { 7 } == 7)
    }
}
