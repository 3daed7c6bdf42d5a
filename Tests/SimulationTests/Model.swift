import AttendanceCore

/// A text as its code points, so that nothing about the program's own idea of equal texts is believed here.
struct Text: Hashable, Comparable, Sendable, CustomStringConvertible, ExpressibleByStringLiteral {
    let scalars: [UInt32]

    init(_ text: WireText) {
        scalars = text.text.unicodeScalars.map(\.value)
    }

    init(stringLiteral value: String) {
        self.init(WireText(value))
    }

    static func < (left: Text, right: Text) -> Bool {
        left.scalars.lexicographicallyPrecedes(right.scalars)
    }

    var description: String {
        scalars.map { value in
            (32..<127).contains(value) ? String(UnicodeScalar(UInt8(value))) : "\\u{" + String(value, radix: 16) + "}"
        }.joined()
    }
}

/// What a tenant's store has to hold and answer: the original servers' idea of it, a list of scans from which a clear
/// deletes and in which a rename changes names. No spans, no marks, no groups, no running counts. Beside it the punch clock.
struct Model: Equatable {
    /// An entry of the ledger, without what only the server knows.
    struct Entry: Equatable, Sendable {
        var kind: EntryKind
        var occurredAt: Int64
        var station: Text?
        var detail: Text?
        var unit: Text?
        var means: Text?
        var badge: Text?
        var staffCode: Text?
        var reference: Text?
        var meta: Text?
    }

    struct Scan: Equatable, Sendable {
        var sequence: Int64
        var station: Text
        var entry: Entry
    }

    struct Beat: Equatable, Sendable {
        var epoch: Text?
        var count: Int64
        var receivedAt: Int64
    }

    struct Sent: Equatable, Sendable {
        var scans: Int64 = 0
        var duplicates: Int64 = 0
        var lastAt: Int64 = 0
    }

    /// Everything that was ever taken, in order.
    var ledger: [Entry] = []
    /// What counts now, in the order it came.
    var scans: [Scan] = []
    /// The names under which anything ever taken is shown.
    var names: Set<Text> = []
    var epoch: Int64?
    var roster: [Text: Int64]?
    var fingerprint: Text?
    var beats: [Text: Beat] = [:]
    var sent: [Text: Sent] = [:]
    var acts = 0
    var clock = PunchClockModel()
    /// The staff codes that scans told of, and how many people these and the punch clock's members are: who comes to one of
    /// the two with a code that the other knows is the same person.
    var staff: Set<Text> = []
    var persons = 0

    /// Does what was asked for and says what the answer is.
    /// - Parameter now: The server's clock when it was asked.
    mutating func apply(_ deed: Deed, at now: Instant) -> Answer {
        switch deed {
        case .scans(let claims):
            let saved = claims.map { take(Entry($0), at: now) }.count { $0 }
            return .batch(saved: saved, duplicates: claims.count - saved)
        case .heartbeat(let station, let epoch, let count):
            beats[Text(station)] = Beat(epoch: epoch.map { Text($0) }, count: count, receivedAt: now.microseconds)
            return .kept
        case .roster(let summary):
            let units = summary.units.map { (Text($0.name), $0.registered) }
            guard Set(units.map(\.0)).count == units.count else { return .failed(.invalid(field: "business_units", .twice)) }
            guard fingerprint != Text(summary.fingerprint) else { return .roster(isNew: false) }
            fingerprint = Text(summary.fingerprint)
            roster = Dictionary(uniqueKeysWithValues: units)
            acts += 1
            return .roster(isNew: true)
        case .clearAll:
            let deleted = Int64(scans.count)
            let next = max(now.milliseconds, epoch.map { $0 + 1 } ?? .min)
            epoch = next
            ledger.append(Entry(kind: .clearAll, occurredAt: now.microseconds, detail: Self.text(ofEpoch: next)))
            (scans, beats, roster, fingerprint) = ([], [:], nil, nil)
            acts += 1
            return .cleared(deleted, epoch: Self.text(ofEpoch: next))
        case .clearStation(let name):
            let station = Text(name)
            let deleted = Int64(scans.count { $0.station == station })
            if deleted > 0 {
                ledger.append(Entry(kind: .clearStation, occurredAt: now.microseconds, station: station))
                scans.removeAll { $0.station == station }
            }
            beats[station] = nil
            acts += 1
            return .stationCleared(deleted)
        case .rename(let oldName, let newName):
            let (old, new) = (Text(oldName), Text(newName))
            let moved = Int64(scans.count { $0.station == old })
            guard old != new else { return .renamed(moved) }
            if names.remove(old) != nil {
                names.insert(new)
                ledger.append(Entry(kind: .renameStation, occurredAt: now.microseconds, station: old, detail: new))
            }
            for place in scans.indices where scans[place].station == old { scans[place].station = new }
            if let beat = beats.removeValue(forKey: old), beat.receivedAt > beats[new]?.receivedAt ?? .min { beats[new] = beat }
            acts += 1
            return .renamed(moved)
        case .clock(let deed):
            let outcome = clock.apply(deed, at: now, sequence: Int64(ledger.count + 1))
            if let entry = outcome.entry { ledger.append(entry) }
            if outcome.isAudited { acts += 1 }
            if case .join(let code, _) = deed, outcome.entry != nil, !staff.contains(Text(code)) { persons += 1 }
            return outcome.answer
        case .refused:
            return .failed(.notFound(.station))
        }
    }

