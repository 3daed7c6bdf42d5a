public import struct FoundationEssentials.UUID

extension ClassroomRole {
    /// The list by which somebody with this role is let in.
    public var list: AllowedList {
        switch self {
        case .teacher, .admin: .staff
        case .student: .student
        }
    }
}

/// The two lists of addresses that may sign in, one for each door. Words are stored. Source: contract aims §2.3, §7.3.
public enum AllowedList: String, Sendable, CaseIterable {
    case staff, student
}

/// An address that may sign in through an identity provider, or that must not.
public struct AllowedEmail: Sendable, Equatable {
    /// Stays as it is when the address changes.
    public var id: UUID
    public var list: AllowedList
    /// Folded: see ``EmailAddress/folded``. Unique in a list of a tenant.
    public var email: WireText
    /// A student's institutional address, folded: it lets in like the first one.
    public var otherEmail: WireText?
    public var role: ClassroomRole
    /// For somebody whose provider tells no name.
    public var name: WireText?
    public var rollNumber: WireText?
    public var batch: WireText?
    public var department: WireText?
    public var program: WireText?
    /// Whether the address was taken off the list. That beats whatever else would let it in.
    public var isDenied: Bool
    public var createdAt: Instant
    public var updatedAt: Instant

    public init(
        id: UUID, list: AllowedList, email: WireText, otherEmail: WireText? = nil, role: ClassroomRole, name: WireText? = nil,
        rollNumber: WireText? = nil, batch: WireText? = nil, department: WireText? = nil, program: WireText? = nil,
        isDenied: Bool = false, createdAt: Instant, updatedAt: Instant
    ) {
        self.id = id
        self.list = list
        self.email = email
        self.otherEmail = otherEmail
        self.role = role
        self.name = name
        self.rollNumber = rollNumber
        self.batch = batch
        self.department = department
        self.program = program
        self.isDenied = isDenied
        self.createdAt = createdAt
        self.updatedAt = updatedAt
    }

    /// Its one address, or both.
    public var addresses: [WireText] { [email] + (otherEmail.map { [$0] } ?? []) }

    /// Whether all is alike but the moments.
    func isSame(as other: AllowedEmail) -> Bool {
        var other = other
        other.createdAt = createdAt
        other.updatedAt = updatedAt
        return self == other
    }
}

/// An address that is to be allowed. What is nil stays as it is where the address is on the list.
public struct AllowedEmailDraft: Sendable, Equatable {
    public static let textMaxScalars = 200

    public let email: EmailAddress
    public let otherEmail: EmailAddress?
    public let role: ClassroomRole
    public let name: WireText?
    public let rollNumber: WireText?
    public let batch: WireText?
    public let department: WireText?
    public let program: WireText?

    /// White space at both ends does not count, and a text of nothing else is nil.
    /// - Throws: `.invalid(field:…)`; a staff member has one address and no roll number.
    public init(
        email: WireText, role: ClassroomRole, otherEmail: WireText? = nil, name: WireText? = nil, rollNumber: WireText? = nil,
        batch: WireText? = nil, department: WireText? = nil, program: WireText? = nil
    ) throws(AttendanceError) {
        self.email = try EmailAddress(parsing: email.trimmed)
        self.role = role
        let other = try otherEmail?.filled.map { raw throws(AttendanceError) in
            guard let address = try? EmailAddress(parsing: raw) else {
                throw .invalid(field: "other_email", .malformed("this is no e-mail address"))
            }
            return address
        }
        self.otherEmail = other?.folded == self.email.folded ? nil : other
        func text(_ field: String, _ raw: WireText?) throws(AttendanceError) -> WireText? {
            guard let text = raw?.filled else { return nil }
            guard text.scalarCount <= Self.textMaxScalars else {
                throw .invalid(field: field, .tooLong(maxScalars: Self.textMaxScalars))
            }
            // PostgreSQL keeps no text with it.
            guard !text.text.utf8.contains(0) else { throw .invalid(field: field, .malformed("it holds the character U+0000")) }
            return text
        }
        self.name = try text("name", name)
        self.rollNumber = try text("roll_no", rollNumber)
        self.batch = try text("batch", batch)
        self.department = try text("department", department)
        self.program = try text("program", program)
        guard role == .student else {
            for (field, value) in [("other_email", other?.text), ("roll_no", self.rollNumber)] where value != nil {
                throw .invalid(field: field, .malformed("only a student has one"))
            }
            return
        }
    }

    var addresses: [WireText] { [email.folded] + (otherEmail.map { [$0.folded] } ?? []) }
}

extension StudentAddresses {
    /// As the list keeps them; what no mail could be sent to is left out.
    var folded: (email: WireText?, instituteEmail: WireText?) {
        func kept(_ raw: WireText?) -> WireText? {
            raw.flatMap { try? EmailAddress(parsing: $0.trimmed) }?.folded
        }
        return (kept(email), kept(instituteEmail))
    }
}

extension WireText {
    /// Without white space at both ends.
    package var trimmed: WireText {
        let scalars = text.unicodeScalars
        let front = scalars.drop { $0.properties.isWhitespace }
        guard let last = front.lastIndex(where: { !$0.properties.isWhitespace }) else { return "" }
        return WireText(String(front[...last]))
    }

    /// The same without white space at both ends; nil where nothing is left.
    package var filled: WireText? {
        let trimmed = trimmed
        return trimmed.isEmpty ? nil : trimmed
    }
}
