/// An address that mail could go to, and that somebody signs in with.
public struct EmailAddress: Sendable, Equatable {
    /// More are refused. Source: contract §3.3, §4.
    public static let maxScalars = 254

    /// As it was given, the part behind the last `@` in lower case. Source: contract §3.3, which is Django's way.
    public let text: WireText
    /// What two spellings of one address share: sign-in and uniqueness go by it.
    public var folded: WireText { text.folded }

    /// - Throws: `.invalid(field: "email", …)` for what ``isAddress(_:)`` refuses, and for a longer one.
    public init(parsing raw: WireText) throws(AttendanceError) {
        guard !raw.isEmpty else { throw .invalid(field: "email", .empty) }
        guard raw.scalarCount <= Self.maxScalars else { throw .invalid(field: "email", .tooLong(maxScalars: Self.maxScalars)) }
        guard Self.isAddress(raw.text) else { throw .invalid(field: "email", .malformed("this is no e-mail address")) }
        text = Self.normalised(raw)
    }

    /// The part behind the last `@` in lower case, the rest as it is.
    private static func normalised(_ raw: WireText) -> WireText {
        let scalars = raw.text.unicodeScalars
        guard let at = scalars.lastIndex(of: "@") else { return raw }
        return WireText(String(scalars[..<at]) + WireText(String(scalars[at...])).folded.text)
    }
}

extension EmailAddress {
    /// Whether Django 4.2's `EmailValidator` takes a text for an address. Source: contract §2.4; the contract's requests and
    /// what comes in from its database are judged alike.
    public static func isAddress(_ text: String) -> Bool {
        let scalars = Array(text.unicodeScalars)
        guard scalars.count <= 320, let at = scalars.lastIndex(of: "@") else { return false }
        let (local, domain) = (scalars[..<at], scalars[(at + 1)...])
        guard isDotAtom(local) || isQuoted(local) else { return false }
        return domain.elementsEqual("localhost".unicodeScalars) || isName(domain) || isLiteral(domain)
    }

    private static func isDotAtom(_ local: ArraySlice<Unicode.Scalar>) -> Bool {
        local.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { atom in
            !atom.isEmpty && atom.allSatisfy { isAlphanumeric($0) || "-!#$%&'*+/=?^_`{}|~".unicodeScalars.contains($0) }
        }
    }

    /// Between quotes: no blank, no quote, and no backslash without what it escapes.
    private static func isQuoted(_ local: ArraySlice<Unicode.Scalar>) -> Bool {
        guard local.count >= 2, local.first == "\"", local.last == "\"" else { return false }
        var isEscaped = false
        for scalar in local.dropFirst().dropLast() {
            switch (scalar.value, isEscaped) {
            case (0x01...0x09, true), (0x0B...0x0C, true), (0x0E...0x7F, true): isEscaped = false
            case (0x5C, false): isEscaped = true
            case (0x01...0x08, false), (0x0B...0x0C, false), (0x0E...0x1F, false), (0x21, false), (0x23...0x5B, false),
                (0x5D...0x7F, false):
                break
            default: return false
            }
        }
        return !isEscaped
    }

    private static func isName(_ domain: ArraySlice<Unicode.Scalar>) -> Bool {
        let labels = domain.split(separator: ".", omittingEmptySubsequences: false)
        guard labels.count >= 2, let last = labels.last else { return false }
        // Labels of other scripts are looked at as the names that they become; `xn--` and a letter are ASCII for sure.
        guard last.last != "-", last.count >= 2 || last.contains(where: { $0.value > 0x7F }) else { return false }
        return labels.allSatisfy { label in
            let isForeign = label.contains { $0.value > 0x7F }
            // Only the last label may begin with a hyphen.
            let isLast = label.startIndex == last.startIndex
            return (1...(isForeign ? 59 : 63)).contains(label.count) && label.last != "-" && (isLast || label.first != "-")
                && label.allSatisfy { isAlphanumeric($0) || $0 == "-" || $0.value > 0x7F && !$0.properties.isWhitespace }
        }
    }

    /// An address of a machine in brackets.
    private static func isLiteral(_ domain: ArraySlice<Unicode.Scalar>) -> Bool {
        guard domain.first == "[", domain.last == "]" else { return false }
        let inside = String(String.UnicodeScalarView(domain.dropFirst().dropLast()))
        return inside.utf8.contains(UInt8(ascii: ":")) ? isIPv6(inside) : isIPv4(inside)
    }

    private static func isIPv4(_ text: String) -> Bool {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4
            && parts.allSatisfy { part in
                (1...3).contains(part.utf8.count) && part.utf8.allSatisfy { 0x30...0x39 ~= $0 }
                    && (part.utf8.count == 1 || part.utf8.first != 0x30) && (Int(part) ?? 256) < 256
            }
    }

    private static func isIPv6(_ text: String) -> Bool {
        var halves: [[Substring]] = []
        var rest = text[...]
        while let gap = rest.firstRange(of: "::") {
            halves.append(rest[..<gap.lowerBound].split(separator: ":", omittingEmptySubsequences: false))
            rest = rest[gap.upperBound...]
        }
        halves.append(rest.split(separator: ":", omittingEmptySubsequences: false))
        guard halves.count <= 2 else { return false }
        let groups = halves.flatMap { $0 == [""] ? [] : $0 }
        var count = 0
        for (place, group) in groups.enumerated() {
            if place == groups.count - 1, group.utf8.contains(UInt8(ascii: ".")) {
                guard isIPv4(String(group)) else { return false }
                count += 2
            } else {
                let isHexadecimal = group.unicodeScalars.allSatisfy { $0.value < 0x80 && $0.properties.isHexDigit }
                guard (1...4).contains(group.utf8.count), isHexadecimal else { return false }
                count += 1
            }
        }
        return halves.count == 2 ? count < 8 : count == 8
    }

    private static func isAlphanumeric(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "0"..."9", "a"..."z", "A"..."Z": true
        default: false
        }
    }
}
