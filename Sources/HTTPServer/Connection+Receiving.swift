import CHTTP
import Glibc
import HTTPMessages
import Synchronization

/// From the request line to the moment an answer is known.
///
/// Each function that continues a request returns whether the library may go on; false closes the connection.
extension Connection {
    /// More header fields than any client sends; beyond it a head is taken for malformed.
    private static let headerFieldsMax: Int32 = 128

    /// The library has read a request line. The target is kept now: the library cuts it to pieces afterwards.
    func targetReceived(_ target: UnsafePointer<CChar>) {
        let bytes = unsafe UnsafeBufferPointer(
            start: UnsafeRawPointer(target).assumingMemoryBound(to: UInt8.self), count: strlen(target))
        request.targetAddress = UInt(bitPattern: target)
        request.targetSize = bytes.count
        if let text = unsafe String(validating: bytes, as: UTF8.self) {
            request.target = text
        } else {
            request.target = unsafe String(decoding: bytes, as: UTF8.self)
            request.isTargetText = false
        }
        request.startedAt = MonotonicClock.microseconds()
        stage = .targetReceived
        let deadline = request.startedAt + core.receiveMicroseconds
        shared.withLock { shared in
            shared.awaited = .request(target: request.target, id: request.id)
            shared.deadline = deadline
        }
    }

    /// The head is complete. The library has not looked for a body yet; what is queued now closes the connection after it.
    func headReceived(method: UnsafePointer<CChar>, version: UnsafePointer<CChar>) -> Bool {
        request.method = unsafe String(cString: method)
        let headers: HeaderFields
        do {
            headers = try unsafe readHead(method: method, version: version)
        } catch {
            if request.id.isEmpty { identify([:]) }
            request.closesAfterwards = true
            return send(core.handler.answer(to: .malformed(error.reason), rawTarget: request.target))
        }
        let target = RequestTarget(request.target)
        let method = HTTPMethod(rawValue: request.method)
        guard let path = target.path(for: method) else {
            return answerWhenReceived(
                core.handler.answer(to: .malformed("the path is malformed"), rawTarget: request.target))
        }
        switch core.requestBegan() {
        case .underWay:
            request.isCounted = true
        case .tooMany:
            return answerWhenReceived(
                core.handler.answer(to: .unavailable(retryAfterSeconds: 1), rawTarget: request.target))
        case .draining:
            request.closesAfterwards = true
            return answerWhenReceived(
                core.handler.answer(to: .unavailable(retryAfterSeconds: 2), rawTarget: request.target))
        }
        let head = RequestHead(
            method: method, path: path, rawQuery: target.rawQuery, headers: headers,
            clientAddress: request.clientAddress, isAddressForwarded: request.isAddressForwarded, requestID: request.id)
        guard request.framing.hasBody else {
            // Not decided now: an answer to this call would close the connection after it.
            stage = .bodiless(head)
            return true
        }
        startAnswerDeadline()
        let handler = core.handler
        switch begin({ .admission(await handler.admit(head)) }) {
        case .done(.admission(let admission)):
            return admitted(admission)
        case .waiting:
            stage = .admitting
            return true
        case .done, .ended:
            return false
        }
    }

    private func readHead(
        method: UnsafePointer<CChar>, version: UnsafePointer<CChar>
    ) throws(HeadFault) -> HeaderFields {
        let target = unsafe UnsafePointer<CChar>(bitPattern: request.targetAddress)
        let isVersion10 = unsafe strcmp(version, "HTTP/1.0") == 0
        let result: Result<HeaderFields, HeadFault> = unsafe withUnsafeTemporaryAllocation(
            of: chttp_field.self, capacity: Int(Self.headerFieldsMax)
        ) { fields in
            let count = unsafe chttp_fields(
                handle, method, target, request.targetSize, version, fields.baseAddress, Self.headerFieldsMax)
            guard count >= 0 else { return .failure(Self.fault(count)) }
            return unsafe Self.collect(UnsafeBufferPointer(rebasing: fields[..<Int(count)]), isVersion10, into: &request)
        }
        let headers = try result.get()
        identify(headers)
        guard request.isTargetText, Self.isPlain(request.target) else {
            throw HeadFault(reason: "the target holds what no target may")
        }
        return headers
    }

    private static func collect(
        _ raw: UnsafeBufferPointer<chttp_field>, _ isVersion10: Bool, into request: inout RequestInProgress
    ) -> Result<HeaderFields, HeadFault> {
        var rules = MessageRules()
        var fields: [HeaderFields.Field] = []
        fields.reserveCapacity(raw.count)
        do throws(HeadFault) {
            for index in raw.indices {
                let entry = unsafe raw[index]
                let field = unsafe HeaderFields.Field(
                    name: text(entry.name, entry.name_size), value: text(entry.value, entry.value_size))
                try rules.note(field, hasTrailingBlanks: unsafe entry.has_trailing_blanks)
                fields.append(field)
            }
            try rules.finish(isVersion10: isVersion10)
        } catch {
            return .failure(error)
        }
        request.framing = rules.framing
        request.expectsContinue = rules.expectsContinue
        return .success(HeaderFields(fields))
    }

