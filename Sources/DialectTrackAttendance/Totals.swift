import AttendanceCore
import DialectKit
import HTTPMessages
import StrictJSON

/// What the two dashboards show: the tally of scans joined with the roster.
struct Totals: Sendable {
    struct Unit: Sendable, Equatable {
        let name: WireText
        let registered: Int64
        let unique: Int64
    }

    let overview: ScanOverview
    /// The union of the roster's units and those in scans, by name in code point order, the unmatched last.
    let units: [Unit]

    init(_ overview: ScanOverview) {
        self.overview = overview
        units = Self.joined(roster: overview.roster?.units ?? [], scanned: overview.tally.units)
    }

    static func joined(roster: [RosterSummary.Unit], scanned: [ScanTally.Unit]) -> [Unit] {
        var registered: [WireText: Int64] = [:]
        var unique: [WireText: Int64] = [:]
        for unit in roster { registered[unit.name, default: 0].addSaturating(unit.registered) }
        for unit in scanned { unique[unit.name ?? UnitGrouping.unmatched, default: 0].addSaturating(unit.uniqueBadges) }
        let names = Set(registered.keys).union(unique.keys)
        return names.sorted { left, right in
            let leftIsLast = left == UnitGrouping.unmatched
            let rightIsLast = right == UnitGrouping.unmatched
            return leftIsLast == rightIsLast ? left < right : rightIsLast
        }
        .map { Unit(name: $0, registered: registered[$0] ?? 0, unique: unique[$0] ?? 0) }
    }

    var registered: Int64 {
        units.reduce(into: 0) { $0.addSaturating($1.registered) }
    }
}

extension Int64 {
    fileprivate mutating func addSaturating(_ other: Int64) {
        let (sum, overflow) = addingReportingOverflow(other)
        self = overflow ? (other > 0 ? .max : .min) : sum
    }
}

extension TrackAttendanceDialect {
    /// Everything a kiosk's dashboard shows.
    func tellStats(_ visit: Visit) async throws(TrackAttendanceFailure) -> Response {
        let totals = try await totals(in: visit.caller.tenant)
        return .json {
            $0.counts(of: totals)
            $0.member("stations") {
                $0.array(of: totals.overview.tally.stations) { writer, station in
                    writer.object {
                        $0.member("name", station.name.text)
                        $0.member("scans", station.scans)
                        $0.member("unique", station.uniqueBadges)
                        $0.member("last_scan") { $0.moment(microseconds: station.lastScanAt.microseconds) }
                    }
                }
            }
            $0.units(of: totals)
            $0.member("timestamp") { $0.moment(microseconds: totals.overview.asOf.microseconds) }
        }
    }

    /// What everybody may see: no badge, no name, no moment of a scan.
    func tellPublicStats(_ head: RequestHead, _ site: Site) async throws(TrackAttendanceFailure) -> Response {
        let totals = try await totals(in: site.tenant.id)
        return .json {
            $0.counts(of: totals)
            $0.member("total_registered", totals.registered)
            $0.member("stations") {
                $0.array(of: totals.overview.tally.stations) { writer, station in
                    writer.object {
                        $0.member("name", station.name.text)
                        $0.member("unique", station.uniqueBadges)
                    }
                }
            }
            $0.units(of: totals)
            $0.member("timestamp") { $0.moment(microseconds: totals.overview.asOf.microseconds) }
        }
    }

    func tellScanCount(_ visit: Visit) async throws(TrackAttendanceFailure) -> Response {
        let overview = try await totals(in: visit.caller.tenant).overview
        return .json {
            $0.member("count", overview.tally.scans)
            $0.member("timestamp") { $0.moment(microseconds: overview.asOf.microseconds) }
        }
    }

    private func totals(in tenant: TenantID) async throws(TrackAttendanceFailure) -> Totals {
        do throws(AttendanceError) {
            return Totals(try await operations.scanOverview(of: .trackAttendance, in: tenant))
        } catch {
            throw TrackAttendanceFailure(error, in: .general)
        }
    }
}

extension JSONWriter {
    fileprivate mutating func counts(of totals: Totals) {
        member("total_scans", totals.overview.tally.scans)
        member("unique_badges", totals.overview.tally.uniqueBadges)
    }

    fileprivate mutating func units(of totals: Totals) {
        member("business_units") {
            $0.array(of: totals.units) { writer, unit in
                writer.object {
                    $0.member("name", unit.name.text)
                    $0.member("registered", unit.registered)
                    $0.member("unique", unit.unique)
                }
            }
        }
    }
}
