public import AttendanceCore
import Tokens

extension AccountSecrets {
    /// Real tokens, and hashes that cost nothing: `test$` and the password. One that begins with `old$` is outdated.
    public static func test(
        key: [UInt8] = Array(repeating: 7, count: 32), lifetimes: TokenLifetimes = TokenLifetimes(),
        bearerSecret: [UInt8] = Array("a-secret-of-tests-0123456789abcdef".utf8)
    ) -> AccountSecrets {
        let signer = TokenSigner(key: key)
        return AccountSecrets(
            hash: { password throws(AttendanceError) in PasswordHash("test$" + password) },
            verify: { password, hash throws(AttendanceError) in
                switch hash?.text {
                case "test$" + password: .right
                case "old$" + password: .outdated
                default: .wrong
                }
            },
            sign: { signer.sign($0) }, claims: { signer.claims(of: $0) }, lifetimes: lifetimes,
            bearer: BearerTokens(signer: BearerSigner(secret: bearerSecret)))
    }
}
