import AttendanceCore
import HTTPMessages
import StrictJSON

/// The flag service that the apps' Bluetooth check-in asks: small notes under free text, which change no result. Source:
/// contract §7.9.
extension AIMSDialect {
    /// `GET /bt-checkin/{class_id}`.
    func showFlag(_ visit: Visit) async throws(AIMSFailure) -> Response {
        try requireFlagKey(visit)
        let key = visit.flagKey
        let isOn = try await ask { () async throws(AttendanceError) in
            try await operations.classFlag(key, in: visit.tenant)
        }
        return Self.flag(key, isOn)
    }

    /// `PUT /bt-checkin/{class_id}`.
    func setFlag(_ visit: Visit) async throws(AIMSFailure) -> Response {
        try requireFlagKey(visit)
        var reader = visit.reader
        let isOn = reader.body().flatMap { reader.required("enabled", of: $0, as: .boolean) }
        try reader.check()
        guard let isOn else { throw .incomplete }
        let key = visit.flagKey
        try await ask { () async throws(AttendanceError) in
            try await operations.setClassFlag(key, to: isOn, in: visit.tenant)
        }
        return Self.flag(key, isOn)
    }

    private static func flag(_ key: WireText, _ isOn: Bool) -> Response {
        .json {
            $0.member("class_id", key)
            $0.member("enabled", isOn)
        }
    }

    /// `POST /bt-checkin/{class_id}/present`.
    func notePresence(_ visit: Visit) async throws(AIMSFailure) -> Response {
        try requireFlagKey(visit)
        var reader = visit.reader
        let body = reader.body()
        let email = body.flatMap { reader.optional("email", of: $0, as: .text) }
        let isPresent = body.flatMap { reader.present("present", of: $0, as: .boolean) } ?? true
        try reader.check()
        guard let email, !email.isEmpty else { throw .rule("email is required") }
        let key = visit.flagKey
        try await ask { () async throws(AttendanceError) in
            try await operations.setClassPresence(of: email, at: key, to: isPresent, in: visit.tenant)
        }
        return .json {
            $0.member("class_id", key)
            $0.member("email", email)
            $0.member("present", isPresent)
        }
    }

    /// `GET /bt-checkin/{class_id}/present`.
    func listPresence(_ visit: Visit) async throws(AIMSFailure) -> Response {
        try requireFlagKey(visit)
        let key = visit.flagKey
        let present = try await ask { () async throws(AttendanceError) in
            try await operations.classPresence(key, in: visit.tenant)
        }
        return .json { writer in
            writer.member("class_id", key)
            writer.member("present", present.map(\.text))
        }
    }

    /// - Throws: 401, also where no key is set: in the original everything is open then. Source: contract §7.9, §9.
    private func requireFlagKey(_ visit: Visit) throws(AIMSFailure) {
        guard let key = configuration.flagKey, let told = visit.head.headers.first("X-API-Key"),
            operations.ambient.equalInConstantTime(Array(told.utf8), Array(key.utf8))
        else { throw .apiKey }
    }
}

extension Visit {
    fileprivate var flagKey: WireText { WireText(parameters["class_id"] ?? "") }
}
