/// An organisation that does not exist: stations, people and their habits, all drawn from a seed.
public struct DemoOrganisation: Sendable {
    public static let peopleMax = 100_000
    public static let stationsMax = 200

    /// What a station is for.
    public enum Purpose: Sendable {
        /// People come and go through it.
        case gate
        case canteen
        /// People drop in during the day.
        case room
    }

    /// A place where badges are read.
    public struct Station: Sendable, Hashable {
        public let name: String
        public let purpose: Purpose
    }

    /// When somebody works, in minutes of the local day.
    public struct Habits: Sendable, Hashable {
        let arrives: Int
        let leaves: Int
        /// In how many of a thousand working days they eat in the canteen.
        let eatsPerMille: Int
        /// In how many of a thousand weekend days they come.
        let weekendPerMille: Int
    }

    /// Somebody of the organisation, with the badge they carry.
    public struct Member: Sendable, Hashable {
        public let badge: String
        public let staffCode: String
        public let unit: String
        /// The place of the gate they use, unless they take another for once.
        let gate: Int
        let habits: Habits
    }

    public let seed: UInt64
    public let stations: [Station]
    public let members: [Member]
    /// What stands in front of every badge.
    public let badgePrefix: String
    let gates: [Int]
    let canteens: [Int]
    let rooms: [Int]

    private static let wellKnown: [(String, Purpose)] = [
        ("Main Gate", .gate), ("Canteen", .canteen), ("North Gate", .gate), ("Training Centre", .room), ("Warehouse", .gate),
        ("Reception", .gate), ("Workshop", .room), ("Parking Deck", .gate), ("Laboratory", .room), ("South Canteen", .canteen),
    ]

    private static let units: [(name: String, weight: Int)] = [
        ("Production", 30), ("Logistics", 18), ("Engineering", 14), ("Sales", 10), ("Customer Service", 9), ("Finance", 6),
        ("Information Technology", 5), ("Quality", 4), ("Human Resources", 3), ("Management", 1),
    ]

    /// - Parameters:
    ///   - people: 1 to ``peopleMax``.
    ///   - stations: 1 to ``stationsMax``.
    ///   - prefix: What stands in front of every badge and staff code.
    public init(seed: UInt64, people: Int, stations: Int, badgePrefix prefix: String = "") {
        precondition((1...Self.peopleMax).contains(people) && (1...Self.stationsMax).contains(stations))
        self.seed = seed
        badgePrefix = prefix
        let places = (0..<stations).map { number in
            let known = number < Self.wellKnown.count ? Self.wellKnown[number] : nil
            return Station(name: known?.0 ?? "Gate \(number + 1)", purpose: known?.1 ?? .gate)
        }
        self.stations = places
        func all(_ purpose: Purpose) -> [Int] { places.indices.filter { places[$0].purpose == purpose } }
        let gates = all(.gate)
        self.gates = gates
        canteens = all(.canteen)
        rooms = all(.room)

        var random = SeededRandom(seed: seed, for: 1)
        let weights = Self.units.reduce(0) { $0 + $1.weight }
        members = (0..<people).map { number in
            var place = random.below(weights)
            let unit = Self.units.first { unit in
                place -= unit.weight
                return place < 0
            }
            return Member(
                badge: "\(prefix)\(100_000 + number * 7 + random.below(7))", staffCode: "\(prefix)\(200_001 + number)",
                unit: unit?.name ?? Self.units[0].name,
                // The first gate is the main one.
                gate: random.chance(perMille: 450) ? gates[0] : random.pick(gates), habits: Self.habits(&random))
        }
    }

    private static func habits(_ random: inout SeededRandom) -> Habits {
        let shift = random.below(100)
        let arrives: Int
        switch shift {
        case 0..<78: arrives = random.around(415...565)  // 06:55 to 09:25, mostly about 08:10
        case 78..<90: arrives = random.around(335...365)  // early
        default: arrives = random.around(805...840)  // late
        }
        return Habits(
            arrives: arrives, leaves: arrives + random.around(485...560), eatsPerMille: random.within(350...900),
            weekendPerMille: random.chance(perMille: 150) ? 300 : 15)
    }

    /// How many members each unit has, by name.
    public var rosterUnits: [(name: String, members: Int)] {
        let counts = members.reduce(into: [String: Int]()) { $0[$1.unit, default: 0] += 1 }
        return counts.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }
}
