public import AttendanceCore
import Synchronization

/// Counts requests per client address and tenant in fixed windows. A window begins with a client's first request.
///
/// Memory is bounded: where more clients than ``clientsMax`` are within a window, the rest share one.
public final class RateLimit: Sendable {
    /// How many clients have a window of their own. At about 100 bytes each this is one megabyte.
    public static let clientsMax = 10_000

    /// How a client stands after a request was counted.
    public struct Standing: Sendable, Equatable {
        public let limit: Int
        /// How many more requests the window allows.
        public let remaining: Int
        /// Seconds until the window ends, rounded up: at least 1.
        public let resetSeconds: Int
        /// Whether the counted request was one too many.
        public let isOver: Bool
    }

    private struct Client: Hashable {
        let address: String
        let tenant: TenantID
    }

    private struct Window {
        var start: Instant
        var count: Int
    }

    private struct Windows {
        var byClient: [Client: Window] = [:]
        var shared: Window?
        var sweptAt: Instant?
    }

    private let limit: Int
    private let windowMicroseconds: Int64
    private let windows = Mutex(Windows())

    /// - Parameter limit: Requests per window; 0 or less switches counting off.
    /// - Parameter windowSeconds: At least 1.
    public init(limit: Int, windowSeconds: Int) {
        self.limit = limit
        windowMicroseconds = Int64(max(1, windowSeconds)) * 1_000_000
    }

    /// Counts a request. Nil where counting is switched off.
    public func count(address: String, tenant: TenantID, at now: Instant) -> Standing? {
        guard limit > 0 else { return nil }
        let client = Client(address: address, tenant: tenant)
        let window = windows.withLock { windows in
            if windows.byClient[client] == nil, windows.byClient.count >= Self.clientsMax { sweep(&windows, at: now) }
            guard windows.byClient[client] != nil || windows.byClient.count < Self.clientsMax else {
                let window = counted(windows.shared, at: now)
                windows.shared = window
                return window
            }
            let window = counted(windows.byClient[client], at: now)
            windows.byClient[client] = window
            return window
        }
        let left = windowMicroseconds - (now.microseconds - window.start.microseconds)
        return Standing(
            limit: limit, remaining: max(0, limit - window.count), resetSeconds: Int((left + 999_999) / 1_000_000),
            isOver: window.count > limit)
    }

    private func counted(_ window: Window?, at now: Instant) -> Window {
        guard var window, isLive(window, at: now) else { return Window(start: now, count: 1) }
        // A count past the limit says nothing more, and must not overflow.
        window.count = min(window.count + 1, limit + 1)
        return window
    }

    /// A window that lies in the future was opened before the clock was set back; keeping it could lock a client out.
    private func isLive(_ window: Window, at now: Instant) -> Bool {
        now >= window.start && now.microseconds - window.start.microseconds < windowMicroseconds
    }

    /// Forgets windows that ended. At most once a second: otherwise a flood of addresses would make each request walk all.
    private func sweep(_ windows: inout Windows, at now: Instant) {
        if let sweptAt = windows.sweptAt, now >= sweptAt, now.seconds(since: sweptAt) < 1 { return }
        windows.sweptAt = now
        windows.byClient = windows.byClient.filter { isLive($0.value, at: now) }
    }
}
