import Digests
import Testing

@Suite struct `SHA-256` {
    /// Source: FIPS 180-4 examples, and NIST's list of example values.
    static let vectors: [(String, String)] = [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
        (
            "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
            "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"
        ),
        (String(repeating: "a", count: 1_000_000), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
    ]

    @Test(arguments: vectors)
    func `gives the published digests`(message: String, hex: String) {
        #expect(SHA256.digest(of: message).hex == hex)
        #expect(SHA256.digest(of: Array(message.utf8)).hex == hex)
        #expect(SHA256.digest(of: Array(message.utf8).span).description == hex)
    }

    @Test func `does not depend on how a message is cut`() {
        let message = (0..<200).map { UInt8($0) }
        for cut in 0...message.count {
            var hasher = SHA256()
            hasher.update(Array(message[..<cut]))
            hasher.update([])
            hasher.update(Array(message[cut...]))
            #expect(hasher.digest() == SHA256.digest(of: message))
        }
    }

    @Test func `goes on after a digest, and in copies of itself`() {
        var hasher = SHA256()
        hasher.update("ab")
        let fork = hasher
        #expect(hasher.digest() == SHA256.digest(of: "ab"))
        hasher.update("c")
        #expect(hasher.digest() == SHA256.digest(of: "abc"))
        #expect(fork.digest() == SHA256.digest(of: "ab"))
    }
}

@Suite struct `A digest` {
    @Test func `is its 32 bytes, in order`() throws {
        let bytes = (1...32).map { UInt8($0) }
        let digest = try #require(SHA256Digest(bytes))
        #expect(digest.bytes == bytes)
        #expect(digest.hex == "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20")
        #expect(SHA256Digest(hex: digest.hex) == digest)
        #expect(SHA256Digest.zero.bytes == [UInt8](repeating: 0, count: 32))
    }

    @Test(arguments: [0, 1, 31, 33, 64])
    func `is nothing of another length`(count: Int) {
        #expect(SHA256Digest([UInt8](repeating: 1, count: count)) == nil)
        #expect(SHA256Digest(hex: String(repeating: "01", count: count)) == nil)
    }

    @Test func `equals another only if every byte does`() throws {
        let digest = SHA256.digest(of: "x")
        let same = try #require(SHA256Digest(digest.bytes))
        #expect(digest == same && digest.isEqualInConstantTime(to: same) && Set([digest, same]).count == 1)
        for i in 0..<32 {
            for bit in 0..<8 {
                var bytes = digest.bytes
                bytes[i] ^= 1 << bit
                let other = try #require(SHA256Digest(bytes))
                #expect(digest != other && !digest.isEqualInConstantTime(to: other))
            }
        }
    }
}

@Suite struct `HMAC-SHA256` {
    /// Source: RFC 4231 section 4, test cases 1 to 7; case 5 is cut to 128 bits there, and so here.
    static let vectors: [(key: [UInt8], message: [UInt8], hex: String)] = [
        (
            .init(repeating: 0x0B, count: 20), Array("Hi There".utf8),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
        ),
        (
            Array("Jefe".utf8), Array("what do ya want for nothing?".utf8),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        ),
        (
            .init(repeating: 0xAA, count: 20), .init(repeating: 0xDD, count: 50),
            "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"
        ),
        (
            (1...25).map { UInt8($0) }, .init(repeating: 0xCD, count: 50),
            "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"
        ),
        (.init(repeating: 0x0C, count: 20), Array("Test With Truncation".utf8), "a3b6167473100ee06e0c796c2955552b"),
        (
            .init(repeating: 0xAA, count: 131), Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        ),
        (
            .init(repeating: 0xAA, count: 131),
            Array(
                ("This is a test using a larger than block-size key and a larger than block-size data. "
                    + "The key needs to be hashed before being used by the HMAC algorithm.").utf8),
            "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"
        ),
        // Keys about as long as a block; computed with Python's hmac.
        (.init(repeating: 0x6B, count: 63), [0x6D], "e458f5dd7e8afee6b774e5d451ae43f4d268bf11646030143d0b0231dcb02383"),
        (.init(repeating: 0x6B, count: 64), [0x6D], "3b7a8d453e76edb519238a515105a57508d0f169f480ebeee120a9e7803289fa"),
        (.init(repeating: 0x6B, count: 65), [0x6D], "c2d7d4c2256ddb097409ec0c67e1d58fa1a007fc6932cac0d892a525d08af7cc"),
    ]

