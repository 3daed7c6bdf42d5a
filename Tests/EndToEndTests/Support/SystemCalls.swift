/// What strace saw, call by call.
///
/// The places are lines of its file. strace writes a call's beginning when the call begins and its end when it has ended, so
/// what ends on an earlier line than another begins had happened before it.
struct SystemCalls {
    struct Call {
        let name: Substring
        var arguments: String
        let began: Int
        var ended: Int

        var isSync: Bool { name == "fdatasync" || name == "fsync" }
        var isWrite: Bool { name.hasPrefix("pwrite") || name == "write" || name == "writev" }
        var isReceive: Bool { name.hasPrefix("recv") || name == "read" }
        var isSend: Bool { name.hasPrefix("send") || name == "write" || name == "writev" }

        /// Both ends of the connection that the call is about.
        var connection: Substring? {
            guard let start = arguments.firstRange(of: "<TCP:["), let end = arguments.firstRange(of: "]>") else { return nil }
            return arguments[start.upperBound..<end.lowerBound]
        }
    }

    private(set) var calls: [Call] = []

    /// - Parameter trace: As `strace -f -yy -o FILE` writes it.
    init(_ trace: String) {
        var open: [Substring: Int] = [:]
        for (line, text) in trace.split(separator: "\n").enumerated() {
            let parts = text.split(separator: " ", maxSplits: 1)
            guard parts.count == 2 else { continue }
            let rest = parts[1].drop { $0 == " " }
            if rest.hasPrefix("<... ") {
                guard let index = open.removeValue(forKey: parts[0]) else { continue }
                // What a call received is shown where it ends.
                calls[index].arguments += rest
                calls[index].ended = line
            } else if let bracket = rest.firstIndex(of: "(") {
                let isUnfinished = rest.hasSuffix("<unfinished ...>")
                if isUnfinished { open[parts[0]] = calls.count }
                calls.append(
                    Call(
                        name: rest[..<bracket], arguments: String(rest[bracket...]), began: line,
                        ended: isUnfinished ? .max : line))
            }
        }
    }

    /// Why it is not so that a scan was written to a log and the log synced before the scan was acknowledged; nil where it is.
    /// - Parameters:
    ///   - badge: Occurs in the upload only.
    ///   - log: Part of the path of the database's write-ahead log.
    ///   - namesBadge: Whether the badge has to be readable in what is written to the log.
    func flaw(inScanOf badge: String, log: String, namesBadge: Bool) -> String? {
        guard
            let request = calls.first(where: {
                $0.isReceive && $0.connection != nil && $0.arguments.contains("POST /v1/") && $0.arguments.contains(badge)
            })
        else { return "\(badge): the upload was not seen" }
        guard
            let answer = calls.first(where: {
                $0.isSend && $0.began > request.ended && $0.connection == request.connection
                    && $0.arguments.contains("HTTP/1.1 200")
            })
        else { return "\(badge): the answer was not seen" }
        let writes = calls.filter {
            $0.isWrite && $0.began > request.began && $0.ended < answer.began && $0.arguments.contains(log)
        }
        // Where the log does not tell whose a write is, others write it too, also between the sync of this one and its answer.
        let own = namesBadge ? writes.filter { $0.arguments.contains(badge) } : writes
        guard !own.isEmpty else { return "\(badge): acknowledged before it was written to the log" }
        let isSynced = own.contains { write in
            calls.contains { $0.isSync && $0.arguments.contains(log) && $0.began > write.ended && $0.ended < answer.began }
        }
        return isSynced ? nil : "\(badge): acknowledged before the log was synced"
    }
}
