import AttendanceCore
import DialectKit
import Synchronization

/// Gathers refusals and stores them together now and then: being refused costs the store next to nothing.
final class RefusalCollector: Sendable {
    /// How many kinds wait at once; further ones are counted as one kind without particulars.
    static let kindsMax = 200
    /// How long they wait.
    static let interval = Duration.seconds(2)

    private let operations: Operations
    private let figures: RefusalFigures
    private let pending = Mutex<[TenantID: [Refusal: RefusalCount]]>([:])

    /// - Parameter figures: Where they are counted besides, since the start of the process.
    init(operations: Operations, figures: RefusalFigures) {
        self.operations = operations
        self.figures = figures
    }

    var notes: RefusalNotes {
        RefusalNotes { [self] refusal, tenant in note(refusal, tenant) }
    }

    private func note(_ refusal: Refusal, _ tenant: TenantID) {
        figures.add(refusal)
        // Below an address of no tenant there is nobody whom it would concern.
        guard tenant.rawValue > 0 else { return }
        let now = operations.ambient.now()
        add(RefusalCount(refusal: refusal.shortened, count: 1, firstAt: now, lastAt: now), tenant)
    }

    /// Stores what was gathered. What cannot be stored now is kept for the next time.
    func store() async {
        let taken = pending.withLock { pending in
            defer { pending = [:] }
            return pending
        }
        for (tenant, refusals) in taken {
            do {
                try await operations.note(Array(refusals.values), in: tenant)
            } catch {
                for count in refusals.values { add(count, tenant) }
            }
        }
    }

    private func add(_ count: RefusalCount, _ tenant: TenantID) {
        pending.withLock { pending in
            var kind = count.refusal
            if pending[tenant, default: [:]].count >= Self.kindsMax, pending[tenant]?[kind] == nil {
                kind = kind.withoutParticulars
            }
            let known = pending[tenant]?[kind]
            pending[tenant, default: [:]][kind] = RefusalCount(
                refusal: kind, count: (known?.count ?? 0) + count.count,
                firstAt: min(known?.firstAt ?? count.firstAt, count.firstAt),
                lastAt: max(known?.lastAt ?? count.lastAt, count.lastAt))
        }
    }

    /// Stores every ``interval`` until the task is cancelled.
    func run() async {
        while !Task.isCancelled {
            // Only thrown when cancelled, and then the loop ends.
            try? await Task.sleep(for: Self.interval)
            await store()
        }
    }
}

extension Refusal {
    /// Texts a client has made are cut, so that one row stays a row.
    fileprivate var shortened: Refusal {
        func cut(_ text: WireText, _ scalarsMax: Int) -> WireText {
            guard text.text.utf8.count > scalarsMax else { return text }
            return WireText(String(String.UnicodeScalarView(text.text.unicodeScalars.prefix(scalarsMax))))
        }
        return Refusal(
            request: cut(request, 80), status: status, caller: cut(caller, 40), address: cut(address, 60),
            station: cut(station, 128), reason: cut(reason, 200))
    }

    fileprivate var withoutParticulars: Refusal {
        Refusal(request: "any", status: status, caller: "many", address: "many", station: "", reason: "too many kinds at once")
    }
}
