// The compiler counts `sockaddr` to the first module that shows it, which differs between kinds of builds.
import CHTTP
import Glibc

/// An IPv4 or IPv6 address. `192.0.2.1` and its mapped form `::ffff:192.0.2.1` are one address.
struct IPAddress: Hashable, Sendable {
    /// In network order; IPv4 in its mapped form.
    let bits: UInt128

    private static let mappedPrefix: UInt128 = 0xFFFF

    init(bits: UInt128) {
        self.bits = bits
    }

    private init(version4 address: in_addr) {
        bits = Self.mappedPrefix << 32 | UInt128(UInt32(bigEndian: address.s_addr))
    }

    private init(version6 address: in6_addr) {
        bits = unsafe withUnsafeBytes(of: address) { bytes in
            unsafe bytes.reduce(0) { $0 << 8 | UInt128($1) }
        }
    }

    /// Numeric text without port, brackets or zone.
    init?(_ text: some StringProtocol) {
        let text = String(text)
        // C would take what stands before a NUL for the whole.
        guard !text.utf8.contains(0) else { return nil }
        var version4 = in_addr()
        var version6 = in6_addr()
        if unsafe inet_pton(AF_INET, text, &version4) == 1 {
            self.init(version4: version4)
        } else if unsafe inet_pton(AF_INET6, text, &version6) == 1 {
            self.init(version6: version6)
        } else {
            return nil
        }
    }

    /// Nil for a peer that is neither IPv4 nor IPv6.
    init?(peer: UnsafePointer<sockaddr>?) {
        guard let peer = unsafe peer else { return nil }
        switch unsafe Int32(peer.pointee.sa_family) {
        case AF_INET:
            self = unsafe UnsafeRawPointer(peer).withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
                unsafe IPAddress(version4: $0.pointee.sin_addr)
            }
        case AF_INET6:
            self = unsafe UnsafeRawPointer(peer).withMemoryRebound(to: sockaddr_in6.self, capacity: 1) {
                unsafe IPAddress(version6: $0.pointee.sin6_addr)
            }
        default:
            return nil
        }
    }

    var isVersion4: Bool { bits >> 32 == Self.mappedPrefix }

    /// The usual text form, without brackets.
    var text: String {
        if isVersion4 {
            return [24, 16, 8, 0].map { String(UInt8(truncatingIfNeeded: bits >> $0)) }.joined(separator: ".")
        }
        var address = in6_addr()
        unsafe withUnsafeMutableBytes(of: &address) { bytes in
            for index in 0..<16 { unsafe bytes[index] = UInt8(truncatingIfNeeded: bits >> UInt128((15 - index) * 8)) }
        }
        return unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(INET6_ADDRSTRLEN)) { buffer in
            guard let start = buffer.baseAddress,
                let text = unsafe inet_ntop(AF_INET6, &address, start, socklen_t(INET6_ADDRSTRLEN))
            else { return "" }
            return unsafe String(cString: text)
        }
    }
}

/// One address or a block of them: `10.1.2.3`, `10.0.0.0/8`, `fd00::/8`.
public struct AddressRange: Hashable, Sendable {
    private let first: UInt128
    private let mask: UInt128

    /// Nil when `text` is neither an address nor an address with a prefix length that fits it.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = IPAddress(parts[0]) else { return nil }
        let width = address.isVersion4 ? 32 : 128
        var prefix = width
        if parts.count > 1 {
            guard let length = Int(parts[1]), (0...width).contains(length), !parts[1].hasPrefix("+") else { return nil }
            prefix = length
        }
        mask = width == prefix ? .max : .max << UInt128(width - prefix)
        first = address.bits & mask
    }

    func contains(_ address: IPAddress) -> Bool { address.bits & mask == first }

    /// Whether the range holds the address written in `text`; false for what is no address.
    public func contains(_ text: String) -> Bool { IPAddress(text).map { contains($0) } ?? false }
}
