/// The bytes of an entry that are hashed. Version 1; a change of meaning needs a new version beside the old one, because
/// entries already stored are verified with the version they were written with.
///
/// A field is its tag (1 byte), its length (4 bytes, big-endian) and its bytes; numbers are 8 bytes, big-endian. Fields
/// stand in the order of their tags; an absent field is not written. So new fields can be added without touching the hash
/// of entries that lack them.
enum CanonicalEncoding {
    static let version: UInt8 = 1

    /// Salt and personal part, as covered by ``LedgerEntry/personalDigest``.
    static func personal(_ part: PersonalPart, salt: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = [version]
        bytes.reserveCapacity(160)
        bytes.field(1, salt)
        bytes.field(2, part.identifierKind.rawValue)
        bytes.field(3, part.identifier)
        bytes.field(4, part.staffCode)
        bytes.field(5, part.reference)
        bytes.field(6, part.meta)
        return bytes
    }

    /// Everything an entry says but its place in the chain.
    static func content(_ claim: Claim, receivedAt: Instant, caller: WireText, personalDigest: Digest?) -> [UInt8] {
        var bytes: [UInt8] = [version]
        bytes.reserveCapacity(200)
        bytes.field(1, claim.kind.rawValue)
        bytes.field(2, claim.source.rawValue)
        bytes.field(3, claim.occurredAt.microseconds)
        bytes.field(4, receivedAt.microseconds)
        bytes.field(5, caller)
        bytes.field(6, claim.station)
        bytes.field(7, claim.unit)
        bytes.field(8, claim.means)
        bytes.field(9, claim.detail)
        if let personalDigest { bytes.field(10, personalDigest.bytes) }
        return bytes
    }

    /// What the hash of an entry covers: the hash before it, its number, the digest of its content.
    static func link(previous: Digest, sequence: Int64, content: Digest) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(72)
        previous.append(to: &bytes)
        bytes.append(bigEndian: UInt64(bitPattern: sequence))
        content.append(to: &bytes)
        return bytes
    }

    /// What stands before a tenant's first entry.
    static func genesis(of tenant: TenantName) -> [UInt8] {
        Array("muster ledger 1\n\(tenant.text)".utf8)
    }
}

extension [UInt8] {
    fileprivate mutating func field(_ tag: UInt8, _ bytes: [UInt8]) {
        head(tag, bytes.count)
        append(contentsOf: bytes)
    }

    fileprivate mutating func field(_ tag: UInt8, _ number: Int64) {
        head(tag, 8)
        append(bigEndian: UInt64(bitPattern: number))
    }

    fileprivate mutating func field(_ tag: UInt8, _ text: WireText?) {
        guard let text else { return }
        head(tag, text.text.utf8.count)
        append(contentsOf: text.text.utf8)
    }

    private mutating func head(_ tag: UInt8, _ count: Int) {
        append(tag)
        let length = UInt32(count)
        for shift in stride(from: UInt32(24), through: 0, by: -8) { append(UInt8(truncatingIfNeeded: length >> shift)) }
    }
}
