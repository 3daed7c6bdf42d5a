/// Ends the process unless `condition` holds, so that libFuzzer keeps the input.
func law(
    _ condition: @autoclosure () -> Bool, _ sentence: @autoclosure () -> String, file: StaticString = #fileID, line: UInt = #line
) {
    if condition() { return }
    fatalError(sentence(), file: file, line: line)
}

/// Bytes as a text where they are one.
func text(_ bytes: Span<UInt8>) -> String? {
    unsafe bytes.withUnsafeBufferPointer { unsafe String(validating: $0, as: UTF8.self) }
}

extension Span<UInt8> {
    var array: [UInt8] { unsafe withUnsafeBufferPointer { unsafe Array($0) } }
}

extension String {
    /// Equality byte by byte; `==` takes composed and decomposed letters for equal.
    func isSame(as other: some StringProtocol) -> Bool { utf8.elementsEqual(other.utf8) }
}
