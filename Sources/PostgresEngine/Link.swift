import CPostgres
import Glibc
import SQLStorage

/// Owns one session with the server, from log-in to its end, with what is prepared in it.
///
/// It lives in pipeline mode: everything that one call wants is sent before the first answer is read. libpq never blocks;
/// all waiting happens in ``wait(for:until:)``, which has a deadline, so a server that vanished cannot hold a thread.
@safe final class Link {
    private let handle: OpaquePointer
    /// Set by libpq when the server's farewell arrives while nobody waits for an answer.
    private let hasEnded: UnsafeMutablePointer<Int32>
    private let clock: @Sendable () -> Int64
    private let limits: PostgresLimits
    private var statements: PreparedStatements
    /// False once an answer stayed out or made no sense: what else arrives could belong to another question.
    private var isInStep = true
    /// What was sent and not yet asked about.
    private var ahead: (texts: [String], steps: [Step]) = ([], [])
    /// Whether the server has been told to answer what was sent ahead.
    private var isAnswerAsked = false
    /// Whether the latest exchange failed because a prepared statement was out of date, so that it can be sent again.
    private(set) var foundStaleStatement = false

    init(
        to address: PostgresAddress, for purpose: ConnectionPurpose, clock: @escaping @Sendable () -> Int64,
        limits: PostgresLimits
    ) throws(SQLError) {
        self.clock = clock
        self.limits = limits
        statements = PreparedStatements(countMax: limits.statementsMax)
        let settings = address.settings(for: purpose, limits: limits)
        let isPolled = address.hostCount == 1
        let opened = unsafe withCStrings(Array(settings.keys)) { keywords in
            unsafe withCStrings(Array(settings.values)) { values in
                isPolled
                    ? unsafe PQconnectStartParams(keywords.baseAddress, values.baseAddress, 0)
                    : unsafe PQconnectdbParams(keywords.baseAddress, values.baseAddress, 0)
            }
        }
        guard let opened = unsafe opened else {
            throw SQLError(kind: .unavailable, code: "", message: "out of memory")
        }
        unsafe handle = opened
        unsafe hasEnded = .allocate(capacity: 1)
        unsafe hasEnded.initialize(to: 0)
        unsafe cpostgres_keep_quiet(handle, hasEnded)
        // libpq moves on from a host that is silent to the next one only in its blocking form, so that form is taken for
        // several hosts. For one, polling gives an exact deadline and, with this verbosity, the server's error code.
        if isPolled {
            _ = unsafe PQsetErrorVerbosity(handle, PQERRORS_VERBOSE)
            try poll(secondsMax: address.connectSeconds(orElse: limits.connectSecondsMax))
        }
        guard unsafe PQstatus(handle) == CONNECTION_OK else { throw connectFailure() }
        guard unsafe PQserverVersion(handle) >= 130_000 else {
            throw SQLError(kind: .misconfigured, code: "", message: "PostgreSQL 13 or newer is needed")
        }
        guard unsafe PQsetnonblocking(handle, 1) == 0, unsafe PQenterPipelineMode(handle) == 1 else { throw lost() }
    }

    deinit {
        unsafe PQfinish(handle)
        unsafe hasEnded.deallocate()
    }

    /// Whether another exchange may be tried on it.
    var isOpen: Bool { unsafe isInStep && hasEnded.pointee == 0 && PQstatus(handle) == CONNECTION_OK }

    /// Whether a transaction is open on the server, failed or not.
    var isInTransaction: Bool { unsafe [PQTRANS_INTRANS, PQTRANS_INERROR].contains(PQtransactionStatus(handle)) }

    /// Whether a statement has failed in the open transaction, so that it can only be rolled back.
    var isInFailedTransaction: Bool { unsafe PQtransactionStatus(handle) == PQTRANS_INERROR }

    /// Looks, without waiting, whether the server has ended the session while nobody used it.
    func isStillThere() -> Bool {
        // Its farewell and the end of the stream may arrive as two; notices and changed settings may come before them.
        for _ in 0..<8 {
            guard isOpen else { return false }
            var socket = unsafe pollfd(fd: PQsocket(handle), events: Int16(POLLIN), revents: 0)
            guard unsafe Glibc.poll(&socket, 1, 0) > 0 else { return true }
            guard unsafe PQconsumeInput(handle) == 1 else { return false }
            _ = unsafe PQisBusy(handle)
        }
        return false
    }

