import Digests
import StrictJSON

/// A text that has the form of a signed token (RFC 7515 §7.1), taken apart strictly: three parts, each in its one spelling, and in
/// front an object without a name twice. Nothing in it is verified yet.
struct CompactToken {
    let header: JSONValue
    let payload: [UInt8]

    /// - Parameter token: Of a length that whoever calls has bounded.
    init?(_ token: String) {
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        // cjose takes padding too; here every token has one spelling.
        let decoded = parts.map { Base64URL.decode(String($0)) }
        guard decoded.count == 3, decoded.allSatisfy({ $0?.isEmpty == false }), let front = decoded[0], let payload = decoded[1],
            let header = Self.object(front, bytesMax: front.count)
        else { return nil }
        self.header = header
        self.payload = payload
    }

    /// Whether the header asks for this algorithm, and for nothing that is not understood here. So it is decided here which
    /// algorithm is used, and never by the token: RFC 8725 §3.1.
    func isPlain(_ algorithm: String) -> Bool {
        let type = header["typ"]
        return header["alg"]?.string == algorithm && (type == nil || type?.string == "JWT") && header["crit"] == nil
            && header["b64"] == nil
    }

    /// Two members of one name would be read in two ways by two programs, so there are none.
    static func object(_ bytes: [UInt8], bytesMax: Int) -> JSONValue? {
        let limits = JSONLimits(bytesMax: bytesMax, depthMax: 4, nodesMax: 256)
        // Why it is no JSON is of no interest: it is no token then.
        guard let root = try? JSONDocument(parsing: bytes, duplicates: .refuse, limits: limits).root, root.kind == .object
        else { return nil }
        return root
    }
}
