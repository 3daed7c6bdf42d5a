public import AttendanceCore

/// One scan as a station of the organisation reports it.
public struct DemoScan: Sendable, Hashable {
    /// By the station's clock.
    public var occurredAt: Instant
    public let station: String
    public let badge: String
    /// Nil for a badge that nobody knows.
    public let member: DemoOrganisation.Member?
    /// `badge`, `lookup` or `manual`.
    public let means: String
    /// The scan's place in the order in which its station counted that day's.
    public var number: Int

    /// The key that makes the scan happen once only, in the form kiosks give it.
    public var reference: String {
        let compact = station.filter { $0 != " " }
        return "\(compact)-\(badge)-\(occurredAt.milliseconds)-\(number)"
    }

    /// What the station remarks about the badge, as compact JSON.
    public var meta: String {
        guard let member else { return #"{"matched":false,"local_id":\#(number)}"# }
        return #"{"matched":true,"legacy_id":"\#(member.staffCode)","local_id":\#(number)}"#
    }

    /// As the core takes it.
    public var claim: Claim {
        Claim(
            kind: .scan, source: .trackAttendance, occurredAt: occurredAt, station: WireText(station),
            unit: member.map { WireText($0.unit) }, means: WireText(means),
            personal: PersonalPart(
                identifierKind: .badge, identifier: WireText(badge), staffCode: member.map { WireText($0.staffCode) },
                reference: WireText(reference), meta: WireText(meta)))
    }
}
