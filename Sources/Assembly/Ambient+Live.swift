import AttendanceCore
import Digests
import Glibc

extension Ambient {
    /// The machine's clock, OpenSSL's digests and random generator.
    static let live = Ambient(
        now: { Instant(microseconds: microseconds(of: CLOCK_REALTIME)) },
        // Goes on while the machine is suspended, as the pause does.
        uptime: { microseconds(of: CLOCK_BOOTTIME) },
        // Only a cancellation ends the sleep early, and then nobody waits for what comes after.
        pause: { try? await Task.sleep(for: .microseconds($0)) },
        randomBytes: { RandomBytes.make($0) },
        sha256: { Digest(words: SHA256.digest(of: $0).words) },
        hmac: { key in
            let key = HMACKey(key)
            return { message in Digest(words: key.code(for: message).words) }
        },
        equalInConstantTime: { ConstantTime.areEqual($0, $1) })
}

private func microseconds(of clock: clockid_t) -> Int64 {
    var time = timespec()
    // Only fails for a clock that does not exist.
    unsafe clock_gettime(clock, &time)
    return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000
}