    /// Sends all requests, then reads all answers.
    ///
    /// Outside a transaction the server treats them as one. The first failure is thrown, and the requests behind it have
    /// not run.
    ///
    /// What was sent ahead is asked about first, and its failure thrown as if it were the first of `requests`.
    func exchange(_ requests: [Request], secondsMax: Int? = nil) throws(SQLError) -> [[SQLRow]] {
        let deadline = deadline(in: secondsMax ?? limits.statementSecondsMax)
        foundStaleStatement = false
        defer { statements.trim() }
        let steps = ahead.steps + (try send(requests))
        let texts = ahead.texts + requests.map(\.text)
        ahead = ([], [])
        if !isAnswerAsked { try check(unsafe PQpipelineSync(handle)) }
        isAnswerAsked = false
        do throws(SQLError) {
            return Array(try receive(steps, of: texts, until: deadline).dropFirst(texts.count - requests.count))
        } catch {
            statements.removeUnprepared()
            throw error
        }
    }

    /// Sends requests whose answers the next exchange reads.
    func send(ahead requests: [Request]) throws(SQLError) {
        let steps = try send(requests)
        ahead.steps += steps
        ahead.texts += requests.map(\.text)
        // As much as the socket takes now; the rest goes with what follows.
        guard unsafe PQflush(handle) >= 0 else { throw lost() }
    }

    /// Sends the last request of several ahead, all of it, and has the server answer when it is done: the next exchange, which
    /// brings no requests of its own, reads the answers.
    func send(ending request: Request) throws(SQLError) {
        let deadline = deadline(in: limits.statementSecondsMax)
        try send(ahead: [request])
        try check(unsafe PQpipelineSync(handle))
        isAnswerAsked = true
        var unsent = unsafe PQflush(handle)
        while unsent == 1 {
            // The server may have to say something before it listens again.
            try wait(for: POLLIN | POLLOUT, until: deadline)
            guard unsafe PQconsumeInput(handle) == 1 else { throw lost() }
            unsent = unsafe PQflush(handle)
        }
        guard unsent == 0 else { throw lost() }
    }

    /// Reads the answers to what was sent ahead and forgets them.
    func endAhead() {
        guard isOpen, !ahead.steps.isEmpty else { return }
        // A failure is what the caller is about to undo; a lost session says so itself.
        do throws(SQLError) { _ = try exchange([]) } catch {}
    }

    /// Runs statements without values, in one message of the simple protocol: only that takes several at once.
    func run(script: String) throws(SQLError) {
        let deadline = deadline(in: limits.scriptSecondsMax)
        guard unsafe PQexitPipelineMode(handle) == 1, unsafe PQsendQuery(handle, script) == 1 else { throw lost() }
        var failure: SQLError?
        while let result = try nextResult(until: deadline) {
            switch result.status {
            case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY: break
            case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH: throw lost("a script cannot copy")
            default: failure = failure ?? result.error(in: script)
            }
            guard unsafe PQstatus(handle) == CONNECTION_OK else { throw lost(failure?.message, code: failure?.code) }
        }
        guard unsafe PQstatus(handle) == CONNECTION_OK, unsafe PQenterPipelineMode(handle) == 1 else { throw lost() }
        if let failure { throw failure }
    }

    // MARK: Sending

    /// What the next answers are about, in order.
    fileprivate enum Step {
        case deallocate(String)
        case prepare(PreparedStatement, of: Int)
        case execute(Int)
    }

