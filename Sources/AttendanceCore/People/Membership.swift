public import struct FoundationEssentials.UUID

/// One kind of thing's identity, so that a person's cannot be passed for a membership's.
public struct Identifier<Owner>: Hashable, Sendable {
    public let rawValue: UUID

    public init(rawValue: UUID) {
        self.rawValue = rawValue
    }
}

/// An anchor without attributes: one human, one timeline.
public enum Person {}

/// A person as one contract knows them: a projection of the scans in which a station said whose badge it had read. Its
/// staff code is unique among the contract's memberships.
public enum Membership {}

extension Sealer {
    /// The identities of a person and membership that an entry tells of for the first time. They derive from the entry, so
    /// that a rebuild gives the same ones. Source: RFC 9562 §5.8 (version 8).
    public func identities(
        openedBy hash: Digest
    ) -> (person: Identifier<Person>, membership: Identifier<Membership>) {
        (.init(rawValue: identity(0x01, hash)), .init(rawValue: identity(0x02, hash)))
    }

    /// - Parameter purpose: 0x01 persons, 0x02 memberships, 0x03 classes, 0x04 class sessions. Never changed.
    func identity(_ purpose: UInt8, _ hash: Digest) -> UUID {
        UUID(version: 8, of: Array(digest([purpose] + hash.bytes).bytes.prefix(16)))
    }
}
