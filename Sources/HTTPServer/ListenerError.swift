/// Why a listener could not start.
public struct ListenerError: Error, Equatable, CustomStringConvertible {
    /// What the system said.
    public enum Reason: Sendable, Equatable {
        case addressInUse
        case notPermitted
        /// No such host, or no address of this machine.
        case badAddress
        /// Any other cause, in the system's words.
        case system(String)
    }

    /// `HOST:PORT` as configured.
    public let address: String
    public let reason: Reason

    public var description: String {
        switch reason {
        case .addressInUse: "cannot listen on \(address): the address is in use"
        case .notPermitted: "cannot listen on \(address): not permitted (ports below 1024 belong to root)"
        case .badAddress: "cannot listen on \(address): this is no address of this machine"
        case .system(let message): "cannot listen on \(address): \(message)"
        }
    }
}
