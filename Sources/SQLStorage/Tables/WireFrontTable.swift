import AttendanceCore

/// What stands at the front of identities on the wire: `wire_front`. For reports that others write in SQL; the program itself
/// works it out.
struct WireFrontTable {
    let connection: any SQLConnection

    func publish(_ tenants: [TenantID], sealer: Sealer) throws(SQLError) {
        let rows = tenants.flatMap { tenant in WireNoun.allCases.map { (tenant, $0) } }
        _ = try connection.insert(
            BulkInsert(
                into: "wire_front",
                [
                    BulkColumn("tenant_id", .integers(rows.map(\.0.rawValue))),
                    BulkColumn("noun", .integers(rows.map { Int64($0.1.rawValue) })),
                    BulkColumn("front", .integers(rows.map { Int64(bitPattern: sealer.front(of: $0.1, in: $0.0)) })),
                ], suffix: "ON CONFLICT (tenant_id, noun) DO NOTHING"))
    }
}
