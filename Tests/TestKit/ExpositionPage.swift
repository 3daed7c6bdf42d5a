/// A page of figures, read as strictly as its format is written: what a lenient scraper would forgive is an error here.
///
/// Source: prometheus.io/docs/instrumenting/exposition_formats, text format 0.0.4, and its naming conventions.
public struct ExpositionPage: Sendable {
    public struct Fault: Error, CustomStringConvertible {
        public let description: String
    }

    /// Each series as it stands on the page, labels in their order: `name{a="b"}`.
    public private(set) var values: [String: Double] = [:]
    public private(set) var types: [String: String] = [:]
    private var labels: [String: [(name: String, value: String)]] = [:]

    public init(_ text: String) throws(Fault) {
        guard text.hasSuffix("\n") else { throw Fault(description: "the last line does not end") }
        var current: String?
        var helped: Set<String> = []
        for line in text.dropLast().split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("# HELP ") {
                let words = line.split(separator: " ", maxSplits: 3)
                guard words.count == 4, helped.insert(String(words[2])).inserted else { throw Fault(description: "\(line)") }
                current = nil
            } else if line.hasPrefix("# TYPE ") {
                let words = line.split(separator: " ")
                guard words.count == 4, ["counter", "gauge", "histogram"].contains(words[3]), helped.contains(String(words[2])),
                    types.updateValue(String(words[3]), forKey: String(words[2])) == nil
                else { throw Fault(description: "\(line)") }
                guard (words[3] == "counter") == words[2].hasSuffix("_total") else {
                    throw Fault(description: "badly named: \(line)")
                }
                current = String(words[2])
            } else {
                guard let current else { throw Fault(description: "a sample without a type: \(line)") }
                try read(String(line), of: current)
            }
        }
        try checkHistograms()
    }

    /// The value of a series, labels in the page's order; nil where there is none.
    public subscript(series: String) -> Double? { values[series] }

    /// The value of a label of a series.
    public func label(_ name: String, of series: String) -> String? {
        labels[series]?.first { $0.name == name }?.value
    }

    private mutating func read(_ line: String, of metric: String) throws(Fault) {
        func fault(_ what: String) -> Fault { Fault(description: "\(what): \(line)") }
        var rest = line[...]
        let name = rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_" || $0 == ":") }
        rest = rest.dropFirst(name.count)
        let suffixes = types[metric] == "histogram" ? ["_bucket", "_sum", "_count"] : [""]
        guard suffixes.contains(where: { metric + $0 == name }) else { throw fault("not of \(metric)") }
        var found: [(String, String)] = []
        if rest.hasPrefix("{") {
            rest = rest.dropFirst()
            while !rest.hasPrefix("}") {
                let label = rest.prefix { $0.isASCII && ($0.isLetter || $0 == "_") }
                guard !label.isEmpty, rest.dropFirst(label.count).hasPrefix("=\"") else { throw fault("a label") }
                rest = rest.dropFirst(label.count + 2)
                var value = ""
                while let character = rest.popFirst(), character != "\"" {
                    guard character == "\\" else {
                        value.append(character)
                        continue
                    }
                    switch rest.popFirst() {
                    case "\\": value.append("\\")
                    case "\"": value.append("\"")
                    case "n": value.append("\n")
                    default: throw fault("an escape")
                    }
                }
                found.append((String(label), value))
                if rest.hasPrefix(",") { rest = rest.dropFirst() } else if !rest.hasPrefix("}") { throw fault("the labels") }
            }
            rest = rest.dropFirst()
        }
        let series = String(line[..<rest.startIndex])
        guard rest.hasPrefix(" "), let value = Double(rest.dropFirst()), Set(found.map(\.0)).count == found.count else {
            throw fault("a value")
        }
        guard values.updateValue(value, forKey: series) == nil else { throw fault("told twice") }
        labels[series] = found.map { (name: $0.0, value: $0.1) }
    }

    /// Buckets rise, end with `+Inf`, and that one is the count.
    private func checkHistograms() throws(Fault) {
        for (metric, type) in types where type == "histogram" {
            var buckets: [String: [(bound: Double, count: Double)]] = [:]
            for (series, value) in values where series.hasPrefix(metric + "_bucket{") {
                guard let bound = label("le", of: series).flatMap({ $0 == "+Inf" ? .infinity : Double($0) }) else {
                    throw Fault(description: "no bound: \(series)")
                }
                let others = (labels[series] ?? []).filter { $0.name != "le" }.map { "\($0.name)=\"\($0.value)\"" }
                buckets[others.isEmpty ? "" : "{\(others.joined(separator: ","))}", default: []].append((bound, value))
            }
            for (rest, found) in buckets {
                let sorted = found.sorted { $0.bound < $1.bound }
                let rises = zip(sorted, sorted.dropFirst()).allSatisfy { $0.count <= $1.count && $0.bound < $1.bound }
                guard rises, sorted.last?.bound == .infinity, sorted.last?.count == values[metric + "_count" + rest],
                    values[metric + "_sum" + rest] != nil
                else { throw Fault(description: "\(metric)\(rest) is no histogram") }
            }
        }
    }
}
