import AttendanceCore

/// `sign_in_attempt`, `setup_link`: what stands between anybody and an account. Known to the installation, since whoever
/// signs in is nobody's yet.
struct SignInTable {
    let connection: any SQLConnection

    func count(
        _ key: SignInKey, at moment: Instant, stretchFrom start: Instant, keysMax: Int
    ) throws(SQLError) -> SignInCount {
        let row = try connection.run(
            """
            INSERT INTO sign_in_attempt (kind, name, attempts, began_at_us)
            VALUES (\(key.kind.rawValue), \(key.name.bytes), 1, \(moment.microseconds))
            ON CONFLICT (kind, name) DO UPDATE SET
                attempts = CASE WHEN sign_in_attempt.began_at_us > \(start.microseconds)
                        AND sign_in_attempt.began_at_us <= \(moment.microseconds)
                    THEN sign_in_attempt.attempts + 1 ELSE 1 END,
                began_at_us = CASE WHEN sign_in_attempt.began_at_us > \(start.microseconds)
                        AND sign_in_attempt.began_at_us <= \(moment.microseconds)
                    THEN sign_in_attempt.began_at_us ELSE excluded.began_at_us END
            RETURNING attempts, began_at_us
            """)[0]
        let count = SignInCount(attempts: row.integer(0), beganAt: Instant(microseconds: row.integer(1)))
        if count.attempts == 1 {
            _ = try connection.run("DELETE FROM sign_in_attempt WHERE began_at_us <= \(start.microseconds)")
            _ = try connection.run(
                """
                DELETE FROM sign_in_attempt WHERE began_at_us <= (
                    SELECT began_at_us FROM sign_in_attempt ORDER BY began_at_us DESC LIMIT 1 OFFSET \(keysMax))
                """)
        }
        return count
    }

    func forget(_ key: SignInKey, onlyOne: Bool) throws(SQLError) {
        if onlyOne {
            _ = try connection.run(
                """
                UPDATE sign_in_attempt SET attempts = attempts - 1
                WHERE kind = \(key.kind.rawValue) AND name = \(key.name.bytes) AND attempts > 0
                """)
        } else {
            _ = try connection.run(
                "DELETE FROM sign_in_attempt WHERE kind = \(key.kind.rawValue) AND name = \(key.name.bytes)")
        }
    }

    func hasSetupLink(_ verifier: Digest, at moment: Instant) throws(SQLError) -> Bool {
        try !connection.run(
            """
            SELECT expires_at_us FROM setup_link
            WHERE verifier = \(verifier.bytes) AND expires_at_us > \(moment.microseconds)
            """
        ).isEmpty
    }

    func addSetupLink(_ verifier: Digest, until expiry: Instant, at moment: Instant) throws(SQLError) {
        _ = try connection.run("DELETE FROM setup_link WHERE expires_at_us <= \(moment.microseconds)")
        _ = try connection.run(
            "INSERT INTO setup_link (verifier, expires_at_us) VALUES (\(verifier.bytes), \(expiry.microseconds))")
    }

    func removeSetupLinks() throws(SQLError) {
        _ = try connection.run("DELETE FROM setup_link")
    }
}
