import AttendanceCore
import HTTPClient
import HTTPMessages
import StrictJSON
import Tokens

/// An identity provider's public keys, as they are fetched over the network.
enum ProviderKeys {
    /// Whoever waits for keys waits no longer.
    static let connectSecondsMax = 3
    static let totalSecondsMax = 5

    static func cache(of settings: ProviderSettings, ambient: Ambient, log: Log) -> KeySetCache {
        let client = Client()
        var request = OutgoingRequest(.get, settings.keysURL, headers: ["Accept": "application/json"])
        request.connectSecondsMax = connectSecondsMax
        request.totalSecondsMax = totalSecondsMax
        request.answerBytesMax = KeySetCache.answerBytesMax
        return KeySetCache(
            uptime: ambient.uptime,
            report: { why in
                log.write(.warning, "identity provider's keys cannot be had") { fields in
                    fields.member("url", settings.keysURL)
                    fields.member("reason", why)
                }
            },
            fetch: { [request] in
                let answer = try await client.send(request)
                // A redirect is no answer either: it could lead anywhere.
                guard answer.status == 200 else { throw KeySetFlaw("the answer has the status \(answer.status)") }
                return FetchedKeySet(
                    body: answer.body, freshSeconds: HTTPFreshness.seconds(of: answer.headers, at: ambient.now()))
            })
    }
}

/// For how long an answer may be kept. Source: RFC 9111 §4.2.
enum HTTPFreshness {
    /// - Returns: Nil where the answer does not say; 0 where it must not be kept.
    static func seconds(of headers: HeaderFields, at now: Instant) -> Int64? {
        let age = headers.first("Age").flatMap { Int64($0) }.map { max(0, $0) } ?? 0
        let directives = headers.all("Cache-Control").flatMap { $0.split(separator: ",") }.map {
            WireText(String($0)).trimmed.folded.text
        }
        if directives.contains("no-store") || directives.contains(where: { $0.hasPrefix("no-cache") }) { return 0 }
        let ages = directives.filter { $0.hasPrefix("max-age=") }.map { $0.dropFirst(8).filter { $0 != "\"" } }
        if !ages.isEmpty {
            // Of several the shortest; one that is no number makes an answer stale.
            return ages.map { max(0, (Int64($0) ?? 0) - age) }.min()
        }
        guard let expires = headers.first("Expires") else { return nil }
        guard let end = HTTPDate.seconds(expires) else { return 0 }
        let begin = headers.first("Date").flatMap(HTTPDate.seconds) ?? now.microseconds.dividedFlooring(by: 1_000_000).quotient
        return max(0, end - begin - age)
    }
}

/// A date as HTTP writes it: `Sun, 06 Nov 1994 08:49:37 GMT`. Source: RFC 9110 §5.6.7; the two obsolete forms are none here.
enum HTTPDate {
    /// Seconds since 1970; nil for anything else.
    static func seconds(_ text: String) -> Int64? {
        let parts = text.split(separator: " ")
        guard parts.count == 6, parts[0].utf8.count == 4, parts[0].hasSuffix(","), parts[5] == "GMT", let day = Int64(parts[1]),
            let month = months.firstIndex(of: String(parts[2])), let year = Int64(parts[3]),
            let days = CivilDate.daysSince1970(year: year, month: Int64(month) + 1, day: day)
        else { return nil }
        let clock = parts[4].split(separator: ":").map { Int64($0) ?? -1 }
        guard clock.count == 3, 0..<24 ~= clock[0], 0..<60 ~= clock[1], 0...60 ~= clock[2] else { return nil }
        return days * 86_400 + clock[0] * 3_600 + clock[1] * 60 + clock[2]
    }

    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
}
