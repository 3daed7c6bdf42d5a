/// Everything the system can be asked to do. Each operation is an extension in its noun's folder, named for its verb.
public struct Operations: Sendable {
    public let store: any Store
    public let ambient: Ambient
    public let sealer: Sealer

    public init(store: any Store, ambient: Ambient, sealer: Sealer) {
        self.store = store
        self.ambient = ambient
        self.sealer = sealer
    }
}
