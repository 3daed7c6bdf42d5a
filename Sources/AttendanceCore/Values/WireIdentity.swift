public import struct FoundationEssentials.UUID

/// What identities on the wire are made for. Numbers stand in identities: never changed.
public enum WireNoun: UInt8, Sendable, CaseIterable {
    case timeEntry = 1
    case workSession = 2
    case punchCycle = 3
}

extension Sealer {
    /// The identity under which clients know a row whose own name is a number.
    ///
    /// It holds the number, so that it needs no index and is the same after a rebuild; what stands before the number differs
    /// from store to store, tenant to tenant and noun to noun. It is no secret. Source: RFC 9562 §5.8 (version 8).
    /// - Parameter number: 0 to 2⁶²−1.
    public func identity(of noun: WireNoun, _ number: Int64, in tenant: TenantID) -> UUID {
        precondition(number >= 0 && number < 1 << 62, "the number fits behind the variant's two bits")
        let front = front(of: noun, in: tenant)
        let back = UInt64(number) | 1 << 63
        return UUID(bits: UInt128(front) << 64 | UInt128(back))
    }

    /// The number an identity was made of; nil for one that was made elsewhere, or for something else.
    public func number(of noun: WireNoun, _ id: UUID, in tenant: TenantID) -> Int64? {
        guard UInt64(truncatingIfNeeded: id.bits >> 64) == front(of: noun, in: tenant) else { return nil }
        let back = UInt64(truncatingIfNeeded: id.bits)
        guard back >> 62 == 0b10 else { return nil }
        return Int64(back & (1 << 62 - 1))
    }

    /// The first eight bytes of all identities of a noun.
    public func front(of noun: WireNoun, in tenant: TenantID) -> UInt64 {
        let digest = keyed([0x40 | noun.rawValue] + "\(tenant.rawValue)".utf8)
        let word = UInt64(bigEndian: digest.words.0)
        return word & ~0xF000 | 0x8000
    }
}

/// A session's place: whose, and of which day. As one number it names the session on the wire.
public struct SessionPlace: Hashable, Sendable {
    public let member: Int64
    public let day: CalendarDay

    /// So many bits hold every day of the calendar from 0001-01-01 on.
    private static let dayBits: Int64 = 22

    public init(member: Int64, day: CalendarDay) {
        self.member = member
        self.day = day
    }

    public init(number: Int64) {
        self.init(
            member: number >> Self.dayBits,
            day: CalendarDay(daysSince1970: (number & (1 << Self.dayBits - 1)) + CivilDate.daysSince0001))
    }

    public var number: Int64 {
        member << Self.dayBits | (day.daysSince1970 - CivilDate.daysSince0001) & (1 << Self.dayBits - 1)
    }
}
