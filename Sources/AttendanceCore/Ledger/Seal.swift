/// A claim with everything that can be computed before its place in the ledger is known. Sealing needs no store, so it
/// runs beside the writer.
///
/// Handed about as one reference: a copy of its texts would be counted a dozen times for each scan.
public final class SealedClaim: Sendable {
    public let claim: Claim
    public let receivedAt: Instant
    public let caller: WireText
    public let salt: [UInt8]?
    public let personalDigest: Digest?
    public let contentDigest: Digest
    /// What makes the claim happen once only, or nil where each request is a new fact.
    public let reference: Pseudonym?
    /// The claimed identifier in projections.
    public let identifier: Pseudonym?

    init(
        claim: Claim, receivedAt: Instant, caller: WireText, salt: [UInt8]?, personalDigest: Digest?, contentDigest: Digest,
        reference: Pseudonym?, identifier: Pseudonym?
    ) {
        self.claim = claim
        self.receivedAt = receivedAt
        self.caller = caller
        self.salt = salt
        self.personalDigest = personalDigest
        self.contentDigest = contentDigest
        self.reference = reference
        self.identifier = identifier
    }
}

/// Computes digests, chain hashes and pseudonyms. The key of the pseudonyms belongs to the store.
public struct Sealer: Sendable {
    private let ambient: Ambient
    private let keyedHash: @Sendable ([UInt8]) -> Digest

    /// - Parameter pseudonymKey: At least 32 random bytes, the same for the life of the store.
    public init(ambient: Ambient, pseudonymKey: [UInt8]) {
        precondition(pseudonymKey.count >= 32, "the key of the pseudonyms has at least 32 bytes")
        self.ambient = ambient
        keyedHash = ambient.hmac(pseudonymKey)
    }

    /// Seals claims that arrived together, in their order.
    public func seal(_ claims: [Claim], by caller: WireText) -> [SealedClaim] {
        let receivedAt = ambient.now()
        let salts = ambient.randomBytes(16 * claims.count)
        return claims.enumerated().map { index, claim in
            let salt = claim.personal == nil ? nil : Array(salts[index * 16..<(index + 1) * 16])
            let personalDigest = digest(ofPersonal: claim.personal, salt: salt)
            return SealedClaim(
                claim: claim, receivedAt: receivedAt, caller: caller, salt: salt, personalDigest: personalDigest,
                contentDigest: ambient.sha256(
                    CanonicalEncoding.content(claim, receivedAt: receivedAt, caller: caller, personalDigest: personalDigest)),
                reference: (claim.personal?.reference).map { reference($0) },
                identifier: claim.personal.map { identifier($0.identifier, kind: $0.identifierKind) })
        }
    }

    /// The hash of an entry at its place.
    public func hash(after previous: Digest, sequence: Int64, content: Digest) -> Digest {
        ambient.sha256(CanonicalEncoding.link(previous: previous, sequence: sequence, content: content))
    }

    /// The hash that a tenant's first entry follows.
    public func genesis(of tenant: TenantName) -> Digest {
        ambient.sha256(CanonicalEncoding.genesis(of: tenant))
    }

    /// A client's key for a claim.
    ///
    /// Where the key ends in a number, as clients' counters and clocks make them, its first five bytes are forty bits
    /// of that number, without its lowest four: keys that follow one another then lie close together in an index of millions, where
    /// bytes without any order would touch a page each. The other eleven bytes are a keyed hash of the whole key.
    public func reference(_ text: WireText) -> Pseudonym {
        let hashed = pseudonym(of: text, purpose: 0x01)
        guard let number = text.trailingNumber else { return hashed }
        return hashed.behind(number >> 4)
    }

    /// A claimed identifier.
    public func identifier(_ text: WireText, kind: IdentifierKind) -> Pseudonym {
        pseudonym(of: text, purpose: 0x80 | UInt8(truncatingIfNeeded: kind.rawValue))
    }

    func digest(_ bytes: [UInt8]) -> Digest {
        ambient.sha256(bytes)
    }

    /// A hash under the store's own key.
    func keyed(_ bytes: [UInt8]) -> Digest {
        keyedHash(bytes)
    }

    /// - Parameter purpose: 0x01 references, 0x02 and 0x03 attempts to sign in, 0x04 allowed e-mails, from 0x80 on
    ///   identifiers. What is hashed by ``keyed(_:)`` for identities begins with 0x40 and a noun.
    func pseudonym(of text: WireText, purpose: UInt8) -> Pseudonym {
        var bytes = [purpose]
        bytes.append(contentsOf: text.text.utf8)
        return Pseudonym(frontOf: keyedHash(bytes))
    }

    private func digest(ofPersonal part: PersonalPart?, salt: [UInt8]?) -> Digest? {
        guard let part, let salt else { return nil }
        return ambient.sha256(CanonicalEncoding.personal(part, salt: salt))
    }
}

extension WireText {
    /// The number in decimal digits that the text ends in, modulo 2⁶⁴; nil where it ends in none.
    fileprivate var trailingNumber: UInt64? {
        var number: UInt64 = 0
        var unit: UInt64 = 1
        var isFound = false
        for byte in text.utf8.reversed() {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { break }
            isFound = true
            number &+= unit &* UInt64(byte - UInt8(ascii: "0"))
            unit &*= 10
        }
        return isFound ? number : nil
    }
}

extension Sealer {
    /// Why a stored entry is not what was once written.
    public enum Flaw: Sendable, Equatable, CustomStringConvertible {
        /// The entry after this sequence is missing.
        case gap
        /// The personal part does not fit its digest.
        case personalPart
        /// The entry's content or its predecessor's hash was changed.
        case chain
        /// The entry names a kind, source or text that there is not, or holds a digest that is none.
        case unreadable

        public var description: String {
            switch self {
            case .gap: "an entry is missing before it"
            case .personalPart: "its personal part is not the one that was written"
            case .chain: "its content, or the entry before it, is not what was written"
            case .unreadable: "it names something that is not in the store"
            }
        }
    }

    /// Checks one entry against the one before it. An erased personal part is checked by its digest alone.
    public func flaw(in entry: LedgerEntry, after previous: Digest, previousSequence: Int64) -> Flaw? {
        guard entry.sequence == previousSequence + 1 else { return .gap }
        if let part = entry.claim.personal {
            guard let salt = entry.salt, let expected = entry.personalDigest,
                digest(ofPersonal: part, salt: salt) == expected
            else { return .personalPart }
        }
        let content = ambient.sha256(
            CanonicalEncoding.content(
                entry.claim, receivedAt: entry.receivedAt, caller: entry.caller, personalDigest: entry.personalDigest))
        return hash(after: previous, sequence: entry.sequence, content: content) == entry.hash ? nil : .chain
    }
}
