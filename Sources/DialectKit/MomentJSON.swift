public import StrictJSON

extension JSONWriter {
    /// A moment as a string; see ``Moment/append(_:to:precision:)``.
    public mutating func moment(microseconds: Int64, precision: Moment.Precision = .milliseconds) {
        string { Moment.append(microseconds, to: &$0, precision: precision) }
    }
}
