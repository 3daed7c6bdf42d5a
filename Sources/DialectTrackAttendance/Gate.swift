import AttendanceCore
import DialectKit
import HTTPMessages
import StrictJSON

/// A request that was let in: what it asks for and who asks.
struct Visit: Sendable {
    let head: RequestHead
    let caller: Caller
}

/// What stands before every endpoint, in this order: key, rate limit, role, form of the body, JSON.
///
/// So a wrong key is answered before anything is counted or read, as in the original service.
struct Gate: Sendable {
    /// Bodies of all endpoints but the batch. The largest, a roster of 200 units in six-byte escapes, has 320 KB.
    static let smallBodyMaxBytes = 1 << 20

    let credentials: TrackAttendanceCredentials
    let closedLimit: RateLimit
    let refusals: RefusalNotes
    let now: @Sendable () -> Instant

    typealias OpenAnswer = @Sendable (RequestHead, Site) async throws(TrackAttendanceFailure) -> Response
    typealias ClosedAnswer = @Sendable (Visit) async throws(TrackAttendanceFailure) -> Response
    /// The body is nil where the request has none and names no form for it.
    typealias BodyAnswer = @Sendable (Visit, JSONValue?) async throws(TrackAttendanceFailure) -> Response

    /// What an endpoint wants of a caller and a body.
    struct Terms: Sendable {
        let role: KeyRoles
        var keyPlaces = TrackAttendanceCredentials.Places.authorization
        var bodyMaxBytes = Gate.smallBodyMaxBytes
        /// What refusals are noted as; nil where they are not.
        var noted: WireText?
        /// An upload is answered 401 where a role is missing: at a 403 a kiosk gives its scans up. Its refusals are noted
        /// also where nobody could be recognised, since they are scans that wait somewhere.
        var isUpload = false
    }

    /// An endpoint for everybody. Whatever key is sent, nobody looks at it.
    /// - Parameter atOnce: The answer where it needs no waiting; not counted.
    func open(
        countedIn limit: RateLimit?, atOnce: (@Sendable (RequestHead, Site) -> Response?)? = nil,
        _ answer: @escaping OpenAnswer
    ) -> Endpoint {
        precondition(limit == nil || atOnce == nil, "what is counted is counted always")
        return Endpoint(atOnce: atOnce) { head, _, site in
            let standing = limit?.count(address: head.clientAddress, tenant: site.tenant.id, at: now())
            return .answer(
                await counted(standing) { () async throws(TrackAttendanceFailure) in
                    try refuse(standing)
                    return try await answer(head, site)
                })
        }
    }

    /// An endpoint that needs a key and looks at no body.
    func closed(to role: KeyRoles, _ answer: @escaping ClosedAnswer) -> Endpoint {
        let terms = Terms(role: role)
        return Endpoint { head, _, site in
            switch await enter(head, site, terms) {
            case .failure(let failure): return .answer(failure.response)
            case .success(let entry):
                return .answer(
                    await counted(entry.standing) { () async throws(TrackAttendanceFailure) in
                        try refuse(entry.standing)
                        guard entry.visit.caller.roles.contains(role) else { throw .forbidden }
                        return try await answer(entry.visit)
                    })
            }
        }
    }

    /// An endpoint that needs a key and a JSON body.
    func closed(_ terms: Terms, _ answer: @escaping BodyAnswer) -> Endpoint {
        Endpoint { head, _, site in
            switch await enter(head, site, terms) {
            case .failure(let failure):
                note(failure, terms, head, nil, site)
                return .answer(failure.response)
            case .success(let entry):
                if let failure = objection(to: entry, terms) {
                    note(failure, terms, head, entry.visit.caller, site)
                    return .answer(await counted(entry.standing) { () async throws(TrackAttendanceFailure) in throw failure })
                }
                let tooLarge = await counted(entry.standing) { () async throws(TrackAttendanceFailure) in
                    throw .tooLarge(maxBytes: terms.bodyMaxBytes)
                }
                return .read(bodyMaxBytes: terms.bodyMaxBytes, tooLarge: tooLarge) { bytes in
                    await counted(entry.standing) { () async throws(TrackAttendanceFailure) in
                        do throws(TrackAttendanceFailure) {
                            return try await answer(entry.visit, try body(bytes, of: head, terms))
                        } catch {
                            note(error, terms, head, entry.visit.caller, site)
                            throw error
                        }
                    }
                }
            }
        }
    }