    private func send(_ requests: [Request]) throws(SQLError) -> [Step] {
        var steps: [Step] = []
        // In a failed transaction the server runs nothing but its end.
        for name in isInFailedTransaction ? [] : statements.retired where !ahead.steps.contains(where: { $0.deallocates(name) }) {
            try check(unsafe PQsendQueryParams(handle, "DEALLOCATE \(name)", 0, nil, nil, nil, nil, 1))
            steps.append(.deallocate(name))
        }
        for (index, request) in requests.enumerated() {
            let place = ahead.texts.count + index
            let statement = statements.statement(request.text, types: request.parameters.types)
            if !statement.isPrepared, !(ahead.steps + steps).contains(where: { $0.prepares(statement) }) {
                try check(
                    unsafe PQsendPrepare(
                        handle, statement.name, request.text, Int32(statement.types.count), statement.types))
                steps.append(.prepare(statement, of: place))
            }
            try send(request.parameters, to: statement, text: request.text)
            steps.append(.execute(place))
        }
        return steps
    }

    private func send(_ parameters: BinaryParameters, to statement: PreparedStatement, text: String) throws(SQLError) {
        // libpq counts in 32 bits, and the server takes no more than 1 GB.
        guard parameters.places.allSatisfy({ $0.count < 1 << 30 }) else {
            isInStep = false
            throw SQLError(kind: .defect, code: "", message: "a value of more than 1 GB", statement: text)
        }
        let counts = parameters.places.map { Int32(max($0.count, 0)) }
        let formats = [Int32](repeating: 1, count: counts.count)
        let sent = unsafe parameters.bytes.withUnsafeBytes { bytes in
            let start = unsafe bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
            let addresses = unsafe parameters.places.map { place in
                unsafe place.count < 0 ? nil : start.map { unsafe $0 + place.start }
            }
            return unsafe PQsendQueryPrepared(
                handle, statement.name, Int32(counts.count), addresses, counts, formats, 1)
        }
        try check(sent)
    }

    // MARK: Receiving

    private func receive(
        _ steps: [Step], of texts: [String], until deadline: Int64
    ) throws(SQLError) -> [[SQLRow]] {
        var rows = [[SQLRow]](repeating: [], count: texts.count)
        var failure: SQLError?
        var position = 0
        while true {
            guard let result = try nextResult(until: deadline) else {
                // The end of one step's answers.
                position += 1
                guard unsafe position <= steps.count && PQstatus(handle) == CONNECTION_OK else {
                    throw lost(failure?.message, code: failure?.code)
                }
                continue
            }
            let status = result.status
            if status == PGRES_PIPELINE_SYNC { break }
            guard position < steps.count else { throw lost("an answer without a question") }
            switch status {
            case PGRES_COMMAND_OK, PGRES_EMPTY_QUERY: succeeded(steps[position])
            case PGRES_TUPLES_OK:
                guard case .execute(let index) = steps[position], failure == nil else { break }
                do throws(SQLError) {
                    rows[index] = try result.rows(of: texts[index])
                } catch {
                    failure = error
                }
            case PGRES_PIPELINE_ABORTED: break
            case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH: throw lost("a statement cannot copy")
            default:
                failure = failure ?? error(result, at: steps[position], of: texts)
            }
        }
        if let failure { throw failure }
        return rows
    }

    private func succeeded(_ step: Step) {
        switch step {
        case .deallocate(let name): statements.deallocated(name)
        case .prepare(let statement, _): statements.prepared(statement)
        case .execute: break
        }
    }

    private func error(_ result: borrowing ServerResult, at step: Step, of texts: [String]) -> SQLError {
        switch step {
        case .deallocate(let name):
            // Unknown to the server after all, or in the way for another reason: never again.
            statements.deallocated(name)
            return result.error(in: "DEALLOCATE")
        case .prepare(_, let index):
            return result.error(in: texts[index])
        case .execute(let index):
            let error = result.error(in: texts[index])
            guard result.isStaleStatement else { return error }
            if error.code == "26000" { statements.removeAll() } else { statements.retire(texts[index]) }
            foundStaleStatement = true
            // The transaction is lost, but would succeed as it was with the statement prepared anew.
            return SQLError(kind: .conflict, code: error.code, message: error.message, statement: error.statement)
        }
    }

