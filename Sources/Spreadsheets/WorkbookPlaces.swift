import Synchronization

/// How many workbooks there may be at once: each takes up to twice its size on the disk until it has been read.
public final class WorkbookPlaces: Sendable {
    /// Workbooks that are made or read.
    public static let atOnceMax = 2
    /// Who may wait for one of these to be gone; more are turned away.
    public static let waitingMax = 8

    private struct State {
        var taken = 0
        var waiting: [CheckedContinuation<Bool, Never>] = []
    }

    private let state = Mutex(State())
    private let directory: String

    /// - Parameter directory: Where the files lie while they are made.
    public init(in directory: String) {
        self.directory = directory
    }

    /// Begins a workbook, after another one is gone where there are as many as may be. Those who wait come in turn.
    /// - Parameters: As ``Workbook/init(sheet:columns:in:)``.
    /// - Throws: `.busy` where too many wait, and what making one throws.
    public func open(sheet: String, columns: [SheetColumn]) async throws(SheetFault) -> Workbook {
        guard await take() else { throw .busy }
        return try Workbook(sheet: sheet, columns: columns, in: directory, at: WorkbookPlace(of: self))
    }

    private func take() async -> Bool {
        await withCheckedContinuation { continuation in
            let hasPlace: Bool? = state.withLock { state in
                if state.taken < Self.atOnceMax {
                    state.taken += 1
                    return true
                }
                guard state.waiting.count < Self.waitingMax else { return false }
                state.waiting.append(continuation)
                return nil
            }
            if let hasPlace { continuation.resume(returning: hasPlace) }
        }
    }

    /// How many wait.
    var waitingCount: Int { state.withLock { $0.waiting.count } }

    /// A place goes to whoever has waited for it longest.
    fileprivate func giveBack() {
        let next = state.withLock { state -> CheckedContinuation<Bool, Never>? in
            guard state.waiting.isEmpty else { return state.waiting.removeFirst() }
            state.taken -= 1
            return nil
        }
        next?.resume(returning: true)
    }
}

/// One of the places, until its workbook is gone, whatever ended that.
final class WorkbookPlace: Sendable {
    private let places: WorkbookPlaces

    fileprivate init(of places: WorkbookPlaces) {
        self.places = places
    }

    deinit { places.giveBack() }
}
