/// SplitMix64: the same numbers on every platform and in every version, which the standard library promises neither of its
/// own generator nor of what it draws from another one.
public struct SeededRandom: Sendable {
    private var state: UInt64

    public init(seed: UInt64) {
        state = seed
    }

    /// A generator of its own for one of several things that are drawn from one seed, so that what one of them draws moves
    /// no other.
    public init(seed: UInt64, for purpose: UInt64...) {
        var mixing = SeededRandom(seed: seed)
        for number in purpose { mixing = SeededRandom(seed: mixing.next() ^ number) }
        self = mixing
    }

    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// From 0 to `bound - 1`. That some come a little oftener does not matter for bounds as small as these.
    public mutating func below(_ bound: Int) -> Int {
        Int(next() % UInt64(bound))
    }

    public mutating func within(_ range: ClosedRange<Int>) -> Int {
        range.lowerBound + below(range.count)
    }

    /// Within the range, oftener near its middle: the mean of three draws.
    public mutating func around(_ range: ClosedRange<Int>) -> Int {
        (within(range) + within(range) + within(range)) / 3
    }

    /// True in so many of a thousand cases.
    public mutating func chance(perMille part: Int) -> Bool {
        below(1_000) < part
    }

    public mutating func pick<Element>(_ elements: [Element]) -> Element {
        elements[below(elements.count)]
    }

    public mutating func shuffle<Element>(_ elements: inout [Element]) {
        for place in elements.indices.dropFirst() { elements.swapAt(place, below(place + 1)) }
    }
}
