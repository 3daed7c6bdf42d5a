/// Running totals of one source's counting scans: a projection.
public struct ScanTally: Sendable, Equatable {
    /// What one station scanned, under its present name.
    public struct Station: Sendable, Equatable {
        public let name: WireText
        public let scans: Int64
        public let uniqueBadges: Int64
        /// The latest moment claimed, not the latest arrival.
        public let lastScanAt: Instant

        public init(name: WireText, scans: Int64, uniqueBadges: Int64, lastScanAt: Instant) {
            self.name = name
            self.scans = scans
            self.uniqueBadges = uniqueBadges
            self.lastScanAt = lastScanAt
        }
    }

    /// What was scanned of one part of the organisation.
    public struct Unit: Sendable, Equatable {
        /// Nil for the scans that name no unit; see ``UnitGrouping``.
        public let name: WireText?
        public let uniqueBadges: Int64

        public init(name: WireText?, uniqueBadges: Int64) {
            self.name = name
            self.uniqueBadges = uniqueBadges
        }
    }

    public let scans: Int64
    public let uniqueBadges: Int64
    /// The text that tells stations whether they have seen the last clear of everything; nil until there was one.
    public let clearEpoch: WireText?
    /// Stations with scans, by name in code point order.
    public let stations: [Station]
    /// Units with scans, by name in code point order, the one without a name last.
    public let units: [Unit]

    public init(scans: Int64, uniqueBadges: Int64, clearEpoch: WireText?, stations: [Station], units: [Unit]) {
        self.scans = scans
        self.uniqueBadges = uniqueBadges
        self.clearEpoch = clearEpoch
        self.stations = stations
        self.units = units
    }
}

/// Which group of the totals a claimed unit belongs to.
public enum UnitGrouping {
    /// The name under which badges without a unit are counted. A unit that is really called so is the same group, since
    /// nobody could tell the two rows apart. Source: contract TrackAttendance §3.6.
    public static let unmatched: WireText = "Unmatched"

    /// Nil for no unit, an empty one, and ``unmatched``.
    public static func group(of claimed: WireText?) -> WireText? {
        guard let claimed, !claimed.isEmpty, claimed != unmatched else { return nil }
        return claimed
    }
}