    @Test(arguments: vectors)
    func `gives the published codes`(key: [UInt8], message: [UInt8], hex: String) {
        let key = HMACKey(key)
        #expect(key.code(for: message).hex.hasPrefix(hex))
        #expect(key.code(for: message.span).hex.hasPrefix(hex))
        let inParts = key.code { hasher in for byte in message { hasher.update([byte]) } }
        #expect(inParts == key.code(for: message))
    }

    @Test func `serves any number of messages with one key`() {
        let key = HMACKey(Array("Jefe".utf8))
        for _ in 0..<3 {
            _ = key.code(for: "something else")
            let code = key.code(for: "what do ya want for nothing?")
            #expect(code.hex == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
        }
    }

    @Test func `does not print its key`() {
        let key = HMACKey(Array("Jefe".utf8))
        var dumped = ""
        dump(key, to: &dumped)
        #expect("\(key)" == "HMACKey")
        #expect(dumped == "- HMACKey\n")
    }
}

@Suite struct `Comparing in constant time` {
    @Test(arguments: [
        ("", "", true), ("a", "a", true), ("secret-key", "secret-key", true), ("", "a", false), ("a", "", false),
        ("a", "b", false), ("secret-key", "secret-kez", false), ("secret-key", "tecret-key", false),
        ("secret-key", "secret-key ", false), ("secret-key", "secret", false), ("a", "A", false), ("a\0", "a", false),
        ("é", "é", true), ("é", "e\u{301}", false),
    ])
    func `says what an ordinary comparison of bytes says`(a: String, b: String, areEqual: Bool) {
        #expect(ConstantTime.areEqual(a, b) == areEqual)
        #expect(ConstantTime.areEqual(Array(a.utf8), Array(b.utf8)) == areEqual)
    }
}

@Suite struct `Random bytes` {
    @Test(arguments: [0, 1, 16, 32, 255, 256, 257, 1_000])
    func `come in the number asked for`(count: Int) {
        #expect(RandomBytes.make(count).count == count)
    }

    @Test func `differ from each other, to the last piece`() {
        #expect(Set((0..<1_000).map { _ in RandomBytes.make(16) }).count == 1_000)
        // A piece that was never filled would be zeros: 2^-128 for each if all is well.
        let long = RandomBytes.make(1_000)
        for begin in stride(from: 0, to: 984, by: 16) { #expect(long[begin..<begin + 16].contains { $0 != 0 }) }
    }
}

@Suite struct `Hexadecimal digits` {
    @Test(arguments: [([], ""), ([0], "00"), ([0xFF], "ff"), ([0x01, 0x23, 0xAB, 0xCD], "0123abcd")] as [([UInt8], String)])
    func `spell bytes in lower case`(bytes: [UInt8], text: String) {
        #expect(Hexadecimal.encode(bytes) == text)
        #expect(Hexadecimal.decode(text) == bytes)
        #expect(Hexadecimal.decode(text.uppercased()) == bytes)
    }

    @Test(arguments: ["0", "0g", "g0", " 00", "0x", "-1", "é", "00é", "0\0"])
    func `are refused if they are none`(text: String) {
        #expect(Hexadecimal.decode(text) == nil)
    }

    @Test func `cover every byte`() {
        let all = (0...255).map { UInt8($0) }
        #expect(Hexadecimal.decode(Hexadecimal.encode(all)) == all)
    }
}

@Suite struct `Base64 for addresses` {
    /// Source of the first seven: RFC 4648 section 10, without padding.
    @Test(arguments: [
        ("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"), ("fooba", "Zm9vYmE"), ("foobar", "Zm9vYmFy"),
        ("\u{3FF}\u{3FF}\u{3FF}", "z7_Pv8-_"),
    ])
    func `spells bytes`(plain: String, text: String) {
        #expect(Base64URL.encode(Array(plain.utf8)) == text)
        #expect(Base64URL.decode(text) == Array(plain.utf8))
    }

    @Test(arguments: ["Z", "Zg==", "Zg=", "Zm9v=", "Z+8", "Z/8", " Zg", "Zg\n", "Zh", "Zm9", "Zm8v\0", "é"])
    func `is refused with padding, other characters, or bits left over`(text: String) {
        #expect(Base64URL.decode(text) == nil)
    }

    @Test func `returns what went in, for every length`() {
        for count in 0..<70 {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ count) }
            let text = Base64URL.encode(bytes)
            #expect(Base64URL.decode(text) == bytes)
            #expect(text.utf8.count == (count * 4 + 2) / 3)
        }
    }
}
