/// One step of the schema, up and down. Released ones are never edited: a digest of both scripts is kept in the store.
struct Migration: Sendable {
    /// `0001 foundation`: its place and what it brings.
    let name: String
    /// The script that makes the step, in the words of an engine.
    let up: @Sendable (SchemaVocabulary) -> String
    /// The script that undoes it.
    let down: @Sendable (SchemaVocabulary) -> String
    /// The tables whose rows a step down destroys.
    let tables: [String]

    /// All steps, oldest first. New ones are added to the end.
    static let all: [Migration] = [
        .foundation, .accounts, .timeSheets, .timeTrackerViews, .allowedEmails, .classes,
    ]
}
