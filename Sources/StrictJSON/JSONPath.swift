/// The way from the root of a document to a place in it.
public struct JSONPath: Hashable, Sendable {
    /// One step downwards.
    public enum Step: Hashable, Sendable {
        /// Into the member of an object that has this name.
        case member(String)
        /// Into the item of an array at this position, counted from 0.
        case index(Int)
    }

    /// From the root on; empty for the root itself.
    public var steps: [Step]

    public init(_ steps: [Step] = []) {
        self.steps = steps
    }

    /// The place one step further.
    public func appending(_ step: Step) -> JSONPath {
        JSONPath(steps + [step])
    }

    /// The place one step nearer to the root; the root itself for the root.
    public var parent: JSONPath {
        JSONPath(Array(steps.dropLast()))
    }

    /// All steps in one text: `events/3/scanned_at`. Empty for the root.
    public func joined(separator: String = "/") -> String {
        steps.map { step in
            switch step {
            case .member(let name): name
            case .index(let position): String(position)
            }
        }.joined(separator: separator)
    }
}
