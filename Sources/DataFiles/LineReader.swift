/// Cuts the bytes of a text into lines, piece by piece, so that a file of any length takes the memory of one line.
///
/// A line ends with LF, CR LF or CR; the last one may have no end. A UTF-8 byte order mark at the very beginning belongs to
/// no line.
public struct LineReader: Sendable {
    /// One line without its end.
    public enum Line: Sendable, Equatable {
        case bytes([UInt8])
        /// It has more than ``LineReader/bytesMax`` bytes, which are not kept.
        case overlong
    }

    /// How many bytes a line may have.
    public let bytesMax: Int
    /// How many lines were handed on.
    public private(set) var count = 0

    private var pending: [UInt8] = []
    private var isOverlong = false
    private var isInLine = false
    private var endedWithCR = false
    private var markLeft: ArraySlice<UInt8> = [0xEF, 0xBB, 0xBF]

    public init(bytesMax: Int) {
        self.bytesMax = bytesMax
    }

    /// Takes the next bytes, and hands on the lines that end in them with their numbers, from 1.
    public mutating func read(_ piece: [UInt8], _ body: (_ number: Int, _ line: Line) -> Void) {
        var begin = piece.startIndex
        while begin < piece.endIndex {
            if !markLeft.isEmpty, !takeMark(of: piece, at: &begin) { continue }
            guard begin < piece.endIndex else { return }
            let wasCR = endedWithCR
            endedWithCR = false
            if wasCR, piece[begin] == UInt8(ascii: "\n") {
                begin += 1
                continue
            }
            let end = piece[begin...].firstIndex { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }
            keep(piece[begin..<(end ?? piece.endIndex)])
            guard let end else { return }
            endedWithCR = piece[end] == UInt8(ascii: "\r")
            endLine(body)
            begin = end + 1
        }
    }

    /// Hands on the last line, where it has no end.
    public mutating func finish(_ body: (_ number: Int, _ line: Line) -> Void) {
        // What began like a mark and was none.
        if markLeft.count < 3, !markLeft.isEmpty { keep(Self.mark.dropLast(markLeft.count)) }
        markLeft = []
        if isInLine { endLine(body) }
    }

    private static let mark: [UInt8] = [0xEF, 0xBB, 0xBF]

    /// Looks for the mark. Returns whether that is decided.
    private mutating func takeMark(of piece: [UInt8], at place: inout Int) -> Bool {
        if piece[place] == markLeft.first {
            markLeft.removeFirst()
            place += 1
            return markLeft.isEmpty
        }
        keep(Self.mark.dropLast(markLeft.count))
        markLeft = []
        return true
    }

    private mutating func keep(_ bytes: ArraySlice<UInt8>) {
        guard !bytes.isEmpty else { return }
        isInLine = true
        guard !isOverlong, pending.count + bytes.count <= bytesMax else {
            isOverlong = true
            pending.removeAll(keepingCapacity: true)
            return
        }
        pending.append(contentsOf: bytes)
    }

    private mutating func endLine(_ body: (_ number: Int, _ line: Line) -> Void) {
        count += 1
        body(count, isOverlong ? .overlong : .bytes(pending))
        pending.removeAll(keepingCapacity: true)
        isOverlong = false
        isInLine = false
    }
}
