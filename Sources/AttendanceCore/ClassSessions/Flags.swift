/// The flags of the Bluetooth service: small notes under free text that change no result. Whoever asks holds the key of that
/// service, and nobody else's. Source: contract aims §7.9.
public enum ClassFlag {
    /// More of a key or an address is refused.
    public static let textMaxScalars = 254
    /// How many flags and addresses a tenant keeps: one shared key in every app lets anybody write them.
    public static let countMax = 100_000
}

extension Operations {
    /// Whether a class may be checked into; false where nobody ever said so.
    /// - Throws: `.unavailable`.
    public func classFlag(_ key: WireText, in tenant: TenantID) async throws(AttendanceError) -> Bool {
        try await store.readBriefly(in: tenant) { tx throws(AttendanceError) in try tx.flag(key) }
    }

    /// Lets a class be checked into, or not.
    /// - Throws: `.invalid(field: "class_id", …)`, `.unavailable`, also where there is no room for more flags.
    public func setClassFlag(_ key: WireText, to isOn: Bool, in tenant: TenantID) async throws(AttendanceError) {
        try Self.check(key, "class_id")
        try await store.write(in: tenant) { tx throws(AttendanceError) in
            try Self.requireRoom(in: tx)
            try tx.setFlag(key, to: isOn)
        }
    }

    /// Notes that an address is there, or is not. That never passes by itself, and belongs to no day.
    /// - Throws: `.invalid(field: "email", .empty)` without an address, `.invalid(field:…)` for what cannot be kept,
    ///   `.unavailable`, also where there is no room for more.
    public func setClassPresence(
        of email: WireText, at key: WireText, to isPresent: Bool, in tenant: TenantID
    ) async throws(AttendanceError) {
        guard !email.isEmpty else { throw .invalid(field: "email", .empty) }
        try Self.check(key, "class_id")
        try Self.check(email, "email")
        try await store.write(in: tenant) { tx throws(AttendanceError) in
            if isPresent { try Self.requireRoom(in: tx) }
            try tx.setFlagPresence(key, email, to: isPresent)
        }
    }

    /// The addresses that are there, in code point order.
    /// - Throws: `.unavailable`.
    public func classPresence(_ key: WireText, in tenant: TenantID) async throws(AttendanceError) -> [WireText] {
        try await store.readBriefly(in: tenant) { tx throws(AttendanceError) in try tx.flagPresence(key) }
    }

    private static func requireRoom(in tx: any ClassReading) throws(AttendanceError) {
        guard try tx.flagCount() < ClassFlag.countMax else { throw .unavailable(retryAfterSeconds: 3_600) }
    }

    private static func check(_ text: WireText, _ field: String) throws(AttendanceError) {
        guard text.scalarCount <= ClassFlag.textMaxScalars else {
            throw .invalid(field: field, .tooLong(maxScalars: ClassFlag.textMaxScalars))
        }
        guard !text.containsNUL else { throw .invalid(field: field, .malformed("U+0000 cannot be kept")) }
    }
}
