import HTTPMessages

/// Who sent a request: the peer, or what a trusted peer says of the hop before it.
enum ForwardedAddress {
    /// The rightmost hop that is no trusted proxy, since only trusted ones are believed about the hop before them.
    ///
    /// `X-Forwarded-For` counts before `Forwarded`. A hop that is no address (`unknown`, an obfuscated name) ends the
    /// search with the last address known.
    static func client(of peer: IPAddress, headers: HeaderFields, trusting proxies: [AddressRange]) -> IPAddress {
        func isTrusted(_ address: IPAddress) -> Bool { proxies.contains { $0.contains(address) } }
        guard isTrusted(peer) else { return peer }
        let listed = headers.all("X-Forwarded-For")
        let hops = listed.isEmpty ? headers.all("Forwarded").flatMap(forwardedHops) : listed.flatMap(elements)
        var known = peer
        for hop in hops.reversed() {
            guard let address = address(in: hop) else { return known }
            known = address
            if !isTrusted(address) { break }
        }
        return known
    }

    private static func elements(_ value: String) -> [Substring] {
        value.split(separator: ",", omittingEmptySubsequences: false).map(trimmed)
    }

    /// The `for` parameter of each element (RFC 7239 §4); an element without one is a hop that nobody knows.
    private static func forwardedHops(_ value: String) -> [Substring] {
        elements(value).map { element in
            for pair in element.split(separator: ";") {
                let parts = trimmed(pair).split(separator: "=", maxSplits: 1)
                if parts.count == 2, String(parts[0]).equalsIgnoringASCIICase("for") { return parts[1] }
            }
            return ""
        }
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text
        while let first = text.utf8.first, first == 0x20 || first == 0x09 { text.removeFirst() }
        while let last = text.utf8.last, last == 0x20 || last == 0x09 { text.removeLast() }
        return text
    }

    /// The address in `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]:80`, with or without quotes.
    private static func address(in hop: Substring) -> IPAddress? {
        var text = hop
        if text.utf8.count > 1, text.hasPrefix("\""), text.hasSuffix("\"") { text = text.dropFirst().dropLast() }
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { return nil }
            return IPAddress(text[text.index(after: text.startIndex)..<end])
        }
        if let address = IPAddress(text) { return address }
        guard let colon = text.lastIndex(of: ":") else { return nil }
        return IPAddress(text[..<colon])
    }
}
