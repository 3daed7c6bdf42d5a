import AttendanceCore
import DialectKit

/// A text, trimmed at both ends; a number counts as its text.
struct TextField: RequestField {
    /// In Unicode scalars; nil for no bound but the body's.
    var maxScalars: Int?
    var allowsBlank = false
    /// A rule for the trimmed text: what to say where it breaks it.
    var rule: (@Sendable (String) -> String?)?

    func read(_ sent: Sent) throws(FieldFault) -> WireText {
        guard let raw = sent.string ?? sent.number.map(Python.text(of:)) else { throw FieldFault("Not a valid string.") }
        let text = Python.stripped(raw)
        guard !text.isEmpty else {
            if allowsBlank { return "" }
            throw FieldFault("This field may not be blank.")
        }
        var messages: [String] = []
        // The rule of the model stands before those of the field, as in the original's lists.
        if let message = rule?(text) { messages.append(message) }
        if let maxScalars, text.unicodeScalars.count > maxScalars {
            messages.append("Ensure this field has no more than \(maxScalars) characters.")
        }
        if text.utf8.contains(0) { messages.append("Null characters are not allowed.") }
        guard messages.isEmpty else { throw FieldFault(messages: messages) }
        return WireText(text)
    }
}

extension RequestField where Self == TextField {
    static func text(max: Int? = nil, allowsBlank: Bool = false) -> Self {
        TextField(maxScalars: max, allowsBlank: allowsBlank)
    }

    /// An address up to 254 characters.
    static var email: Self {
        TextField(maxScalars: 254) { EmailPattern.matches($0) ? nil : "Enter a valid email address." }
    }

    /// A user name up to 150 characters: letters and digits of any script, and five marks.
    static var username: Self {
        TextField(maxScalars: 150) { text in
            text.unicodeScalars.allSatisfy(isAllowedInUsername)
                ? nil
                : "Enter a valid username. This value may contain only letters, numbers, and @/./+/-/_ characters."
        }
    }
}

/// `[\w.@+-]` of Python.
private func isAllowedInUsername(_ scalar: Unicode.Scalar) -> Bool {
    if "@.+-_".unicodeScalars.contains(scalar) { return true }
    switch scalar.properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: return true
    default: return scalar.properties.numericType != nil
    }
}

/// What Django 4.2's `EmailValidator` takes for an address.
enum EmailPattern {
    static func matches(_ text: String) -> Bool {
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
                && label.allSatisfy { isAlphanumeric($0) || $0 == "-" || $0.value > 0x7F && !Python.isSpace($0) }
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
