import AttendanceCore
import TestKit
import Testing

@Suite struct `Comparing two ledgers` {
    /// A ledger whose entries are letters: each hash covers all letters up to its own, as in a chain.
    private struct Letters {
        let text: [UInt8]

        init(_ text: String) { self.text = Array(text.utf8) }

        func hash(_ sequence: Int64) -> Digest {
            Ambient.test(TestClock()).sha256(Array(text.prefix(Int(sequence))))
        }

        var head: LedgerHead { LedgerHead(sequence: Int64(text.count), hash: hash(Int64(text.count))) }
    }

    @Test(arguments: [
        ("", "", LedgerRelation.same), ("abc", "abc", .same), ("", "ab", .beginning(lacking: 2)),
        ("abc", "abcde", .beginning(lacking: 2)), ("abcde", "abc", .continuation(by: 2)), ("ab", "", .continuation(by: 2)),
        ("abx", "aby", .parted(after: 2)), ("x", "y", .parted(after: 0)), ("abcdefgh", "abcxefghijk", .parted(after: 3)),
        ("abcxefghijk", "abcdefgh", .parted(after: 3)), ("xbc", "abcdef", .parted(after: 0)),
    ])
    func `tells how one stands to the other`(own: String, other: String, relation: LedgerRelation) {
        let own = Letters(own)
        let other = Letters(other)
        #expect(LedgerRelation.of(own.head, to: other.head, hash: { own.hash($0) }, other: { other.hash($0) }) == relation)
    }

    @Test func `of which one shows its last hash only tells a beginning from a parting`() {
        let other = Letters("abcdef")
        for (text, relation) in [("abcd", LedgerRelation.beginning(lacking: 2)), ("abxd", .parted(after: nil))] {
            #expect(
                LedgerRelation.of(Letters(text).head, to: other.head, hash: { _ in nil }, other: { other.hash($0) }) == relation)
        }
    }

    @Test func `reads few entries of many`() {
        let own = Letters(String(repeating: "a", count: 5_000) + "x")
        let other = Letters(String(repeating: "a", count: 3_000) + String(repeating: "b", count: 3_000))
        var looks = 0
        let relation = LedgerRelation.of(own.head, to: other.head) { sequence in
            looks += 1
            return own.hash(sequence)
        } other: {
            other.hash($0)
        }
        #expect(relation == .parted(after: 3_000))
        #expect(looks < 16)
    }
}
