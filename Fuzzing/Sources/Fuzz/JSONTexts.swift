import Glibc
import StrictJSON

/// Any bytes as a JSON text: taken exactly where the reference takes it, read as the reference reads it, and written so that
/// it reads the same again.
enum JSONTexts {
    static func run(_ input: Span<UInt8>) {
        let bytes = input.array
        let reference = ReferenceJSON(bytes)
        for policy in [DuplicateMembers.takeLast, .takeFirst, .refuse] {
            check(bytes, reference, policy, .standard)
            check(bytes, reference, policy, JSONLimits(bytesMax: 256, depthMax: 3, nodesMax: 12))
        }
    }

    private static func check(
        _ bytes: [UInt8], _ reference: ReferenceJSON?, _ policy: DuplicateMembers, _ limits: JSONLimits
    ) {
        do throws(JSONError) {
            let document = try JSONDocument(parsing: bytes, duplicates: policy, limits: limits)
            guard let reference else { return law(false, "a text was taken that is none") }
            law(bytes.count <= limits.bytesMax, "more bytes than the limit were taken")
            law(reference.depth <= limits.depthMax, "a deeper text than the limit was taken")
            law(reference.nodeCount <= limits.nodesMax, "more nodes than the limit were taken")
            if case .refuse = policy { law(!reference.hasDuplicates, "duplicates were taken") }
            compare(document.root, reference, policy, JSONPath(), in: bytes)
            checkRoundTrip(document.root)
        } catch {
            law((0...bytes.count).contains(error.offset), "an error stands outside the text: \(error)")
            let isWithin: Bool
            switch error.kind {
            case .empty: isWithin = !bytes.isEmpty
            case .tooLarge: isWithin = bytes.count <= limits.bytesMax
            case .tooDeep: isWithin = reference.map { $0.depth <= limits.depthMax } ?? false
            case .tooManyNodes: isWithin = reference.map { $0.nodeCount <= limits.nodesMax } ?? false
            case .duplicateMember:
                if case .refuse = policy { isWithin = reference.map { !$0.hasDuplicates } ?? false } else { isWithin = true }
            default: isWithin = reference != nil
            }
            law(!isWithin, "a right text was refused: \(error)")
        }
    }

    /// What is written is taken again and is written the same way.
    private static func checkRoundTrip(_ value: JSONValue) {
        let written = Array(value.compactText.utf8)
        var limits = JSONLimits.standard
        // Escaped, U+0001 is six times as long.
        limits.bytesMax = 64 << 20
        do throws(JSONError) {
            let again = try JSONDocument(parsing: written, duplicates: .refuse, limits: limits)
            law(Array(again.root.compactText.utf8) == written, "a text that was written is written differently again")
            guard let reference = ReferenceJSON(written) else { return law(false, "what was written is no JSON") }
            compare(again.root, reference, .refuse, JSONPath(), in: written)
        } catch {
            law(false, "what was written is refused: \(error)")
        }
    }

    private static func compare(
        _ value: JSONValue, _ reference: ReferenceJSON, _ policy: DuplicateMembers, _ path: JSONPath, in bytes: [UInt8]
    ) {
        law(value.path == path, "\(value.path.joined()) should be \(path.joined())")
        law(bytes.indices.contains(value.offset), "a value stands outside the text")
        let first = bytes[value.offset]
        switch reference {
        case .null:
            law(value.isNull && value.kind == .null && first == UInt8(ascii: "n"), "no null")
        case .boolean(let boolean):
            law(value.boolean == boolean && first == UInt8(ascii: boolean ? "t" : "f"), "another boolean")
        case .number(let spelling):
            guard let number = value.number else { return law(false, "no number") }
            law(number.text.utf8.elementsEqual(spelling), "a number is spelled otherwise")
            law(bytes[value.offset...].starts(with: spelling), "a number stands elsewhere")
            compare(number)
        case .string(let text):
            guard let string = value.string else { return law(false, "no string") }
            law(string.utf8.elementsEqual(text), "a string has another text")
            law(value.containsNUL == text.contains(0), "NUL in a string is not told")
            law(first == UInt8(ascii: "\""), "a string stands elsewhere")
        case .array(let items):
            guard let found = value.items, first == UInt8(ascii: "[") else { return law(false, "no array") }
            law(found.count == items.count && Array(found).count == items.count, "another number of items")
            for (index, (item, reference)) in zip(found, items).enumerated() {
                compare(item, reference, policy, path.appending(.index(index)), in: bytes)
            }
        case .object(let members):
            guard let found = value.members, first == UInt8(ascii: "{") else { return law(false, "no object") }
            let kept = members.indices.filter { index in
                let others: Range<Int>
                if case .takeFirst = policy { others = 0..<index } else { others = (index + 1)..<members.count }
                return !members[others].contains { $0.name == members[index].name }
            }
            law(found.count == kept.count && Array(found).count == kept.count, "another number of members")
            for (member, index) in zip(found, kept) {
                let reference = members[index]
                law(member.name.utf8.elementsEqual(reference.name), "a member has another name")
                law(bytes[member.nameOffset] == UInt8(ascii: "\""), "a name stands elsewhere")
                law(value[member.name]?.offset == member.value.offset, "a member is not found by its name")
                compare(member.value, reference.value, policy, path.appending(.member(member.name)), in: bytes)
            }
        }
    }

    /// The C library's reading is the judge of numbers.
    private static func compare(_ number: JSONNumber) {
        law(number.isInteger == !number.text.utf8.contains { [0x2E, 0x45, 0x65].contains($0) }, "an integer is not told")
        let judged = unsafe strtod(number.text, nil)
        law(number.double.bitPattern == judged.bitPattern, "\(number.text) is read as \(number.double), not \(judged)")
        if number.isInteger {
            errno = 0
            let integer = unsafe strtoll(number.text, nil, 10)
            law(number.int64 == (errno == ERANGE ? nil : Int64(integer)), "\(number.text) is read as another integer")
        } else {
            law(number.int64 == nil, "\(number.text) is read as an integer")
        }
    }
}
