/// A page in Prometheus' text format 0.0.4. Source: prometheus.io/docs/instrumenting/exposition_formats.
struct Exposition: ~Copyable {
    static let mediaType = "text/plain; version=0.0.4; charset=utf-8"

    enum Kind: String {
        case counter, gauge, histogram
    }

    typealias Labels = KeyValuePairs<StaticString, String>

    private(set) var text = ""

    /// One metric with all its series.
    mutating func metric(
        _ name: StaticString, _ kind: Kind, _ help: StaticString, _ series: (inout Series) -> Void
    ) {
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n"
        var lines = Series(name: name.description)
        series(&lines)
        text += lines.text
    }

    /// A metric with one series.
    mutating func metric(
        _ name: StaticString, _ kind: Kind, _ help: StaticString, _ value: Figure, _ labels: Labels = [:]
    ) {
        metric(name, kind, help) { $0.add(value, labels) }
    }

    struct Series {
        fileprivate let name: String
        fileprivate var text = ""

        fileprivate init(name: String) {
            self.name = name
        }

        mutating func add(_ value: Figure, _ labels: Labels = [:]) {
            line("", labels, nil, value.text)
        }

        /// Cumulative buckets, their sum and their count.
        mutating func add(_ histogram: HistogramSnapshot, _ labels: Labels = [:]) {
            var within = 0
            for (bound, count) in zip(histogram.bounds + ["+Inf"], histogram.counts) {
                within += count
                line("_bucket", labels, bound, String(within))
            }
            line("_sum", labels, nil, histogram.sum.text)
            line("_count", labels, nil, String(within))
        }

        private mutating func line(_ suffix: String, _ labels: Labels, _ bound: String?, _ value: String) {
            var pairs = labels.map { "\($0.key)=\"\(Self.escaped($0.value))\"" }
            if let bound { pairs.append("le=\"\(bound)\"") }
            text += name + suffix + (pairs.isEmpty ? "" : "{\(pairs.joined(separator: ","))}") + " " + value + "\n"
        }

        /// A backslash, a quote and a line's end would end the value early.
        static func escaped(_ value: String) -> String {
            var escaped = ""
            for scalar in value.unicodeScalars {
                switch scalar {
                case "\\": escaped += #"\\"#
                case "\"": escaped += #"\""#
                case "\n": escaped += #"\n"#
                default: escaped.unicodeScalars.append(scalar)
                }
            }
            return escaped
        }
    }
}
