/// Comparisons whose duration tells nothing about a secret.
public enum ConstantTime {
    /// Whether both hold the same bytes.
    ///
    /// What is compared is their digests, so that neither the first difference nor the length of the secret shows in the
    /// time taken. Only the length of what the asking side sent does, and that it knows.
    public static func areEqual(_ a: [UInt8], _ b: [UInt8]) -> Bool {
        SHA256.digest(of: a).isEqualInConstantTime(to: SHA256.digest(of: b))
    }

    /// Whether both have the same UTF-8: a composed and a decomposed "é" differ.
    public static func areEqual(_ a: String, _ b: String) -> Bool {
        SHA256.digest(of: a).isEqualInConstantTime(to: SHA256.digest(of: b))
    }
}
