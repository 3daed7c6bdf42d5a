public import AttendanceCore
import StrictJSON

extension [ExplainedDay] {
    /// `{"days":[…]}`: for each membership of a person its figures of the day, with all that they are made of.
    ///
    /// Durations are microseconds, moments are RFC 3339 in UTC, sequences are those of the ledger.
    public var json: [UInt8] {
        JSONWriter.object { json in
            json.member("days") { json in json.array(of: self) { json, day in json.object { day.write(to: &$0) } } }
        }
    }
}

extension ExplainedDay {
    fileprivate func write(to json: inout JSONWriter) {
        json.member("person", owner.person.text.text)
        json.member("membership", owner.membership.text.text)
        json.member("called", owner.title)
        json.member("date", explanation.day.text)
        json.member("zone", zone.name.text)
        json.member("as_of", explanation.now?.microsecondText)
        json.member("status", explanation.status?.rawValue)
        json.member("figures") { json in json.array(of: explanation.figures) { json, figure in figure.write(to: &json) } }
        json.member("under_policy") { json in
            json.array(of: explanation.underPolicy) { json, figure in figure.write(to: &json) }
        }
        json.member("rules") { json in
            json.array(of: explanation.rules) { json, rule in
                json.object {
                    $0.member("name", rule.name.rawValue)
                    $0.member("setting", rule.setting)
                    $0.member("sequence", rule.sequence)
                }
            }
        }
        json.member("corrections") { json in
            json.array(of: explanation.corrections) { json, correction in correction.write(to: &json) }
        }
        json.member("uncounted") { json in
            json.array(of: explanation.uncounted) { json, refused in
                json.object {
                    refused.punch.write(to: &$0)
                    $0.member("reason", refused.reason.rawValue)
                }
            }
        }
        json.member("of_day_before") { json in
            json.array(of: explanation.ofDayBefore) { json, punch in json.object { punch.write(to: &$0) } }
        }
    }
}

extension Explanation.Figure {
    fileprivate func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("name", name.rawValue)
            if let isFlagged { json.member("flagged", isFlagged) }
            json.member("parts") { json in json.array(of: parts) { json, part in part.write(to: &json) } }
            json.member("rounding") { json in
                json.object {
                    $0.member("exact_microseconds", rounding.exactMicroseconds)
                    $0.member("unit", rounding.unit.rawValue)
                    $0.member("shown", rounding.shownText)
                }
            }
        }
    }
}

extension Explanation.Part {
    fileprivate func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("meaning", meaning.rawValue)
            json.member("microseconds", microseconds)
            json.member("sequences") { json in json.array(of: sequences) { json, sequence in json.integer(sequence) } }
            if let from { json.member("from", from.microsecondText) }
            if let until { json.member("until", until.microsecondText) }
        }
    }
}

extension Explanation.Correction {
    fileprivate func write(to json: inout JSONWriter) {
        let (kind, sequence, punch): (String, Int64, Int64?) =
            switch self {
            case .asserted(let sequence, .edit): ("session edited", sequence, nil)
            case .asserted(let sequence, .whole): ("session asserted", sequence, nil)
            case .asserted(let sequence, .note): ("note written", sequence, nil)
            case .superseded(let sequence): ("superseded", sequence, nil)
            case .corrected(let number, let by): ("punch corrected", by, number)
            case .voided(let number, let by): ("punch voided", by, number)
            }
        json.object {
            $0.member("kind", kind)
            $0.member("sequence", sequence)
            if let punch { $0.member("punch", punch) }
        }
    }
}

extension TimedPunch {
    fileprivate func write(to json: inout JSONWriter) {
        json.member("sequence", toldBy)
        json.member("direction", direction.rawValue)
        json.member("at", at.microsecondText)
    }
}

extension SheetOwner {
    /// What people call somebody by: name and staff code, or device and number.
    public var title: String {
        let code = staffCode.text.split(separator: "\u{1F}").joined(separator: ":")
        return name.map { "\($0.text) (\(code))" } ?? code
    }
}
