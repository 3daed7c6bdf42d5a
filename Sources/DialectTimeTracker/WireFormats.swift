import AttendanceCore
import DialectKit
import HTTPMessages
import StrictJSON

import struct FoundationEssentials.UUID

extension Response {
    static func json(status: Int = 200, _ body: [UInt8]) -> Response {
        json(status: status, .bytes(body))
    }

    static func json(status: Int = 200, _ body: ResponseBody) -> Response {
        Response(status: status, headers: ["Content-Type": "application/json"], body: body)
    }

    static func json(status: Int = 200, _ members: (inout JSONWriter) -> Void) -> Response {
        json(status: status, JSONWriter.object(members))
    }

    /// The answer to what took something away and has nothing to say about it.
    static let gone = Response(status: 204)
}

/// The value formats of contract §2.3.
extension JSONWriter {
    mutating func member(_ name: StaticString, _ id: UUID) {
        member(name) { $0.uuid(id) }
    }

    mutating func member(_ name: StaticString, _ moment: Instant) {
        member(name) { $0.moment(moment) }
    }

    mutating func member(_ name: StaticString, _ moment: Instant?) {
        guard let moment else { return member(name) { $0.null() } }
        member(name, moment)
    }

    mutating func member(_ name: StaticString, _ figure: Hundredths) {
        member(name, figure.text)
    }

    /// A time of day; microseconds are shown where there are some.
    mutating func member(_ name: StaticString, timeOfDay microseconds: Int64) {
        member(name) { $0.string { LocalClock.append(microseconds, to: &$0, withFraction: true) } }
    }

    private mutating func moment(_ moment: Instant) {
        let hasFraction = moment.microseconds % 1_000_000 != 0
        self.moment(microseconds: moment.microseconds, precision: hasFraction ? .microseconds : .seconds)
    }

    private mutating func uuid(_ id: UUID) {
        string { bytes in
            let b = id.uuid
            func group(_ group: UInt8...) {
                for byte in group {
                    bytes.append(Self.hexadecimal(byte >> 4))
                    bytes.append(Self.hexadecimal(byte & 15))
                }
            }
            group(b.0, b.1, b.2, b.3)
            bytes.append(UInt8(ascii: "-"))
            group(b.4, b.5)
            bytes.append(UInt8(ascii: "-"))
            group(b.6, b.7)
            bytes.append(UInt8(ascii: "-"))
            group(b.8, b.9)
            bytes.append(UInt8(ascii: "-"))
            group(b.10, b.11, b.12, b.13, b.14, b.15)
        }
    }

    private static func hexadecimal(_ digit: UInt8) -> UInt8 {
        digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
    }
}

/// What a clock shows, as text.
enum LocalClock {
    /// Microseconds from midnight on the clocks of a place.
    static func timeOfDay(_ moment: Instant, in zone: ZoneRules) -> Int64 {
        let day: Int64 = 86_400_000_000
        let time = (moment.microseconds + zone.offset(at: moment) * 1_000_000) % day
        return time < 0 ? time + day : time
    }

    /// `HH:MM:SS` on the clocks of a place; decimals are cut.
    static func text(_ moment: Instant, in zone: ZoneRules) -> String {
        var bytes: [UInt8] = []
        append(timeOfDay(moment, in: zone), to: &bytes, withFraction: false)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Appends `HH:MM:SS`, and `.ffffff` where it is wanted and not zero.
    /// - Parameter microseconds: From midnight.
    static func append(_ microseconds: Int64, to bytes: inout [UInt8], withFraction: Bool) {
        let seconds = microseconds / 1_000_000
        append(seconds / 3_600, digits: 2, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        append(seconds / 60 % 60, digits: 2, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        append(seconds % 60, digits: 2, to: &bytes)
        guard withFraction, microseconds % 1_000_000 != 0 else { return }
        bytes.append(UInt8(ascii: "."))
        append(microseconds % 1_000_000, digits: 6, to: &bytes)
    }

    private static func append(_ value: Int64, digits: Int, to bytes: inout [UInt8]) {
        let begin = bytes.count
        bytes.append(contentsOf: repeatElement(UInt8(ascii: "0"), count: digits))
        var rest = value
        for place in stride(from: begin + digits - 1, through: begin, by: -1) {
            bytes[place] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
    }
}
