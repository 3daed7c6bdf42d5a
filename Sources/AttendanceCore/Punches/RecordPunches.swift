/// What became of punches that were taken together.
public struct PunchesOutcome: Sendable, Equatable {
    /// For each punch, in their order.
    public let punches: [AppendOutcome]
    /// The numbers for which a person was opened.
    public let opened: Set<DevicePIN>
    /// The numbers that are nobody's.
    public let unknown: Set<DevicePIN>
    /// Whether the first of the punches that are in the ledger already stands there at another moment: it was read in
    /// another zone then, or by older rules of the same.
    public let differsInMoment: Bool
}

/// What ``Operations/recordPunches(_:openingPeople:as:)`` would do.
public struct PunchesPreview: Sendable, Equatable {
    /// For each punch, in their order, whether it is in the ledger already.
    public let isThere: [Bool]
    /// The numbers that are nobody's.
    public let unknown: Set<DevicePIN>
    /// As in ``PunchesOutcome/differsInMoment``.
    public let differsInMoment: Bool
}

extension Operations {
    /// Appends the punches whose references are new, all or none of them, and returns when they are on disk.
    ///
    /// A number that nobody has stays in its punch, and is matched when somebody gets it.
    /// - Parameters:
    ///   - punches: Of one source, each with a station, and a device's number as its identifier.
    ///   - openingPeople: Opens a person for each number that nobody has, in the number's name: an entry before the punches
    ///     says so. Earlier punches of the number are theirs too.
    /// - Throws: `.notPermitted` without the upload role, or the admin role where people are opened; `.unavailable`,
    ///   `.unexpected`.
    public func recordPunches(
        _ punches: [Claim], openingPeople: Bool, as caller: Caller
    ) async throws(AttendanceError) -> PunchesOutcome {
        try caller.require(openingPeople ? [.upload, .admin] : .upload)
        guard let source = punches.first?.source else {
            return PunchesOutcome(punches: [], opened: [], unknown: [], differsInMoment: false)
        }
        let pins = Self.pins(of: punches)
        let moment = ambient.now()
        let enrolments = (openingPeople ? pins : []).map { pin in
            (pin: pin, claim: sealer.seal([Claim(enrolling: pin, source: source, at: moment)], by: caller.name)[0])
        }
        let sealed = sealer.seal(punches, by: caller.name)
        let references = ExpectedReferences(
            source: source, keys: (enrolments.map(\.claim) + sealed).compactMap(\.reference))
        return try await store.write(in: caller.tenant, expecting: references) { tx throws(AttendanceError) in
            var unknown = Set(pins).subtracting(try tx.known(Set(pins), source: source))
            var opened: Set<DevicePIN> = []
            let due = enrolments.filter { unknown.contains($0.pin) }
            for (enrolment, outcome) in zip(due, try tx.append(due.map(\.claim))) {
                guard case .appended = outcome else { continue }
                opened.insert(enrolment.pin)
                unknown.remove(enrolment.pin)
            }
            let outcomes = try tx.append(sealed)
            let differs = try Self.differInMoment(punches, outcomes.map(\.duplicateOf), in: tx)
            return PunchesOutcome(punches: outcomes, opened: opened, unknown: unknown, differsInMoment: differs)
        }
    }

    /// Looks what would become of punches, and changes nothing.
    /// - Throws: `.notPermitted` without the upload role, `.unavailable`, `.unexpected`.
    public func previewPunches(_ punches: [Claim], as caller: Caller) async throws(AttendanceError) -> PunchesPreview {
        try caller.require(.upload)
        guard let source = punches.first?.source else {
            return PunchesPreview(isThere: [], unknown: [], differsInMoment: false)
        }
        let pins = Set(Self.pins(of: punches))
        let references = sealer.references(of: punches)
        return try await store.read(in: caller.tenant) { tx throws(AttendanceError) in
            let taken = try tx.taken(Set(references.compactMap(\.self)), source: source)
            let there = references.map { $0.flatMap { taken[$0] } }
            return PunchesPreview(
                isThere: there.map { $0 != nil }, unknown: pins.subtracting(try tx.known(pins, source: source)),
                differsInMoment: try Self.differInMoment(punches, there, in: tx))
        }
    }

    /// Whether the first punch that is there already stands there at another moment.
    private static func differInMoment(
        _ punches: [Claim], _ there: [Int64?], in tx: any LedgerReading
    ) throws(AttendanceError) -> Bool {
        for case (let punch, let sequence?) in zip(punches, there) {
            return try tx.entries(after: sequence - 1, limit: 1).first?.claim.occurredAt != punch.occurredAt
        }
        return false
    }

    /// The numbers in the order in which they come first, so that people are opened in the order of a file.
    private static func pins(of punches: [Claim]) -> [DevicePIN] {
        var seen: Set<DevicePIN> = []
        return punches.compactMap { punch in
            precondition(punch.kind == .punch && punch.source == punches[0].source, "punches of one source")
            guard let pin = DevicePIN(claimedIn: punch) else { preconditionFailure("a punch with a device's number") }
            return seen.insert(pin).inserted ? pin : nil
        }
    }
}

extension Claim {
    /// Somebody is known by this number from here on.
    fileprivate init(enrolling pin: DevicePIN, source: EntrySource, at moment: Instant) {
        self.init(
            kind: .enrolment, source: source, occurredAt: moment, station: pin.scope,
            personal: PersonalPart(
                identifierKind: .devicePIN, identifier: pin.number,
                reference: WireText("person\(DevicePIN.separator)\(pin.text)")))
    }
}

extension AppendOutcome {
    /// The entry that has taken the reference.
    fileprivate var duplicateOf: Int64? {
        if case .duplicate(let sequence) = self { sequence } else { nil }
    }
}

extension Sealer {
    /// What the references of claims are in the store, in their order; nil for a claim without one.
    func references(of claims: [Claim]) -> [Pseudonym?] {
        claims.map { $0.personal?.reference.map { reference($0) } }
    }
}
