import StrictJSON

/// What `muster doctor` looks at. Names are stable: alarms and scripts go by them.
enum Check: String, Sendable, CaseIterable {
    case store, schema, clock, disk, filesystem, files, integrity, chain, durability, connections, listeners, keys, stations,
        badges, refusals, zone
}

/// What one look showed.
struct Finding: Sendable, Equatable {
    enum Level: String, Sendable, Comparable, CaseIterable {
        case ok
        /// Worth knowing, and nothing has to be done today.
        case note
        /// Somebody has to do something.
        case trouble

        static func < (left: Level, right: Level) -> Bool {
            (allCases.firstIndex(of: left) ?? 0) < (allCases.firstIndex(of: right) ?? 0)
        }
    }

    let check: Check
    let level: Level
    /// Whose data was looked at; nil for what belongs to the installation.
    let tenant: String?
    /// One line.
    let text: String
    /// What to do about it; always there for trouble.
    let advice: String?

    init(_ check: Check, _ level: Level, tenant: String? = nil, _ text: String, advice: String? = nil) {
        precondition(level != .trouble || advice != nil, "who tells of trouble tells what to do")
        self.check = check
        self.level = level
        self.tenant = tenant
        // Texts of clients and engines are in it.
        self.text = Terminal.harmless(text)
        self.advice = advice
    }
}

/// All that one examination showed.
struct Diagnosis: Sendable {
    let at: String
    let findings: [Finding]

    var worst: Finding.Level { findings.map(\.level).max() ?? .ok }

    func count(_ level: Finding.Level) -> Int { findings.count { $0.level == level } }

    /// For people: a line for each finding, and what to do under those that are trouble.
    var text: String {
        let tenants = Set(findings.compactMap(\.tenant)).count
        let idWidth = Check.allCases.map(\.rawValue.count).max() ?? 0
        let levelWidth = Finding.Level.allCases.map(\.rawValue.count).max() ?? 0
        func padded(_ text: String, _ width: Int) -> String { text + String(repeating: " ", count: width - text.count) }
        var lines = findings.map { finding in
            // Where there is one tenant only, its name says nothing.
            let whose = tenants > 1 ? finding.tenant.map { "\($0): " } ?? "" : ""
            let head = padded(finding.level.rawValue, levelWidth) + "  " + padded(finding.check.rawValue, idWidth) + "  "
            let margin = String(repeating: " ", count: head.count)
            return head + whose + finding.text + (finding.advice.map { "\n\(margin)→ \($0)" } ?? "")
        }
        let (troubles, notes) = (count(.trouble), count(.note))
        lines.append("")
        lines.append(
            (troubles == 0 ? "No trouble" : "Trouble: \(troubles)") + (notes == 0 ? "" : ", notes: \(notes)")
                + ", in order: \(count(.ok))")
        return lines.joined(separator: "\n")
    }

    /// For programs. Members are only ever added.
    var json: String {
        var writer = JSONWriter(reservingCapacity: 2_048)
        writer.object { writer in
            writer.member("version", Version.text)
            writer.member("at", at)
            writer.member("level", worst.rawValue)
            writer.member("checks") { writer in
                writer.array { writer in
                    for finding in findings {
                        writer.object { writer in
                            writer.member("id", finding.check.rawValue)
                            writer.member("level", finding.level.rawValue)
                            if let tenant = finding.tenant { writer.member("tenant", tenant) }
                            writer.member("text", finding.text)
                            if let advice = finding.advice { writer.member("advice", advice) }
                        }
                    }
                }
            }
        }
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}

/// Sizes as people read them.
func readableBytes(_ bytes: Int64) -> String {
    let units = ["bytes", "KiB", "MiB", "GiB", "TiB"]
    var tenths = bytes * 10
    var unit = 0
    while tenths >= 10_240, unit < units.count - 1 {
        tenths /= 1_024
        unit += 1
    }
    return unit == 0 ? "\(bytes) bytes" : "\(tenths / 10).\(tenths % 10) \(units[unit])"
}
