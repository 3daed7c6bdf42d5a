import AttendanceCore
import Glibc
import Synchronization

/// The system's time zone database: one compiled file for each zone.
enum ZoneFiles {
    /// Where systems keep it.
    static let folders = ["/usr/share/zoneinfo", "/usr/lib/zoneinfo"]
    /// No zone's file is nearly as long.
    private static let bytesMax = 1 << 20

    /// - Throws: ``Misuse`` for a name that is no zone's; ``Failure`` where there is no database.
    static func rules(of name: String) throws -> ZoneRules {
        guard let folder = folders.first(where: { unsafe access($0, R_OK | X_OK) == 0 }) else {
            throw Failure("there is no time zone database at \(folders[0]); on Debian: apt-get install tzdata")
        }
        let unknown = Misuse("there is no time zone \"\(Terminal.harmless(name))\"; Area/City such as Europe/Berlin was expected")
        let letters = name.utf8.allSatisfy { byte in
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                || "/_+-".utf8.contains(byte)
        }
        // Without dots no name leads out of the folder.
        guard letters, !name.isEmpty, name.utf8.first != UInt8(ascii: "/") else { throw unknown }
        let path = "\(folder)/\(name)"
        var status = stat()
        guard unsafe stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { throw unknown }
        var file = try InputFile(path)
        var bytes: [UInt8] = []
        while bytes.count <= bytesMax, let piece = try file.next() { bytes += piece }
        do throws(ZoneRules.Fault) {
            return try ZoneRules(named: WireText(name), compiled: bytes)
        } catch {
            switch error {
            case .malformed: throw unknown
            case .leapSeconds:
                throw Misuse("the zone \"\(name)\" counts leap seconds; the same one without \"right/\" was expected")
            }
        }
    }
}

extension ZoneSource {
    /// The system's time zone database; whoever has this value reads each zone once. A name that is no zone's is looked for again
    /// each time: the database may come later.
    static func system() -> ZoneSource {
        let known = KnownZones()
        return ZoneSource { name in known.rules(of: name) }
    }
}

private final class KnownZones: Sendable {
    private let zones = Mutex<[WireText: ZoneRules]>([:])

    func rules(of name: WireText) -> ZoneRules? {
        if let known = zones.withLock({ $0[name] }) { return known }
        // Why a zone cannot be had is for whoever sets it; here it is absent.
        guard let rules = try? ZoneFiles.rules(of: name.text) else { return nil }
        zones.withLock { $0[name] = rules }
        return rules
    }
}
