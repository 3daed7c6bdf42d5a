import AttendanceCore
import Tokens

/// By which identity provider people sign in.
struct ProviderSettings: Sendable, Equatable {
    let rules: IDTokenRules
    let keysURL: String

    /// - Parameters:
    ///   - value: A setting's value, if it has one.
    ///   - isSet: Whether somebody has set it.
    /// - Returns: Nil where no app is known.
    init?(_ value: (SettingName) -> String?, _ isSet: (SettingName) -> Bool) throws {
        let issuer = value(.providerIssuer) ?? IDTokenRules.googleIssuer
        let keysURL = value(.providerKeysURL) ?? ""
        guard Self.isSafe(keysURL) else {
            throw Misuse(
                "MUSTER_OIDC_KEYS_URL is \"\(keysURL)\": https://… was expected; http:// is for the machine's own address only")
        }
        guard issuer == IDTokenRules.googleIssuer || isSet(.providerKeysURL) else {
            throw Misuse(
                "MUSTER_OIDC_ISSUER names another provider than Google: MUSTER_OIDC_KEYS_URL has to say where its keys are")
        }
        let audiences = (value(.clientID) ?? "").split(separator: ",").map { WireText(String($0)).trimmed.text }
            .filter { !$0.isEmpty }
        guard !audiences.isEmpty else { return nil }
        rules = IDTokenRules(audiences: audiences, issuer: issuer, hostedDomain: value(.providerHostedDomain))
        self.keysURL = keysURL
    }

    /// Whether nobody on the way can answer in the provider's place.
    static func isSafe(_ url: String) -> Bool {
        func rest(_ scheme: String) -> Substring? {
            url.hasPrefix(scheme) && url.utf8.allSatisfy { 0x21...0x7E ~= $0 } ? url.dropFirst(scheme.count) : nil
        }
        if let rest = rest("https://") { return rest.first.map { !"/?#".contains($0) } ?? false }
        guard let rest = rest("http://") else { return false }
        // What stands before an @ looks like a host and is none.
        let authority = rest.prefix { !"/?#".contains($0) }
        guard !authority.contains("@"), !rest.contains("\\") else { return false }
        let host: Substring
        if authority.hasPrefix("[") {
            host = authority.prefix { $0 != "]" }.dropFirst()
        } else {
            host = authority.prefix { $0 != ":" }
        }
        let numbers = host.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
        return ["localhost", "::1"].contains(host) || numbers.count == 4 && !numbers.contains(nil) && numbers[0] == 127
    }
}
