@testable import DialectKit
@testable import DialectTrackAttendance
import Glibc
import StrictJSON

/// Moments, numbers and texts as clients spell them. The first byte says what the rest is:
/// `m` a moment's text, `u` eight bytes of microseconds, `d` eight bytes of a double, `i` a text that may begin with an integer,
/// `j` a JSON value.
enum Values {
    static func run(_ input: Span<UInt8>) {
        guard !input.isEmpty else { return }
        let rest = input.extracting(1...)
        switch input[0] {
        case UInt8(ascii: "m"): text(rest).map(checkMoment)
        case UInt8(ascii: "u"): checkMicroseconds(Int64(truncatingIfNeeded: word(rest)))
        case UInt8(ascii: "d"): checkDouble(Double(bitPattern: word(rest)))
        case UInt8(ascii: "i"): text(rest).map(checkInteger)
        case UInt8(ascii: "j"): checkReadings(rest)
        default: break
        }
    }

    private static func word(_ bytes: Span<UInt8>) -> UInt64 {
        var word: UInt64 = 0
        for index in bytes.indices.prefix(8) { word = word << 8 | UInt64(bytes[index]) }
        return word
    }

    // MARK: Moments

    private static func checkMoment(_ text: String) {
        let syntaxes = [
            Moment.Syntax.complete, .abbreviated, .init(secondsMayBeAbsent: true), .init(zoneMayBeAbsent: true),
            .init(dateMayStandAlone: true),
        ]
        for (number, syntax) in syntaxes.enumerated() {
            let found = Moment.microseconds(parsing: text, syntax: syntax)
            law(found == judged(text, syntax), "\(text) in syntax \(number) is \(String(describing: found))")
            if let found { checkMicroseconds(found) }
        }
    }

    private static func checkMicroseconds(_ microseconds: Int64) {
        guard Moment.expressible.contains(microseconds) else { return }
        for (precision, unit) in [(Moment.Precision.seconds, Int64(1_000_000)), (.milliseconds, 1_000), (.microseconds, 1)] {
            let text = Moment.text(microseconds, precision: precision)
            let remainder = microseconds % unit
            let cut = microseconds - (remainder < 0 ? remainder + unit : remainder)
            law(Moment.microseconds(parsing: text) == cut, "\(microseconds) is written as \(text)")
            law(judged(text, .complete) == cut, "the C library reads \(text) otherwise")
        }
    }

    /// The grammar by a pattern, the calendar by the C library.
    private static func judged(_ text: String, _ syntax: Moment.Syntax) -> Int64? {
        let bytes = Array(text.utf8)
        func matches(_ pattern: String, at place: Int) -> Bool {
            pattern.utf8.count <= bytes.count - place
                && zip(pattern.utf8, bytes[place...]).allSatisfy { mark, byte in
                    switch mark {
                    case UInt8(ascii: "9"): (0x30...0x39).contains(byte)
                    case UInt8(ascii: "T"): byte == 0x54 || byte == 0x74 || byte == 0x20
                    case UInt8(ascii: "Z"): byte == 0x5A || byte == 0x7A
                    case UInt8(ascii: "+"): byte == 0x2B || byte == 0x2D
                    default: byte == mark
                    }
                }
        }
        func number(_ place: Int, _ count: Int) -> Int { Int(String(decoding: bytes[place..<place + count], as: UTF8.self)) ?? 0 }
        guard matches("9999-99-99", at: 0) else { return nil }
        var civil = unsafe tm()
        unsafe civil.tm_year = Int32(number(0, 4) - 1_900)
        unsafe civil.tm_mon = Int32(number(5, 2) - 1)
        unsafe civil.tm_mday = Int32(number(8, 2))
        let named = unsafe (civil.tm_year, civil.tm_mon, civil.tm_mday)
        let midnight = unsafe timegm(&civil)
        // A day that does not exist becomes another one.
        guard unsafe (civil.tm_year, civil.tm_mon, civil.tm_mday) == named, named.0 > -1_900 else { return nil }
        if bytes.count == 10 { return syntax.dateMayStandAlone ? Int64(midnight) * 1_000_000 : nil }

        guard matches("T99:99", at: 10), number(11, 2) < 24, number(14, 2) < 60 else { return nil }
        var place = 16
        var seconds = midnight + number(11, 2) * 3_600 + number(14, 2) * 60
        var micros = 0
        if matches(":", at: place) {
            guard matches(":99", at: place), number(place + 1, 2) < 60 else { return nil }
            seconds += number(place + 1, 2)
            place += 3
            if matches(".", at: place) {
                let digits = bytes[(place + 1)...].prefix { (0x30...0x39).contains($0) }
                guard !digits.isEmpty else { return nil }
                micros =
                    Int(String(decoding: Array((digits + [0x30, 0x30, 0x30, 0x30, 0x30, 0x30]).prefix(6)), as: UTF8.self)) ?? 0
                place += 1 + digits.count
            }
        } else if !syntax.secondsMayBeAbsent {
            return nil
        }
        if place == bytes.count {
            guard syntax.zoneMayBeAbsent else { return nil }
        } else if !(matches("Z", at: place) && place + 1 == bytes.count) {
            let hasColon = matches("+99:99", at: place) && place + 6 == bytes.count
            guard hasColon || matches("+9999", at: place) && place + 5 == bytes.count else { return nil }
            let hours = number(place + 1, 2)
            let minutes = number(place + (hasColon ? 4 : 3), 2)
            guard hours < 24, minutes < 60 else { return nil }
            seconds -= (hours * 3_600 + minutes * 60) * (bytes[place] == 0x2B ? 1 : -1)
        }
        // 0001-01-01 and 10000-01-01.
        guard seconds >= -62_135_596_800, seconds < 253_402_300_800 else { return nil }
        return Int64(seconds) * 1_000_000 + Int64(micros)
    }

