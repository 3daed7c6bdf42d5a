import AttendanceCore
import Digests
import Glibc

extension Ambient {
    /// The machine's clock, OpenSSL's digests and random generator.
    static let live = Ambient(
        now: {
            var time = timespec()
            // Only fails for a clock that does not exist.
            unsafe clock_gettime(CLOCK_REALTIME, &time)
            return Instant(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000)
        },
        randomBytes: { RandomBytes.make($0) },
        sha256: { Digest(words: SHA256.digest(of: $0).words) },
        hmac: { key in
            let key = HMACKey(key)
            return { message in Digest(words: key.code(for: message).words) }
        },
        equalInConstantTime: { ConstantTime.areEqual($0, $1) })
}
