/// A stretch of the ledger in which one claimed station name means one station.
///
/// Entries keep the name as it was claimed; what it means now stands here. A rename closes the stretch of the old name and
/// shows it under the new one; a later claim under the old name opens a new stretch. So clears and renames cost one row a
/// station, however many scans there are.
public struct StationSpan: Sendable, Equatable {
    /// Counts from 1 per tenant, in the order of the entries that opened the spans.
    public let id: Int64
    public let source: EntrySource
    public let claimed: WireText
    /// The name the station goes by now.
    public var shown: WireText
    /// The first entry of the span.
    public let openedBy: Int64
    /// The rename that closed the span; nil while claims under its name still join it.
    public var closedBy: Int64?
    /// Entries up to this sequence no longer count. 0 until the first clear.
    public var clearedThrough: Int64

    public init(
        id: Int64, source: EntrySource, claimed: WireText, shown: WireText, openedBy: Int64, closedBy: Int64?,
        clearedThrough: Int64
    ) {
        self.id = id
        self.source = source
        self.claimed = claimed
        self.shown = shown
        self.openedBy = openedBy
        self.closedBy = closedBy
        self.clearedThrough = clearedThrough
    }

    /// Whether an entry under the claimed name belongs to this span.
    public func holds(_ sequence: Int64) -> Bool {
        openedBy <= sequence && closedBy.map { sequence < $0 } ?? true
    }
}

/// Which span each claimed station name belonged to at each point of a tenant's ledger: a pure fold over its entries.
public struct StationLayout: Sendable, Equatable {
    /// In the order of their ids, which count from 1.
    public private(set) var spans: [StationSpan]
    private var open: [Key: Int64]

    private struct Key: Hashable, Sendable {
        let source: EntrySource
        let claimed: WireText
    }

    /// - Parameter spans: Ids 1, 2, 3, …, in this order.
    public init(spans: [StationSpan] = []) {
        precondition(spans.enumerated().allSatisfy { $0.element.id == Int64($0.offset + 1) }, "spans are numbered from 1")
        self.spans = spans
        open = [:]
        for span in spans where span.closedBy == nil {
            open[Key(source: span.source, claimed: span.claimed)] = span.id
        }
    }

    /// Whether there is a span of this id.
    public func has(_ id: Int64) -> Bool {
        id >= 1 && id <= Int64(spans.count)
    }

    /// - Precondition: There is a span of this id.
    public subscript(id: Int64) -> StationSpan {
        get { spans[Int(id - 1)] }
        set { spans[Int(id - 1)] = newValue }
    }

    /// The span that a claim under this name joins, or nil where the next claim opens one.
    public func openSpan(of claimed: WireText, source: EntrySource) -> Int64? {
        open[Key(source: source, claimed: claimed)]
    }

    /// The span for a claim that becomes entry `sequence`; opens one if there is none.
    public mutating func join(_ claimed: WireText, source: EntrySource, at sequence: Int64) -> (id: Int64, isNew: Bool) {
        if let known = openSpan(of: claimed, source: source) { return (known, false) }
        let id = Int64(spans.count + 1)
        spans.append(
            StationSpan(
                id: id, source: source, claimed: claimed, shown: claimed, openedBy: sequence, closedBy: nil, clearedThrough: 0))
        open[Key(source: source, claimed: claimed)] = id
        return (id, true)
    }

    /// The spans shown under a name.
    public func spans(shownAs name: WireText, source: EntrySource) -> [StationSpan] {
        spans.filter { $0.source == source && $0.shown == name }
    }

    /// Shows everything of `old` under `new` from entry `sequence` on. Returns the ids of the spans that changed.
    ///
    /// Claims under the old name that come later are a station of their own again: kiosks keep sending it until they are
    /// restarted. Source: contract TrackAttendance §3.10, §6.
    public mutating func rename(_ old: WireText, to new: WireText, source: EntrySource, at sequence: Int64) -> [Int64] {
        guard old != new else { return [] }
        let moved = spans(shownAs: old, source: source).map(\.id)
        for id in moved {
            self[id].shown = new
            guard self[id].closedBy == nil, self[id].claimed != new else { continue }
            self[id].closedBy = sequence
            open[Key(source: source, claimed: self[id].claimed)] = nil
        }
        return moved
    }

    /// Entries up to `sequence` of the station no longer count. Returns the ids of the spans that changed.
    public mutating func clear(_ shown: WireText, source: EntrySource, through sequence: Int64) -> [Int64] {
        clear(spans(shownAs: shown, source: source), through: sequence)
    }

    /// Entries up to `sequence` of every station of the source no longer count. Returns the ids of the spans that changed.
    public mutating func clearAll(source: EntrySource, through sequence: Int64) -> [Int64] {
        clear(spans.filter { $0.source == source }, through: sequence)
    }

    private mutating func clear(_ affected: [StationSpan], through sequence: Int64) -> [Int64] {
        for span in affected { self[span.id].clearedThrough = sequence }
        return affected.map(\.id)
    }

    /// The span an entry belongs to.
    public func span(ofEntry sequence: Int64, claimed: WireText, source: EntrySource) -> StationSpan? {
        spans.first { span in
            span.source == source && span.claimed == claimed && span.holds(sequence)
        }
    }
}
