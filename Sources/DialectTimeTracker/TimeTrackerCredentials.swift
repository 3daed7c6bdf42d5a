import AttendanceCore
import DialectKit
import HTTPMessages

/// How this contract's clients say who they are: the access token that a sign-in gave them, or nothing.
struct TimeTrackerCredentials: Sendable {
    let operations: Operations

    /// Who asks.
    enum Asker: Sendable {
        case nobody
        case admin(AccountCaller, token: String)
    }

    /// - Throws: For a header that begins like a token's and holds none that is good. Also where nobody needs one: a client
    ///   should learn that it has to sign in again. Source: contract §2.4.
    func asker(of head: RequestHead, at site: Site) async throws(TimeTrackerFailure) -> Asker {
        guard let header = head.headers.first("Authorization") else { return .nobody }
        let words = header.utf8.split { $0 == 0x20 || 0x09...0x0D ~= $0 }.map { String(Substring($0)) }
        // Another scheme counts as no header, and so does another case of the word.
        guard words.first == "Bearer" else { return .nobody }
        guard words.count == 2 else { throw .authorizationForm }
        do throws(TokenFault) {
            let account = try await operations.authenticate(
                accessToken: words[1], for: .timeTracker, in: site.tenant.id, address: head.clientAddress)
            return .admin(account, token: words[1])
        } catch {
            throw TimeTrackerFailure(error)
        }
    }
}

/// Which requests need nobody's token. Source: contract §2.5.
enum OpenRequests {
    /// - Parameter path: The segments, with or without the empty one that a closing slash leaves.
    static func contain(_ method: HTTPMethod, _ path: [String]) -> Bool {
        let reads = method == .get || method == .head
        let segments = path.last == "" ? path.dropLast() : path[...]
        guard segments.first == "api", segments.count >= 2 else { return true }
        switch (segments[1], segments.count >= 3 ? segments[2] : "") {
        case ("auth", "admin-users"): return reads && segments.count == 3
        case ("auth", _): return true
        case ("employees", _): return ![.post, .put, .patch, .delete].contains(method)
        case ("timetracking", "entries"), ("timetracking", "sessions"): return reads || method == .options
        case ("timetracking", _): return true
        case ("reports", _): return false
        default: return true
        }
    }
}
