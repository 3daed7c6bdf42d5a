extension Command {
    static let doctor = Command(
        "doctor", "Looks for trouble with the store, the machine, keys and stations. Changes nothing; 1 where there is some.",
        options: [
            Option("--json", nil, "for programs"),
            Option("--full", nil, "walk the ledgers from their first entry, however long that takes"),
            Option("--listen", "ADDRESS:PORT", "where the server should be (MUSTER_LISTEN)"),
        ] + Option.common
    ) { invocation in
        let diagnosis = await Doctor(
            configuration: invocation.configuration, ambient: invocation.ambient, isFull: invocation.has("--full")
        ).examine()
        Terminal.print(invocation.has("--json") ? diagnosis.json : diagnosis.text)
        return diagnosis.worst == .trouble ? 1 : 0
    }
}
