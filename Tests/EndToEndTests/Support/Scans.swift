import HTTPMessages
import TestKit
import Testing

/// One scan as a kiosk reports it.
struct Scan: Sendable {
    var key: String
    var badge: String
    var station = "Main Gate"
    var moment = "2026-02-12T08:00:00.000Z"

    var json: String {
        """
        {"idempotency_key":"\(key)","badge_id":"\(badge)","station_name":"\(station)","scanned_at":"\(moment)",\
        "meta":{"matched":true}}
        """
    }
}

/// What the server says of an upload.
struct BatchAnswer: Sendable {
    let status: Int
    let saved: Int
    let duplicates: Int
    let hasRetryAfter: Bool
}

extension HTTPClient {
    func upload(_ scans: some Collection<Scan> & Sendable) async throws -> BatchAnswer {
        let answer = try await ask(
            .post, "/v1/scans/batch", #"{"events":[\#(scans.map(\.json).joined(separator: ","))]}"#)
        let body = try? Plain(answer.body)
        return BatchAnswer(
            status: answer.status, saved: body?["saved"]?.integer ?? -1, duplicates: body?["duplicates"]?.integer ?? -1,
            hasRetryAfter: answer.headers.first("Retry-After").flatMap { Int($0) } != nil)
    }

    /// An answer that has to be there.
    func json(_ target: String) async throws -> Plain {
        let answer = try await ask(.get, target)
        try #require(answer.status == 200, "\(target): \(answer.text.prefix(300))")
        return try Plain(answer.body)
    }

    /// The figures without the moment at which they were asked for.
    func stats() async throws -> Plain {
        var stats = try #require(try await json("/v1/dashboard/stats").members)
        stats["timestamp"] = nil
        return .object(stats)
    }

    /// The badges of all scans that count.
    func exportedBadges() async throws -> [String] {
        let export = try await json("/v1/dashboard/export")
        return (export["scans"]?.items ?? []).map { $0["badge_id"]?.text ?? "" }
    }
}

/// Checks what `muster` says of a store beside the server or without one: the chain holds, and projections computed anew
/// are those that were kept.
func expectSound(_ place: Place, _ server: RunningServer) async throws {
    let verified = try await place.muster("verify")
    #expect(verified.code == 0, "\(verified)")
    let before = try await server.client.stats()
    let rebuilt = try await place.muster("rebuild")
    #expect(rebuilt.code == 0, "\(rebuilt)")
    #expect(try await server.client.stats() == before)
}
