/// The number under which a device knows somebody. The same number at another device is somebody else's.
public struct DevicePIN: Hashable, Sendable {
    /// The device, or group of devices that share their users: a station's name as it is claimed.
    public let scope: WireText
    public let number: WireText

    /// Between scope and number; neither may hold it.
    static let separator: Unicode.Scalar = "\u{1F}"

    public init(scope: WireText, number: WireText) {
        self.scope = scope
        self.number = number
    }

    /// The number somebody claimed at a device; nil where another kind of identifier was claimed, or none.
    public init?(claimedIn claim: Claim) {
        guard let personal = claim.personal, personal.identifierKind == .devicePIN, let station = claim.station else { return nil }
        self.init(scope: station, number: personal.identifier)
    }

    /// Both in one text, as projections keep it: scope, U+001F, number.
    public var text: WireText { WireText("\(scope)\(Self.separator)\(number)") }
}