    /// The next answer, waiting for it; nil at the end of what belongs to one step.
    private func nextResult(until deadline: Int64) throws(SQLError) -> ServerResult? {
        // A failed write shows in what can still be read: the server says why before it hangs up.
        var unsent = unsafe PQflush(handle)
        while unsafe PQisBusy(handle) == 1 {
            try wait(for: unsent == 1 ? POLLIN | POLLOUT : POLLIN, until: deadline)
            if unsent == 1 { unsent = unsafe PQflush(handle) }
            // TLS hands out records of up to 16 KiB and libpq reads at least 8 KiB at a time; what stays inside the TLS
            // library does not wake `poll`.
            var isRead = true
            for _ in 0..<(unsafe PQsslInUse(handle) == 1 ? 2 : 1) where isRead {
                isRead = unsafe PQconsumeInput(handle) == 1
            }
            // The result is the reason then.
            if !isRead { break }
        }
        return unsafe ServerResult(PQgetResult(handle))
    }

    private func deadline(in seconds: Int) -> Int64 {
        clock() + Int64(seconds + limits.graceSeconds) * 1_000_000_000
    }

    private func wait(for events: Int32, until deadline: Int64) throws(SQLError) {
        var socket = unsafe pollfd(fd: PQsocket(handle), events: Int16(events), revents: 0)
        while true {
            let left = deadline - clock()
            guard left > 0, socket.fd >= 0 else { throw lost("no answer in time") }
            // Rounded up, for a wait of 0 ms would be a busy loop.
            let milliseconds = Int32(min(left / 1_000_000 + 1, 60_000))
            let ready = unsafe Glibc.poll(&socket, 1, milliseconds)
            if ready > 0 { return }
            guard ready == 0 || errno == EINTR else { throw lost("cannot wait for the server") }
        }
    }

    // MARK: Connecting

    private func poll(secondsMax: Int) throws(SQLError) {
        let deadline = clock() + Int64(secondsMax) * 1_000_000_000
        var next = PGRES_POLLING_WRITING
        while unsafe PQstatus(handle) != CONNECTION_BAD {
            switch next {
            case PGRES_POLLING_OK, PGRES_POLLING_FAILED: return
            case PGRES_POLLING_READING: try wait(for: POLLIN, until: deadline)
            default: try wait(for: POLLOUT, until: deadline)
            }
            next = unsafe PQconnectPoll(handle)
        }
    }

    /// Why the server could not be reached, from libpq's text: an attempt that failed leaves no result with fields.
    private func connectFailure() -> SQLError {
        // Without the lines that a verbose message adds about the server's source.
        let message = unsafe String(cString: PQerrorMessage(handle)).split(whereSeparator: \.isNewline)
            .filter { !$0.hasPrefix("LOCATION:") }.joined(separator: "\n")
        let code = sqlState(in: message)
        let needsPassword = unsafe PQconnectionNeedsPassword(handle) == 1
        return SQLError(
            kind: needsPassword ? .misconfigured : SQLError.Kind(sqlState: code), code: code, message: oneLine(message))
    }

    // MARK: Losing

    /// libpq's functions that send return 1.
    private func check(_ code: Int32) throws(SQLError) {
        if code != 1 { throw lost() }
    }

    /// The session is of no use any more. Whether what was sent has been done is unknown.
    private func lost(_ message: String? = nil, code: String? = nil) -> SQLError {
        isInStep = false
        return SQLError(
            kind: .unavailable, code: code ?? "", message: message ?? oneLine(unsafe String(cString: PQerrorMessage(handle))))
    }
}

extension Link.Step {
    fileprivate func deallocates(_ name: String) -> Bool {
        if case .deallocate(name) = self { true } else { false }
    }

    fileprivate func prepares(_ statement: PreparedStatement) -> Bool {
        if case .prepare(let other, _) = self { other === statement } else { false }
    }
}

/// Lends `strings` as a list of C strings that ends with null.
private func withCStrings<Result>(
    _ strings: [String], _ body: (UnsafeBufferPointer<UnsafePointer<CChar>?>) -> Result
) -> Result {
    let copies = unsafe strings.map { unsafe UnsafePointer(strdup($0)) } + [nil]
    defer { unsafe copies.forEach { unsafe free(UnsafeMutablePointer(mutating: $0)) } }
    return unsafe copies.withUnsafeBufferPointer { unsafe body($0) }
}
