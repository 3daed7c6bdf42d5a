/// The ``Claim/detail`` of an entry that says under which identity a member's day was known in the system it was brought in
/// from: `name day=2025-06-11 imported=c8fc… digest=… created=… changed=…`. Without a row the day loses that identity, because
/// another one has it now.
public struct SessionName: Sendable, Equatable {
    public let day: CalendarDay
    public let row: ImportedRow?

    public init(day: CalendarDay, row: ImportedRow?) {
        self.day = day
        self.row = row
    }

    public init?(parsing text: WireText) {
        guard let words = DetailWords(parsing: text), words.first == "name",
            let day = words.text("day").flatMap({ CalendarDay(parsing: $0) })
        else { return nil }
        self.init(day: day, row: words.importedRow)
        guard self.text == text else { return nil }
    }

    public var text: WireText {
        var words = DetailWords("name")
        words.add("day", day.text)
        words.add(row)
        return words.text
    }
}