    /// Takes a scan unless one with its reference counts. Says whether it was taken.
    private mutating func take(_ entry: Entry, at now: Instant) -> Bool {
        let station = entry.station ?? ""
        sent[station, default: Sent()].lastAt = now.microseconds
        guard !scans.contains(where: { $0.entry.reference == entry.reference }) else {
            sent[station, default: Sent()].duplicates += 1
            return false
        }
        sent[station, default: Sent()].scans += 1
        ledger.append(entry)
        scans.append(Scan(sequence: Int64(ledger.count), station: station, entry: entry))
        names.insert(station)
        if entry.badge != nil, let code = entry.staffCode, staff.insert(code).inserted,
            !clock.members.values.contains(where: { Text($0.code) == code })
        {
            persons += 1
        }
        return true
    }

    private static func text(ofEpoch milliseconds: Int64) -> Text {
        Text(WireText(Instant(microseconds: milliseconds * 1_000).millisecondText))
    }

    // MARK: What can be seen of it

    func seen(after sequence: Int) -> Seen {
        func unique(_ scans: [Scan]) -> Int64 { Int64(Set(scans.map(\.entry.badge)).count) }
        let stations = Dictionary(grouping: scans, by: \.station).sorted { $0.key < $1.key }
        let units = Dictionary(grouping: scans) { scan in
            scan.entry.unit.flatMap { $0 == "" || $0 == "Unmatched" ? nil : $0 }
        }.sorted { left, right in
            guard let leftName = left.key else { return false }
            return right.key.map { leftName < $0 } ?? true
        }
        return Seen(
            entries: Array(ledger.dropFirst(sequence)), scans: Int64(scans.count), badges: unique(scans),
            stations: stations.map { name, scans in
                .init(name: name, scans: Int64(scans.count), badges: unique(scans), last: scans.map(\.entry.occurredAt).max() ?? 0)
            },
            units: units.map { .init(name: $0.key, badges: unique($0.value)) },
            epoch: epoch.map(Self.text), roster: roster, fingerprint: fingerprint,
            beats: beats.sorted { $0.key < $1.key }.map { .init(station: $0.key, beat: $0.value) },
            sent: sent, acts: acts, clock: clock.seen)
    }

    /// The rows of an export.
    var export: [Scan] {
        scans.sorted { ($0.entry.occurredAt, $0.sequence) < ($1.entry.occurredAt, $1.sequence) }
    }

    /// The latest moment at which a badge was seen in a span of time at another station, and where that may have been: of
    /// several equal moments any will do.
    func newest(badge: Text, from: Int64, through: Int64, notAt station: Text?) -> (moment: Int64, stations: Set<Text>)? {
        let near = scans.filter {
            $0.entry.badge == badge && $0.station != station && (from...through).contains($0.entry.occurredAt)
        }
        return near.map(\.entry.occurredAt).max().map { moment in
            (moment, Set(near.filter { $0.entry.occurredAt == moment }.map(\.station)))
        }
    }

    /// How many badges were handed out, cleared scans too.
    var identifiers: Int {
        var holders: [Text: Text] = [:]
        var identifiers = 0
        for entry in ledger {
            guard let badge = entry.badge, let code = entry.staffCode else { continue }
            if holders.updateValue(code, forKey: badge) != code { identifiers += 1 }
        }
        return identifiers
    }
}

/// What can be seen of a tenant from outside. Two models that look the same are the same.
struct Seen: Equatable, Sendable {
    struct Station: Equatable, Sendable {
        let name: Text
        let scans: Int64
        let badges: Int64
        let last: Int64
    }

    struct Unit: Equatable, Sendable {
        let name: Text?
        let badges: Int64
    }

    struct Beat: Equatable, Sendable {
        let station: Text
        let beat: Model.Beat
    }

    /// Of the ledger only what is new.
    var entries: [Model.Entry]
    var scans: Int64
    var badges: Int64
    var stations: [Station]
    var units: [Unit]
    var epoch: Text?
    var roster: [Text: Int64]?
    var fingerprint: Text?
    var beats: [Beat]
    var sent: [Text: Model.Sent]
    var acts: Int
    var clock: SeenPunchClock

    /// Where two of them differ, in words.
    func differences(from other: Seen) -> String {
        zip(Mirror(reflecting: self).children, Mirror(reflecting: other).children).compactMap { mine, others in
            let (left, right) = ("\(mine.value)", "\(others.value)")
            return left == right ? nil : "  \(mine.label ?? ""): \(left)\n  and not: \(right)"
        }.joined(separator: "\n")
    }
}

extension Model.Entry {
    init(_ claim: Claim) {
        func text(_ wire: WireText?) -> Text? { wire.map { Text($0) } }
        self.init(
            kind: claim.kind, occurredAt: claim.occurredAt.microseconds, station: text(claim.station), detail: text(claim.detail),
            unit: text(claim.unit), means: text(claim.means), badge: text(claim.personal?.identifier),
            staffCode: text(claim.personal?.staffCode), reference: text(claim.personal?.reference),
            meta: text(claim.personal?.meta))
    }
}
