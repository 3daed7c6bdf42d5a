import AttendanceCore
import HTTPMessages
import HTTPServer

/// Who may read the figures: whoever has the key, and whoever asks from an address of the list.
struct MetricsGuard: Sendable {
    /// Fields by which a proxy says for whom it asks. A request that carries one has come from somewhere else than its
    /// connection: one from the machine itself may stand for anybody in the world.
    private static let forwardingFields = [
        "X-Forwarded-For", "Forwarded", "X-Real-IP", "Via", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded",
        "X-Client-IP", "True-Client-IP", "CF-Connecting-IP", "Fastly-Client-IP", "X-Envoy-External-Address",
    ]

    private let keyDigest: Digest?
    private let addresses: [AddressRange]
    private let ambient: Ambient

    init(key: String?, addresses: [AddressRange], ambient: Ambient) {
        keyDigest = key.map { ambient.sha256(Array($0.utf8)) }
        self.addresses = addresses
        self.ambient = ambient
    }

    enum Judgement: Sendable, Equatable {
        case admitted
        /// A key would help.
        case keyWanted
        /// Nothing would.
        case closed
    }

    func judge(_ head: RequestHead) -> Judgement {
        if let keyDigest, let sent = Self.bearer(head) {
            // Digests, so that the time tells nothing of the length either.
            let digest = ambient.sha256(Array(sent.utf8))
            if ambient.equalInConstantTime(digest.bytes, keyDigest.bytes) { return .admitted }
        }
        let isOwnAddress = head.isAddressForwarded || !Self.forwardingFields.contains { head.headers.first($0) != nil }
        if isOwnAddress, addresses.contains(where: { $0.contains(head.clientAddress) }) { return .admitted }
        return keyDigest == nil ? .closed : .keyWanted
    }

    private static func bearer(_ head: RequestHead) -> String? {
        guard let value = head.headers.first("Authorization") else { return nil }
        let parts = value.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, String(parts[0]).equalsIgnoringASCIICase("Bearer") else { return nil }
        return String(parts[1])
    }
}
