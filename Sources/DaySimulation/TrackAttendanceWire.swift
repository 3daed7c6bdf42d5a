import AttendanceCore
import DemoData
public import HTTPClient
import HTTPMessages
import StrictJSON
import Synchronization

extension StationWire {
    /// How long a station waits for an answer. Source: contract TrackAttendance §5.
    static let answerSecondsMax = 10
    /// How long an export of everything may take.
    static let exportSecondsMax = 3_600

    /// Stations of the TrackAttendance contract at a server.
    /// - Parameters:
    ///   - base: `http://host:port`, with `/t/NAME` behind it for a tenant other than `default`.
    ///   - key: One that may upload and export.
    public static func trackAttendance(at base: String, key: String, through client: Client) -> StationWire {
        let base = base.hasSuffix("/") ? String(base.dropLast()) : base
        @Sendable func request(_ method: HTTPMethod, _ path: String, _ body: [UInt8]? = nil) -> OutgoingRequest {
            var request = OutgoingRequest(method, base + path, headers: ["Authorization": "Bearer \(key)"], body: body)
            if body != nil { request.headers.append("Content-Type", "application/json") }
            request.totalSecondsMax = answerSecondsMax
            return request
        }
        return StationWire(
            upload: { batch in
                do throws(ClientError) {
                    let answer = try await client.send(request(.post, "/v1/scans/batch", body(of: batch)))
                    return (UploadAnswer(answer), answer.microseconds)
                } catch {
                    if case .unusable = error { throw SimulationFailure("\(base): \(error)") }
                    return (.none(reason: error.description), nil)
                }
            },
            beat: { station, count in
                var writer = JSONWriter()
                writer.object {
                    $0.member("station_name", station)
                    $0.member("last_clear_epoch") { $0.null() }
                    $0.member("local_scan_count", count)
                }
                // A heartbeat that is lost is made up for by the next.
                _ = try? await client.send(request(.post, "/v1/stations/heartbeat", writer.bytes))
            },
            readLedger: { take in
                var export = request(.get, "/v1/dashboard/export")
                export.totalSecondsMax = exportSecondsMax
                let rows = Mutex(ExportRows())
                let answer: ReceivedAnswer
                do throws(ClientError) {
                    answer = try await client.send(export) { piece in
                        rows.withLock { rows in
                            for row in rows.take(piece) { take(row) }
                            return !rows.isUnreadable
                        }
                    }
                } catch {
                    throw SimulationFailure("the ledger cannot be read back: \(error)")
                }
                guard answer.status == 200 else {
                    throw SimulationFailure("the ledger cannot be read back: status \(answer.status)")
                }
                guard rows.withLock({ $0.isWhole }) else {
                    throw SimulationFailure("the ledger cannot be read back: the export is not whole")
                }
            })
    }

    /// Sees whether the server is there and takes the key for both things that will be asked of it.
    /// - Throws: ``SimulationFailure``, in words for whoever typed the address and the key.
    public static func requireServer(at base: String, key: String, through client: Client) async throws(SimulationFailure) {
        let base = base.hasSuffix("/") ? String(base.dropLast()) : base
        let headers: HeaderFields = ["Authorization": "Bearer \(key)"]
        var upload = OutgoingRequest(.post, base + "/v1/scans/batch", headers: headers, body: Array(#"{"events":[]}"#.utf8))
        upload.headers.append("Content-Type", "application/json")
        for (request, role) in [
            (upload, "upload"), (OutgoingRequest(.get, base + "/v1/dashboard/export?limit=1", headers: headers), "dashboard"),
        ] {
            let answer: ReceivedAnswer
            do throws(ClientError) {
                answer = try await client.send(request)
            } catch {
                throw SimulationFailure("there is no answer from \(base): \(error)")
            }
            switch answer.status {
            case 200: break
            case 401, 403: throw SimulationFailure("\(base) does not take the key for the role \(role)")
            default:
                let path = request.url.dropFirst(base.utf8.count)
                throw SimulationFailure("\(base) answers \(path) with status \(answer.status)")
            }
        }
    }

    private static func body(of batch: [DemoScan]) -> [UInt8] {
        var writer = JSONWriter(reservingCapacity: batch.count * 256 + 16)
        writer.object {
            $0.member("events") {
                $0.array(of: batch) { writer, scan in
                    writer.object {
                        $0.member("idempotency_key", scan.reference)
                        $0.member("badge_id", scan.badge)
                        $0.member("station_name", scan.station)
                        $0.member("scanned_at", scan.occurredAt.millisecondText)
                        $0.member("business_unit", scan.member?.unit)
                        $0.member("scan_source", scan.means)
                        $0.member("meta") { $0.json(Array(scan.meta.utf8)) }
                    }
                }
            }
        }
        return writer.bytes
    }
}

extension UploadAnswer {
    /// Reads an answer as a kiosk does: only 200 with the counts is a success. Source: contract TrackAttendance §2, §5.
    init(_ answer: ReceivedAnswer) {
        switch answer.status {
        case 200:
            guard let root = try? JSONDocument(parsing: answer.body, duplicates: .takeLast).root,
                let saved = root["saved"]?.number?.int64, let duplicates = root["duplicates"]?.number?.int64
            else {
                self = .none(reason: "status 200 without counts")
                return
            }
            self = .stored(saved: Int(saved), duplicates: Int(duplicates))
        case 429, 503:
            let seconds = answer.headers.first("Retry-After").flatMap { Int($0) } ?? 1
            self = .comeBack(status: answer.status, afterSeconds: max(0, seconds))
        case 500..<600:
            self = .none(reason: "status \(answer.status)")
        default:
            self = .refused(status: answer.status, words: String(decoding: answer.body.prefix(200), as: UTF8.self))
        }
    }
}
