import AttendanceCore
import DialectKit
import HTTPMessages
import StrictJSON

extension Response {
    static func json(status: Int = 200, _ body: [UInt8]) -> Response {
        Response(status: status, headers: ["Content-Type": "application/json"], body: .bytes(body))
    }

    static func json(status: Int = 200, _ members: (inout JSONWriter) -> Void) -> Response {
        json(status: status, JSONWriter.object(members))
    }

    /// Done, and nothing to say.
    static let gone = Response(status: 204)

    /// The same, which nobody on the way may keep: it is about one person.
    var unkept: Response {
        var response = self
        response.headers.set("Cache-Control", "no-store")
        return response
    }
}

/// The value formats of contract §1.
extension JSONWriter {
    /// ISO 8601 with microseconds, in UTC.
    mutating func member(_ name: StaticString, _ moment: Instant) {
        member(name) { $0.moment(microseconds: moment.microseconds, precision: .microseconds) }
    }

    mutating func member(_ name: StaticString, _ moment: Instant?) {
        guard let moment else { return member(name) { $0.null() } }
        member(name, moment)
    }

    mutating func member(_ name: StaticString, _ text: WireText?) {
        member(name, text?.text)
    }

    mutating func member(_ name: StaticString, _ text: WireText) {
        member(name, text.text)
    }
}
