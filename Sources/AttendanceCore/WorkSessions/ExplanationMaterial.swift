/// All that an explanation is made of.
public struct ExplanationMaterial: Sendable {
    /// The rules that were in force at one entry.
    public struct EntryRules: Sendable {
        /// Those that were active; nil without any.
        public let hours: BusinessHours?
        public let zone: ZoneRules
        /// Of the setting; 0 for the built-in default.
        public let zoneSequence: Int64
        /// Of the setting how old a shift may be; 0 for the built-in default.
        public let carrySequence: Int64

        public init(hours: BusinessHours?, zone: ZoneRules, zoneSequence: Int64, carrySequence: Int64) {
            self.hours = hours
            self.zone = zone
            self.zoneSequence = zoneSequence
            self.carrySequence = carrySequence
        }
    }

    /// A punch that counts no more.
    public struct VoidedPunch: Sendable, Equatable {
        public let number: Int64
        /// The sequence of the entry that voids it.
        public let by: Int64

        public init(number: Int64, by: Int64) {
            self.number = number
            self.by = by
        }
    }

    public let judgement: DayJudgement
    /// What the next day carried back into this day's session.
    public let carriedBack: [TimedPunch]
    public let assertion: SessionAssertion?
    /// Sequences of the assertions that `assertion` has replaced.
    public let superseded: [Int64]
    public let voided: [VoidedPunch]
    /// By the sequence of the entry: ``TimedPunch/toldBy``, or that of the assertion.
    public let rulesByEntry: [Int64: EntryRules]
    /// Those in force now, for a policy, and for entries that `rulesByEntry` does not know.
    public let currentRules: EntryRules
    public let policy: HoursPolicy
    /// When the explanation is asked for.
    public let asOf: Instant
    public let isToday: Bool

    public init(
        judgement: DayJudgement, carriedBack: [TimedPunch], assertion: SessionAssertion?, superseded: [Int64] = [],
        voided: [VoidedPunch] = [], rulesByEntry: [Int64: EntryRules], currentRules: EntryRules, policy: HoursPolicy = .off,
        asOf: Instant, isToday: Bool
    ) {
        self.judgement = judgement
        self.carriedBack = carriedBack
        self.assertion = assertion
        self.superseded = superseded
        self.voided = voided
        self.rulesByEntry = rulesByEntry
        self.currentRules = currentRules
        self.policy = policy
        self.asOf = asOf
        self.isToday = isToday
    }
}
