import Foundation
import Testing

/// The project's files, read as text.
struct SourceTree: Sendable {
    struct File: Sendable {
        /// From the project's root: `Sources/Assembly/Log.swift`.
        let path: String
        let text: String

        /// The folder below `Sources`.
        var module: String { path.split(separator: "/").dropFirst().first.map(String.init) ?? "" }
        var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }

        /// What it imports, whatever stands before and behind the module's name.
        var imports: Set<String> {
            Set(
                lines.compactMap { line in
                    let words = line.split(separator: " ")
                    guard let place = words.firstIndex(of: "import"),
                        words[..<place].allSatisfy({
                            ["public", "package", "internal", "@testable"].contains($0)
                        })
                    else { return nil }
                    return words.last?.split(separator: ".").first.map(String.init)
                })
        }

        /// The text literals, without comments, each on one line. What is interpolated is between `\(` and `)` as it stands.
        var literals: [String] { Self.literals(in: text) }

        private static func literals(in text: String) -> [String] {
            let bytes = Array(text.utf8)
            let quotes = [UInt8](repeating: UInt8(ascii: "\""), count: 3)
            var literals: [String] = []
            var at = 0
            func has(_ piece: [UInt8], _ place: Int) -> Bool { bytes[place...].starts(with: piece) }
            while at < bytes.count {
                if has(Array("//".utf8), at) {
                    at = bytes[at...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
                } else if bytes[at] == UInt8(ascii: "\"") {
                    let mark = has(quotes, at) ? quotes : [UInt8(ascii: "\"")]
                    at += mark.count
                    var literal: [UInt8] = []
                    var depth = 0
                    while at < bytes.count, depth > 0 || !has(mark, at) {
                        if has(Array("\\(".utf8), at) {
                            depth += 1
                            literal += Array("\\(".utf8)
                            at += 2
                            continue
                        }
                        if depth > 0, bytes[at] == UInt8(ascii: "(") { depth += 1 }
                        if depth > 0, bytes[at] == UInt8(ascii: ")") { depth -= 1 }
                        if depth == 0, bytes[at] == UInt8(ascii: "\\"), at + 1 < bytes.count {
                            literal.append(bytes[at])
                            at += 1
                        }
                        literal.append(bytes[at])
                        at += 1
                    }
                    at += mark.count
                    literals.append(
                        String(decoding: literal, as: UTF8.self).split(whereSeparator: \.isWhitespace).joined(separator: " "))
                } else {
                    at += 1
                }
            }
            return literals
        }
    }

    let root: String
    let files: [File]

    /// The project that this test is part of.
    init(besides file: String = #filePath) throws {
        root = file.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
        let root = root
        let names = try #require(FileManager.default.subpaths(atPath: root + "/Sources"))
        files = try names.sorted().compactMap { name in
            var isFolder: ObjCBool = false
            let path = "\(root)/Sources/\(name)"
            guard unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), !isFolder.boolValue else {
                return nil
            }
            return File(path: "Sources/" + name, text: try String(contentsOfFile: path, encoding: .utf8))
        }
        try #require(files.count > 50)
    }

    var swift: [File] { files.filter { $0.path.hasSuffix(".swift") } }

    func text(_ path: String) throws -> String {
        try String(contentsOfFile: "\(root)/\(path)", encoding: .utf8)
    }
}