    // MARK: Numbers

    private static func checkDouble(_ double: Double) {
        let text = JavaScript.text(of: double)
        guard double.isFinite else {
            return law(["NaN", "Infinity", "-Infinity"].contains(text), "\(text) for no number")
        }
        law(unsafe strtod(text, nil) == double, "\(double) is written as \(text)")
        let digits = significant(text)
        // The C library's rounding gives the fewest digits that read back, except beside powers of two, where fewer can do.
        for count in 1...17 {
            let judged = formatted(double, count)
            guard unsafe strtod(judged, nil) == double else { continue }
            law(digits.utf8.count <= max(1, significant(judged).utf8.count), "\(text) is longer than \(judged)")
            if digits.utf8.count == significant(judged).utf8.count, double.significandBitPattern != 0 {
                law(digits == significant(judged), "\(text) is not \(judged)")
            }
            break
        }
        let magnitude = double.magnitude
        law(text.contains("e") == (magnitude != 0 && (magnitude < 1e-6 || magnitude >= 1e21)), "\(text) has the wrong form")
        var writer = JSONWriter()
        writer.value(double)
        let written = writer.bytes
        guard let number = try? JSONDocument(parsing: written, duplicates: .refuse).root.number else {
            return law(false, "\(double) is written as no number")
        }
        law(number.double == double, "\(double) is written as another number")
        law(JavaScript.text(of: number) == text, "\(number.text) is \(JavaScript.text(of: number)), not \(text)")
    }

    private static func formatted(_ double: Double, _ digits: Int) -> String {
        unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { buffer in
            let count = unsafe withVaList([Int32(digits - 1), double]) { unsafe vsnprintf(buffer.baseAddress, 64, "%.*e", $0) }
            return unsafe String(decoding: buffer[..<Int(count)].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
    }

    private static func significant(_ text: String) -> String {
        var digits = text.utf8.prefix { $0 != UInt8(ascii: "e") }.filter { (0x30...0x39).contains($0) }
        while digits.last == 0x30 { digits.removeLast() }
        return String(decoding: digits.drop { $0 == 0x30 }, as: UTF8.self)
    }

    private static func checkInteger(_ text: String) {
        let found = JavaScript.integer(beginning: text)
        let clamped = JavaScript.clampedInteger(beginning: text)
        if let found { law(clamped == found, "\(text) is \(found) and clamped \(String(describing: clamped))") }
        let trimmed = JavaScript.trimmed(text)
        law(JavaScript.trimmed(trimmed).isSame(as: trimmed), "blanks are left at an end")
        law(JavaScript.integer(beginning: trimmed) == found, "blanks change an integer")
        // What strtol skips is part of what JavaScript skips, so it is asked about what is left.
        guard !trimmed.utf8.contains(0), let first = trimmed.utf8.first, (0x2B...0x39).contains(first) else { return }
        errno = 0
        var end: UnsafeMutablePointer<CChar>?
        let (judged, isNumber) = unsafe trimmed.withCString { start in
            let value = unsafe strtol(start, &end, 10)
            return unsafe (value, end.map { unsafe UnsafePointer($0) } != start)
        }
        let isTooLarge = errno == ERANGE
        law(clamped == (isNumber ? judged : nil), "\(text) is \(String(describing: clamped)), not \(judged)")
        law(found == (isNumber && !isTooLarge ? judged : nil), "\(text) is \(String(describing: found)), not \(judged)")
    }

    // MARK: Readings

    private static func checkReadings(_ bytes: Span<UInt8>) {
        guard let value = try? JSONDocument(parsing: bytes, duplicates: .takeLast).root else { return }
        let ranges = [Int.min...Int.max, 0...0, -5...600, Int.max...Int.max, Int.min...Int.min, 0...9_007_199_254_740_991]
        let leniencies: [IntegerReading.Leniency] = [[], .wholeNumbers, .text, [.wholeNumbers, .text]]
        for range in ranges {
            for leniency in leniencies {
                guard let integer = try? IntegerReading(range: range, leniency: leniency).read(value) else { continue }
                law(range.contains(integer), "an integer outside its range")
                let spelling = value.string ?? value.number?.text ?? ""
                if value.number?.isInteger ?? true {
                    law(unsafe strtol(spelling, nil, 10) == integer, "\(spelling) is read as \(integer)")
                } else {
                    law(unsafe strtod(spelling, nil) == Double(integer), "\(spelling) is read as \(integer)")
                }
            }
        }
        for others in [TextReading.Others.refused, .asJavaScript] {
            guard let text = try? TextReading(scalars: 1...8, others: others).read(value) else { continue }
            law((1...8).contains(text.unicodeScalars.count) && !text.utf8.contains(0), "a text outside its limits")
        }
        _ = try? LeadingIntegerReading().read(value)
        if let moment = try? MomentReading(syntax: .abbreviated).read(value) { checkMicroseconds(moment) }
        var reader = FieldReader()
        for name in ["a", "b", "events"] {
            _ = reader.required(name, of: value, as: .integer(0...9))
            _ = reader.optional(name, of: value, as: .text(1...8, others: .asJavaScript))
            _ = reader.ifPresent(name, of: value, as: .leadingInteger)
        }
        for violation in reader.violations { law(violation.path.joined().utf8.count <= bytes.count + 8, "a path out of nowhere") }
    }
}
