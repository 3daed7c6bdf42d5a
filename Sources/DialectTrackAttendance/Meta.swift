import AttendanceCore
import DialectKit
import StrictJSON

/// The remarks of one event: an object of up to 20 small values, all of which are kept.
struct Meta: Sendable {
    static let propertiesMax = 20
    static let nameMaxScalars = 64
    static let valueMaxScalars = 512
    static let textMaxScalars = 10_240

    /// As compact JSON, numbers as they were sent; nil where there are none, or none that are right.
    private(set) var text: WireText?
    /// The employee number that the kiosk found for the badge.
    private(set) var staffCode: WireText?
    /// Which limit is broken. Property names are the client's own words, so it names none.
    private(set) var brokenLimit: String?

    /// Reads `meta` of an event. What is no object, and U+0000 in it, is refused like any other field.
    init(of event: JSONValue, _ reader: inout FieldReader) {
        guard let meta = event["meta"], !meta.isNull else { return }
        guard let members = meta.members else {
            reader.refuse(meta, .wrongType(expected: .object))
            return
        }
        guard members.count <= Self.propertiesMax else {
            brokenLimit = "must NOT have more than \(Self.propertiesMax) properties"
            return
        }
        var writer = JSONWriter(reservingCapacity: 128)
        var matching = StaffMatch()
        writer.beginObject()
        for member in members {
            let name = member.name
            if name.utf8.count > Self.nameMaxScalars, name.unicodeScalars.count > Self.nameMaxScalars {
                brokenLimit = "must NOT have property names of more than \(Self.nameMaxScalars) characters"
            }
            if let string = member.value.string {
                if string.utf8.count > Self.valueMaxScalars, string.unicodeScalars.count > Self.valueMaxScalars {
                    brokenLimit = "must NOT have texts of more than \(Self.valueMaxScalars) characters"
                }
                writer.member(named: name, string)
            } else if member.value.kind == .object || member.value.kind == .array {
                brokenLimit = "must NOT have properties other than text, number, boolean and null"
            } else {
                writer.member(named: name, member.value)
            }
            matching.look(at: name, member.value)
        }
        writer.endObject()
        // The writer spells U+0000 with a backslash, so most remarks need no second look.
        let hasNUL = writer.bytes.contains(UInt8(ascii: "\\")) && Self.containsNUL(members)
        if hasNUL { reader.refuse(meta, .containsNUL) }
        let text = String(decoding: writer.bytes, as: UTF8.self)
        if text.utf8.count > Self.textMaxScalars, text.unicodeScalars.count > Self.textMaxScalars {
            brokenLimit = brokenLimit ?? "must NOT have more than \(Self.textMaxScalars) characters as JSON"
        }
        guard brokenLimit == nil, !hasNUL else { return }
        self.text = WireText(text)
        staffCode = matching.staffCode
    }

    private static func containsNUL(_ members: JSONMembers) -> Bool {
        members.contains { $0.name.utf8.contains(0) || $0.value.string?.utf8.contains(0) ?? false }
    }
}

/// What `meta` says about the person behind a badge. Source: contract §3.7.
struct StaffMatch: Sendable {
    /// True only for the boolean and for the text `true`.
    private(set) var isMatched = false
    /// As a text; nil for null and the empty text.
    private(set) var legacyID: WireText?
    /// A boolean is shown where it was sent, and names nobody.
    private var isName = false

    init() {}

    /// Reads the match back from kept remarks.
    init(in meta: WireText?) {
        // Only what Meta wrote is kept, so a text that cannot be read says nothing.
        guard let meta, let root = try? JSONDocument(parsing: Array(meta.text.utf8), duplicates: .takeLast).root,
            let members = root.members
        else { return }
        for member in members { look(at: member.name, member.value) }
    }

    mutating func look(at name: String, _ value: JSONValue) {
        if name == "matched" {
            isMatched = value.boolean ?? (value.string == "true")
        } else if name == "legacy_id", let text = JavaScript.text(of: value), !text.isEmpty {
            legacyID = WireText(text)
            isName = value.boolean == nil
        }
    }

    /// The employee number, where the kiosk says that it found one.
    var staffCode: WireText? { isMatched && isName ? legacyID : nil }
}
