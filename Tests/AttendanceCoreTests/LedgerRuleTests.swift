@testable import AttendanceCore
import TestKit
import Testing

@Suite struct `The canonical encoding` {
    private static let claim = Claim(
        kind: .scan, source: .trackAttendance, occurredAt: Instant(microseconds: 1_770_883_200_000_000), station: "ประตู 1",
        unit: "Tax & Legal", means: "badge",
        personal: PersonalPart(
            identifierKind: .badge, identifier: "204418", staffCode: "E-7", reference: "NorthHall-204418-77",
            meta: #"{"matched":true,"local_id":77}"#))
    private static let salt = Array(UInt8(0)..<16)

    /// These digests are what stores in the field were written with. They never change; a new version gets new ones.
    @Test func `of version 1 gives the digests it always gave`() throws {
        let ambient = Ambient.test(TestClock())
        let personal = ambient.sha256(CanonicalEncoding.personal(try #require(Self.claim.personal), salt: Self.salt))
        let content = ambient.sha256(
            CanonicalEncoding.content(
                Self.claim, receivedAt: Instant(microseconds: 1_770_883_201_000_000), caller: "key/3f2a91c0",
                personalDigest: personal))
        let genesis = ambient.sha256(CanonicalEncoding.genesis(of: .default))
        let hash = ambient.sha256(CanonicalEncoding.link(previous: genesis, sequence: 1, content: content))
        #expect("\(personal)" == "39a716db5c856f68bdf0ab30491fa2d3cb6a85a31f1b9bfdad4c1786076ebf3f")
        #expect("\(content)" == "9eead9ef537d46b86390a67ccd30e5251b93bba45b123218f05b13ec24e275a4")
        #expect("\(genesis)" == "e34ed6b9d998fc619df03b9e28fe59b3221720ddc063b597eaca4f7d3c8b0add")
        #expect("\(hash)" == "facf9d268dbfe5fcc49f11a65ac7f725d4a1f8f0b981dc985c4cbdb1ed45e018")
    }

    @Test(
        arguments: [
            { $0.station = "ประตู 2" }, { $0.station = nil }, { $0.unit = nil }, { $0.unit = "" }, { $0.means = "manual" },
            { $0.detail = "x" }, { $0.occurredAt = Instant(microseconds: 0) }, { $0.kind = .clearAll },
            { (claim: inout Claim) in swap(&claim.unit, &claim.means) },
        ] as [@Sendable (inout Claim) -> Void])
    func `differs when anything claimed differs`(change: @Sendable (inout Claim) -> Void) {
        var changed = Self.claim
        change(&changed)
        func content(_ claim: Claim) -> [UInt8] {
            CanonicalEncoding.content(claim, receivedAt: Instant(microseconds: 1), caller: "c", personalDigest: nil)
        }
        #expect(content(changed) != content(Self.claim))
    }
}

@Suite struct `A reference` {
    private let sealer = Sealer(ambient: Ambient.test(TestClock()), pseudonymKey: [UInt8](repeating: 7, count: 32))

    private func front(_ text: WireText) -> [UInt8] { Array(sealer.reference(text).bytes.prefix(5)) }

    @Test(
        arguments: [
            ("NorthHall-204418-77", [0, 0, 0, 0, 4]), ("NorthHall-204418-79", [0, 0, 0, 0, 4]), ("x80", [0, 0, 0, 0, 5]),
            ("0", [0, 0, 0, 0, 0]), ("ประตู-1-4294967296", [0, 0x10, 0, 0, 0]),
            // Longer numbers go round: 2⁶⁴ + 16, and 2⁴⁴ + 32.
            ("18446744073709551632", [0, 0, 0, 0, 1]), ("k-17592186044448", [0, 0, 0, 0, 2]),
        ] as [(WireText, [UInt8])])
    func `lies where the number at its end says`(text: WireText, front: [UInt8]) {
        #expect(self.front(text) == front)
    }

    @Test func `lies anywhere when it ends in no number`() {
        let fronts = Set(["a", "77x", "७", "x-१२", ""].map { front(WireText($0)) })
        #expect(fronts.count == 5 && fronts.allSatisfy { $0.prefix(3) != [0, 0, 0] })
    }

    @Test func `is another for every other text, whatever number it ends in`() {
        let texts = ["A-1", "a-1", "A-01", "A-2", "A-1\u{301}", "é-1", "e\u{301}-1", "1", "01"].map { WireText($0) }
        #expect(Set(texts.map { sealer.reference($0) }).count == texts.count)
        #expect(sealer.reference("A-1") == sealer.reference("A-1"))
    }
}

@Suite struct `The lease of a clear epoch` {
    @Test func `lasts for twenty milliseconds, and one caller renews it after ten`() {
        let leases = EpochLeases()
        func told(_ uptime: Int64) -> WireText?? { leases.epoch(of: .trackAttendance, in: .default, at: uptime) }
        #expect(told(0) == nil)
        leases.keep("E", of: .trackAttendance, in: .default, readAt: 100, endedAt: 100)
        #expect(told(100) == .some("E"))
        #expect(told(10_099) == .some("E"))
        #expect(told(10_100) == nil, "this one reads")
        #expect(told(10_101) == .some("E"), "and nobody else")
        #expect(told(20_099) == .some("E"))
        #expect(told(20_100) == nil)
        leases.keep(nil, of: .trackAttendance, in: .default, readAt: 20_100, endedAt: 20_100)
        #expect(told(20_101) == .some(nil), "none is an epoch too")
    }

    /// Nobody knows which of the two came first, and no client may be told the former epoch after the new one.
    @Test(arguments: [(100, 180), (200, 300)])
    func `ends when readings that overlap differ`(readAt: Int64, endedAt: Int64) {
        let leases = EpochLeases()
        leases.keep("new", of: .trackAttendance, in: .default, readAt: 150, endedAt: 250)
        leases.keep("old", of: .trackAttendance, in: .default, readAt: readAt, endedAt: endedAt)
        #expect(leases.epoch(of: .trackAttendance, in: .default, at: 300) == nil)
    }

    @Test func `is not given to what was read before`() {
        let leases = EpochLeases()
        leases.keep("new", of: .trackAttendance, in: .default, readAt: 200, endedAt: 210)
        leases.keep("old", of: .trackAttendance, in: .default, readAt: 100, endedAt: 150)
        #expect(leases.epoch(of: .trackAttendance, in: .default, at: 300) == .some("new"))
        #expect(leases.epoch(of: .trackAttendance, in: TenantID(rawValue: 2), at: 300) == nil)
    }
}

@Suite struct `A station layout` {
    @Test func `opens a span for a new name, and joins it afterwards`() {
        var layout = StationLayout()
        #expect(layout.join("A", source: .trackAttendance, at: 1) == (1, true))
        #expect(layout.join("A", source: .trackAttendance, at: 2) == (1, false))
        #expect(layout.join("B", source: .trackAttendance, at: 3) == (2, true))
        #expect(layout.span(ofEntry: 2, claimed: "A", source: .trackAttendance)?.id == 1)
    }

    @Test func `gives a name that was renamed away a span of its own`() {
        var layout = StationLayout()
        _ = layout.join("A", source: .trackAttendance, at: 1)
        #expect(layout.rename("A", to: "B", source: .trackAttendance, at: 2) == [1])
        #expect(layout.join("A", source: .trackAttendance, at: 3) == (2, true))
        #expect(layout.join("B", source: .trackAttendance, at: 4) == (3, true))
        #expect(layout.spans(shownAs: "B", source: .trackAttendance).map(\.id) == [1, 3])
        #expect(layout.span(ofEntry: 1, claimed: "A", source: .trackAttendance)?.shown == "B")
        #expect(layout.span(ofEntry: 3, claimed: "A", source: .trackAttendance)?.shown == "A")
        #expect(layout.clear("B", source: .trackAttendance, through: 5) == [1, 3])
        #expect(layout[2].clearedThrough == 0)
    }

    @Test func `keeps the span of a station that got its claimed name back`() {
        var layout = StationLayout()
        _ = layout.join("A", source: .trackAttendance, at: 1)
        _ = layout.join("B", source: .trackAttendance, at: 2)
        _ = layout.rename("A", to: "B", source: .trackAttendance, at: 3)
        #expect(layout.join("B", source: .trackAttendance, at: 4) == (2, false))
        #expect(StationLayout(spans: layout.spans) == layout)
    }
}

@Suite struct `A clear epoch` {
    @Test(
        arguments: [
            (nil, 0, "1970-01-01T00:00:00.000Z"), ("1970-01-01T00:00:00.000Z", 0, "1970-01-01T00:00:00.001Z"),
            ("1970-01-01T00:00:00.000Z", 5_000, "1970-01-01T00:00:00.005Z"),
            ("2026-02-12T08:00:00.999Z", 1_000, "2026-02-12T08:00:01.000Z"),
        ] as [(WireText?, Int64, WireText)])
    func `is later than the one before`(former: WireText?, microseconds: Int64, epoch: WireText) {
        #expect(ClearEpoch.next(after: former, at: Instant(microseconds: microseconds)) == epoch)
    }
}

@Suite struct `A name or key` {
    @Test(arguments: ["school", "a", "0-9", String(repeating: "x", count: 40)])
    func `of a tenant is taken`(name: String) throws {
        #expect(try TenantName(parsing: name).text == name)
    }

    @Test(arguments: ["", "-a", "School", "a b", "a/b", "ü", String(repeating: "x", count: 41), "a\0"])
    func `of no tenant is refused`(name: String) {
        #expect(throws: AttendanceError.self) { try TenantName(parsing: name) }
    }

    @Test(
        arguments: [
            ("upload", KeyRoles.upload), ("upload,dashboard", [.upload, .dashboard]), ("admin,upload,dashboard", .all),
        ] as [(String, KeyRoles)])
    func `of roles is taken`(text: String, roles: KeyRoles) throws {
        #expect(try KeyRoles(parsing: text) == roles)
    }

    @Test(arguments: ["", "root", "upload,root", "Upload", "upload admin"])
    func `of no role is refused`(text: String) {
        #expect(throws: AttendanceError.self) { try KeyRoles(parsing: text) }
    }

    @Test func `is taken apart and put together`() throws {
        let key = KeyText(id: "3f2a91c0", secret: String(repeating: "a", count: 64))
        let parsed = try #require(KeyText(parsing: key.text))
        #expect(parsed.id == key.id && parsed.secret == key.secret)
        #expect(KeyText(parsing: "muster_short_x") == nil)
        #expect(KeyText(parsing: "") == nil)
    }
}

@Suite struct `A station's counters` {
    /// Found by the simulation: uploads of one group kept the later clock, those of two groups the later upload.
    @Test func `tell of the upload that came last, also where the clock went back`() {
        var counters = StationCounters(scans: 2, duplicates: 1, lastUploadAt: Instant(microseconds: 9_000_000))
        counters.add(StationCounters(scans: 1, duplicates: 4, lastUploadAt: Instant(microseconds: 4_000_000)))
        #expect(counters == StationCounters(scans: 3, duplicates: 5, lastUploadAt: Instant(microseconds: 4_000_000)))
    }
}