    /// Bytes that are not UTF-8 become U+FFFD.
    private static func text(_ start: UnsafePointer<CChar>, _ count: Int) -> String {
        unsafe String(
            decoding: UnsafeBufferPointer(start: UnsafeRawPointer(start).assumingMemoryBound(to: UInt8.self), count: count),
            as: UTF8.self)
    }

    private static func isPlain(_ target: String) -> Bool {
        target.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F }
    }

    private static func fault(_ code: Int32) -> HeadFault {
        switch code {
        case chttp_fault_request_line.rawValue: HeadFault(reason: "the request line is malformed")
        case chttp_fault_field_name.rawValue: HeadFault(reason: "a header field's name is malformed")
        case chttp_fault_field_value.rawValue: HeadFault(reason: "a header field's value holds control characters")
        case chttp_fault_too_many_fields.rawValue: HeadFault(reason: "too many header fields")
        default: HeadFault(reason: "a header field is folded or holds NUL")
        }
    }

    /// The handler has decided about a request whose body is still to come.
    func admitted(_ admission: Admission) -> Bool {
        startReceiveDeadline()
        switch admission {
        case .answer(let response):
            return answerWhenReceived(response)
        case .read(let bodyMaxBytes, let tooLarge, let respond):
            if case .length(let announced) = request.framing {
                guard announced <= bodyMaxBytes else { return answerWhenReceived(tooLarge) }
                // What is announced costs the client nothing, so only a modest part of it is believed in advance.
                request.body.reserveCapacity(min(announced, 65_536))
            }
            stage = .reading(bodyMaxBytes: bodyMaxBytes, tooLarge: tooLarge, respond: respond)
            return true
        }
    }

    /// Answers as soon as the client can be expected to listen.
    ///
    /// A client busy writing sees a broken pipe instead of an answer, so its body is read and dropped first. Not when it
    /// waits for leave to send (`Expect: 100-continue`), and not when it announced more than we are willing to read.
    private func answerWhenReceived(_ response: Response) -> Bool {
        var answersNow = request.framing.hasBody && request.expectsContinue
        if case .length(let announced) = request.framing, announced > core.configuration.limits.discardBytesMax {
            answersNow = true
        }
        if answersNow {
            request.closesAfterwards = true
            return send(response)
        }
        stage = .discarding(then: response)
        expectRest(refusal: response)
        return true
    }

    /// A part of the body has arrived.
    func bodyReceived(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        request.bytesIn += bytes.count
        switch stage {
        case .reading(let bodyMaxBytes, let tooLarge, _):
            var refusal = tooLarge
            if bytes.count <= bodyMaxBytes - request.body.count {
                if core.bodyGrew(bytes.count) {
                    request.bodyBytesHeld += bytes.count
                    unsafe request.body.append(contentsOf: bytes)
                    return true
                }
                refusal = core.handler.answer(to: .unavailable(retryAfterSeconds: 1), rawTarget: request.target)
            }
            request.body = []
            core.bodyEnded(request.bodyBytesHeld)
            request.bodyBytesHeld = 0
            stage = .discarding(then: refusal)
            expectRest(refusal: refusal)
            return discarded(bytes.count)
        case .discarding:
            return discarded(bytes.count)
        default:
            return false
        }
    }

    private func discarded(_ count: Int) -> Bool {
        request.bytesDiscarded += count
        if request.bytesDiscarded <= core.configuration.limits.discardBytesMax { return true }
        core.configuration.onEvent(.discardBoundExceeded(requestID: request.id))
        return false
    }

    /// The request is complete.
    func received() -> Bool {
        startAnswerDeadline()
        switch stage {
        case .discarding(let response):
            return send(response)
        case .bodiless(let head):
            let handler = core.handler
            // Making a task costs as much as many an answer.
            if let response = handler.answerAtOnce(to: head) { return send(response) }
            return respond {
                switch await handler.admit(head) {
                case .answer(let response): .response(response)
                case .read(_, _, let respond): .response(await respond([]))
                }
            }
        case .reading(_, _, let respond):
            let body = request.body
            request.body = []
            return self.respond { .response(await respond(body)) }
        default:
            return false
        }
    }

    private func respond(_ work: @escaping @Sendable () async -> Outcome) -> Bool {
        switch begin(work) {
        case .done(.response(let response)):
            return send(response)
        case .waiting:
            stage = .responding
            return true
        case .done, .ended:
            return false
        }
    }

    private func startReceiveDeadline() {
        let deadline = MonotonicClock.microseconds() + core.receiveMicroseconds
        shared.withLock { shared in
            shared.awaited = .request(target: request.target, id: request.id)
            shared.deadline = deadline
        }
    }

    /// The answer is known and waits for the rest of the body; where that does not come in time, it is sent instead.
    private func expectRest(refusal: Response) {
        shared.withLock { $0.awaited = .request(target: request.target, id: request.id, refusal: refusal) }
    }

    private func startAnswerDeadline() {
        let deadline = MonotonicClock.microseconds() + core.answerMicroseconds
        shared.withLock { shared in
            shared.awaited = .answer
            shared.deadline = deadline
        }
    }
}