    /// A request to nowhere. Without a key nobody learns which paths exist.
    func unrouted(_ head: RequestHead, at site: Site) async -> Response {
        switch await enter(head, site, Terms(role: [])) {
        case .failure(let failure): failure.response
        case .success: TrackAttendanceFailure.unknownPath(head.method, head.path).response
        }
    }

    // MARK: Steps

    private struct Entry: Sendable {
        let visit: Visit
        let standing: RateLimit.Standing?
    }

    private func enter(_ head: RequestHead, _ site: Site, _ terms: Terms) async -> Result<Entry, TrackAttendanceFailure> {
        do throws(AttendanceError) {
            let caller = try await credentials.caller(of: head, in: terms.keyPlaces, at: site.tenant.id)
            let standing = closedLimit.count(address: head.clientAddress, tenant: site.tenant.id, at: now())
            return .success(Entry(visit: Visit(head: head, caller: caller), standing: standing))
        } catch {
            return .failure(TrackAttendanceFailure(error, in: .general))
        }
    }

    /// Why a request is refused before its body is read, in the order of precedence; nil where it is not.
    private func objection(to entry: Entry, _ terms: Terms) -> TrackAttendanceFailure? {
        if let standing = entry.standing, standing.isOver { return .tooManyRequests(retryAfterSeconds: standing.resetSeconds) }
        guard entry.visit.caller.roles.contains(terms.role) else { return terms.isUpload ? .unauthorized : .forbidden }
        if case .other = entry.visit.head.bodyForm { return .mediaType }
        if let length = entry.visit.head.announcedLength, length > terms.bodyMaxBytes {
            return .tooLarge(maxBytes: terms.bodyMaxBytes)
        }
        return nil
    }

    private func refuse(_ standing: RateLimit.Standing?) throws(TrackAttendanceFailure) {
        guard let standing, standing.isOver else { return }
        throw .tooManyRequests(retryAfterSeconds: standing.resetSeconds)
    }

    private func body(_ bytes: [UInt8], of head: RequestHead, _ terms: Terms) throws(TrackAttendanceFailure) -> JSONValue? {
        if head.bodyForm == .unnamed {
            guard bytes.isEmpty else { throw .mediaType }
            return nil
        }
        do throws(JSONError) {
            // JavaScript's rule for members that occur twice. Source: the original service runs on it.
            return try JSONDocument(
                parsing: bytes, duplicates: .takeLast, limits: JSONLimits(bytesMax: terms.bodyMaxBytes)
            ).root
        } catch {
            throw .notJSON(error)
        }
    }

    /// Every answer to a counted request says how the client stands.
    private func counted(
        _ standing: RateLimit.Standing?, _ answer: () async throws(TrackAttendanceFailure) -> Response
    ) async -> Response {
        var response: Response
        do throws(TrackAttendanceFailure) {
            response = try await answer()
        } catch {
            response = error.response
        }
        if let standing {
            response.headers.append("x-ratelimit-limit", String(standing.limit))
            response.headers.append("x-ratelimit-remaining", String(standing.remaining))
            response.headers.append("x-ratelimit-reset", String(standing.resetSeconds))
        }
        return response
    }

    private func note(
        _ failure: TrackAttendanceFailure, _ terms: Terms, _ head: RequestHead, _ caller: Caller?, _ site: Site
    ) {
        guard let request = terms.noted, (400..<500).contains(failure.status), caller != nil || terms.isUpload else { return }
        refusals.note(
            Refusal(
                request: request, status: failure.status, caller: caller?.name ?? "unknown",
                address: WireText(head.clientAddress), station: failure.station, reason: WireText(failure.reason)),
            site.tenant.id)
    }
}
