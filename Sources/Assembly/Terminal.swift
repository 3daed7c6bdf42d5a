import Glibc

/// What people read: answers on standard output, trouble on standard error.
enum Terminal {
    static func print(_ text: String) {
        write(Array((text + "\n").utf8), to: 1)
    }

    static func complain(_ text: String) {
        write(Array((text + "\n").utf8), to: 2)
    }

    /// Shows how far long work has come, on a terminal only; a pipe stays quiet.
    static func progress(_ what: String, _ done: Int64, of total: Int64) {
        guard isatty(2) == 1, total > 0 else { return }
        let width: Int64 = 30
        let filled = min(width, done * width / total)
        let bar = String(repeating: "█", count: Int(filled)) + String(repeating: "░", count: Int(width - filled))
        let line = "\r\(what) \(bar) \(done * 100 / total) % (\(done) of \(total))" + (done >= total ? "\n" : "")
        write(Array(line.utf8), to: 2)
    }

    /// Takes the bar away, so that something else can stand in its line.
    static func clearProgress() {
        guard isatty(2) == 1 else { return }
        write(Array("\r\u{1B}[K".utf8), to: 2)
    }

    /// How much of a cell is shown: one name of a station must not push all others off the screen.
    static let cellScalarsMax = 120

    /// Rows under headings, in columns.
    static func table(_ headings: [String], _ rows: [[String]]) -> String {
        let rows = rows.map { row in
            row.map { cell in
                cell.unicodeScalars.count <= cellScalarsMax
                    ? cell : String(String.UnicodeScalarView(cell.unicodeScalars.prefix(cellScalarsMax - 1))) + "…"
            }
        }
        let widths = headings.indices.map { column in
            ([headings] + rows).map { $0[column].unicodeScalars.count }.max() ?? 0
        }
        return ([headings] + rows).map { row in
            var line = ""
            for (column, cell) in row.enumerated() {
                line += cell
                let isLast = column == row.count - 1
                if !isLast { line += String(repeating: " ", count: widths[column] - cell.unicodeScalars.count + 2) }
            }
            return line
        }.joined(separator: "\n")
    }

    /// A text of the wire as it may be shown on a terminal: control characters, which could move the cursor, are escaped.
    static func harmless(_ text: String) -> String {
        var shown = ""
        for scalar in text.unicodeScalars {
            if scalar.properties.generalCategory == .control || scalar.properties.generalCategory == .format {
                shown += "\\u{\(String(scalar.value, radix: 16))}"
            } else {
                shown.unicodeScalars.append(scalar)
            }
        }
        return shown
    }

    /// A text as one word of a shell's command line.
    static func shellWord(_ text: String) -> String {
        let plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-./:@_=%".utf8
        let isPlain = text.utf8.allSatisfy { plain.contains($0) }
        if isPlain, !text.isEmpty { return text }
        return "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: #"'\''"#) + "'"
    }

    /// Whether somebody types.
    static var isInteractive: Bool { isatty(0) == 1 }

    /// A line of standard input, which a terminal does not show while it is typed; nil at the end.
    static func readSecret(_ prompt: String) -> String? {
        guard isInteractive else { return readLine() }
        write(Array(prompt.utf8), to: 2)
        var former = termios()
        guard unsafe tcgetattr(0, &former) == 0 else { return readLine() }
        var silent = former
        silent.c_lflag &= ~tcflag_t(ECHO)
        // What was typed ahead is thrown away: it was shown.
        unsafe tcsetattr(0, TCSAFLUSH, &silent)
        defer {
            unsafe tcsetattr(0, TCSAFLUSH, &former)
            write([UInt8(ascii: "\n")], to: 2)
        }
        return readLine()
    }

    /// Writes all of the bytes, or as many as the reader takes.
    static func write(_ bytes: [UInt8], to descriptor: Int32) {
        var written = 0
        while written < bytes.count {
            let count = unsafe bytes[written...].withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            // The reader has gone; there is nobody left to tell.
            guard count > 0 else { return }
            written += count
        }
    }
}
