/// What a contract tells of one of its members.
public struct MemberProfile: Sendable, Equatable {
    public var name: WireText
    /// The number or code people know; unique among the contract's members, letter case counts.
    public var staffCode: WireText
    /// As it was sent; unique among the contract's members without letter case.
    public var email: WireText
    public var department: WireText
    public var position: WireText
    /// Whether they may punch.
    public var isActive: Bool

    public init(
        name: WireText, staffCode: WireText, email: WireText, department: WireText, position: WireText, isActive: Bool
    ) {
        self.name = name
        self.staffCode = staffCode
        self.email = email
        self.department = department
        self.position = position
        self.isActive = isActive
    }
}

/// A membership as it is now.
public struct Member: Sendable, Equatable {
    public let id: Identifier<Membership>
    /// The sequence of the entry that opened the membership.
    public let number: Int64
    public let profile: MemberProfile
    public let createdAt: Instant
    public let updatedAt: Instant
    /// Of the row of another system that they were brought in from; nil for who was not.
    public let importedDigest: Int64?

    public init(
        id: Identifier<Membership>, number: Int64, profile: MemberProfile, createdAt: Instant, updatedAt: Instant,
        importedDigest: Int64? = nil
    ) {
        self.importedDigest = importedDigest
        self.id = id
        self.number = number
        self.profile = profile
        self.createdAt = createdAt
        self.updatedAt = updatedAt
    }
}

/// What is to be different about a member; nil keeps what there is.
public struct MemberChange: Sendable {
    public var name: WireText?
    public var staffCode: WireText?
    public var email: WireText?
    public var department: WireText?
    public var position: WireText?
    public var isActive: Bool?

    public init() {}

    func applied(to profile: MemberProfile) -> MemberProfile {
        MemberProfile(
            name: name ?? profile.name, staffCode: staffCode ?? profile.staffCode, email: email ?? profile.email,
            department: department ?? profile.department, position: position ?? profile.position,
            isActive: isActive ?? profile.isActive)
    }
}

/// Which members are asked for; nil for no matter.
public struct MemberFilter: Sendable {
    /// A part of name, staff code, e-mail, department or position, without letter case.
    public var search: WireText?
    /// The whole department, letter case counts.
    public var department: WireText?
    public var isActive: Bool?

    public init(search: WireText? = nil, department: WireText? = nil, isActive: Bool? = nil) {
        self.search = search
        self.department = department
        self.isActive = isActive
    }

    public func admits(_ profile: MemberProfile) -> Bool {
        if let department, department != profile.department { return false }
        if let isActive, isActive != profile.isActive { return false }
        guard let search, !search.isEmpty else { return true }
        let wanted = Array(search.folded.text.utf8)
        return [profile.name, profile.staffCode, profile.email, profile.department, profile.position].contains { text in
            text.folded.text.utf8.contains(wanted)
        }
    }
}

extension WireText {
    /// The text without letter case: each scalar's lower-case mapping, and nothing else, so that it means the same on every
    /// machine and both engines.
    public var folded: WireText {
        // Most texts are plain ASCII, where one pass over the bytes does.
        if text.utf8.allSatisfy({ $0 < 0x80 }) {
            return WireText(
                String(decoding: text.utf8.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }, as: UTF8.self))
        }
        var folded = String.UnicodeScalarView()
        for scalar in text.unicodeScalars { folded.append(contentsOf: scalar.properties.lowercaseMapping.unicodeScalars) }
        return WireText(String(folded))
    }
}
