import Foundation
import Glibc
import HTTPMessages
import TestKit
import Testing

/// The sample configurations in `deploy/`, run as they are: only names, ports and files are put in their place.
extension `The program` {
    @Suite struct `Behind a proxy` {
        enum Proxy: String, CaseIterable, Sendable, CustomTestStringConvertible {
            case nginx, caddy

            var testDescription: String { rawValue }
            // Debian keeps servers where only root's PATH may lead.
            var program: String? { tool(rawValue) ?? ["/usr/sbin/\(rawValue)"].first(where: FileManager.default.isExecutableFile) }
            static let here = allCases.filter { $0.program != nil }
        }

        /// Installing them would start them on this machine's ports, so script/bootstrap does not.
        @Test(.enabled(if: Proxy.here.count == 2, "nginx, caddy or both are not installed"))
        func `is tried with nginx and with Caddy`() {
            #expect(Proxy.here == Proxy.allCases)
        }

        @Test(.enabled(if: !Proxy.here.isEmpty, "neither nginx nor caddy is installed"), arguments: Proxy.here)
        func `clients see what they see without one`(proxy: Proxy) async throws {
            try await Place.on(.sqlite) { place in
                let front = try await Front(proxy, in: place)
                let scans = (0..<2_000).map { Scan(key: "k\($0)", badge: "b\($0)") }
                let body = #"{"events":[\#(scans.map(\.json).joined(separator: ","))]}"#
                let upload = ["-H", "Content-Type: application/json", "--data-binary", "@-"]
                let key = ["-H", "Authorization: Bearer \(Place.key)"]
                let first = try await front.ask("/v1/scans/batch", upload + key, body: body)
                #expect(first.status == 200 && first.body == #"{"saved":2000,"duplicates":0,"errors":0}"#)
                #expect(try await front.ask("/v1/scans/batch", upload, body: body).status == 401)
                let wrong = try await front.ask(
                    "/v1/scans/batch", upload + ["-H", "Authorization: Bearer \(Place.key)x"], body: body)
                #expect(wrong.status == 401 && wrong.body.contains(#""error":"Unauthorized""#))
                // In Muster's words, whoever says them.
                let large = String(repeating: " ", count: 16 << 20) + body
                let tooLarge = try await front.ask("/v1/scans/batch", upload + key, body: large)
                #expect(tooLarge.status == 413 && tooLarge.body.contains("FST_ERR_CTP_BODY_TOO_LARGE"), "\(tooLarge)")
                // Escapes arrive as they were sent.
                let cleared = try await front.ask(
                    "/v1/admin/clear-station?station=Main%20Gate",
                    key + ["-X", "DELETE", "-H", "X-Confirm-Delete: DELETE STATION SCANS"])
                #expect(cleared.status == 200 && cleared.body.contains(#""deleted":2000"#))
                #expect(try await front.ask("/dashboard/").body.contains("<html"))

                try await front.server.stop()
                let away = try await front.ask("/v1/scans/batch", upload + key, body: body)
                #expect(away.status == 503 && away.headers.lowercased().contains("retry-after: 5"), "\(away)")
                #expect(away.body.contains(#""error":"Service Unavailable""#))
            }
        }

        @Test(.enabled(if: !Proxy.here.isEmpty, "neither nginx nor caddy is installed"), arguments: Proxy.here)
        func `each client counts by its own address, whatever it claims to be`(proxy: Proxy) async throws {
            try await Place.on(.sqlite) { place in
                let front = try await Front(proxy, in: place, ["PUBLIC_RATE_LIMIT_MAX": "3"])
                let path = "/v1/stations/status"
                for number in 1...3 {
                    let answer = try await front.ask(path, ["--interface", "127.0.0.2"])
                    #expect(answer.status == 200 && answer.headers.lowercased().contains("x-ratelimit-remaining: \(3 - number)"))
                }
                for forged in [
                    "X-Forwarded-For: 192.0.2.1", "X-Forwarded-For: 127.0.0.1", "Forwarded: for=192.0.2.1", "X-Real-IP: 192.0.2.1",
                ] {
                    #expect(try await front.ask(path, ["--interface", "127.0.0.2", "-H", forged]).status == 429, "\(forged)")
                }
                #expect(try await front.ask(path, ["--interface", "127.0.0.3"]).status == 200)
                let named = try await front.ask("/healthz", ["--interface", "127.0.0.3", "-H", "X-Request-Id: of-the-client"])
                #expect(named.status == 200)
                try await front.server.stop()
                let log = front.server.process.errors
                #expect(log.contains(#""client":"127.0.0.2""#) && log.contains(#""client":"127.0.0.3""#))
                #expect(!log.contains("192.0.2.1") && !log.contains("of-the-client"))
                // Nor is a peer believed that is no trusted proxy.
                let bare = try await place.serve(environment: ["PUBLIC_RATE_LIMIT_MAX": "1"])
                #expect(try await bare.anonymous.ask(.get, path).status == 200)
                #expect(try await bare.anonymous.ask(.get, path, headers: ["X-Forwarded-For": "192.0.2.1"]).status == 429)
                try await bare.stop()
            }
        }

        /// What the client has not taken yet has to stay in the store, and not in the proxy's memory or files.
        @Test(.enabled(if: !Proxy.here.isEmpty, "neither nginx nor caddy is installed"), arguments: Proxy.here)
        func `an export goes out as it is read`(proxy: Proxy) async throws {
            try await Place.on(.sqlite) { place in
                let front = try await Front(proxy, in: place)
                // Long texts, since it is bytes that fill what lies between: some ten megabytes.
                let station = String(repeating: "s", count: 128)
                let badge = String(repeating: "b", count: 110)
                for batch in 0..<12 {
                    let scans = (0..<2_000).map {
                        Scan(key: "k\(batch)-\($0)", badge: "\(badge)\(batch)-\($0)", station: station)
                    }
                    #expect(try await front.server.client.upload(scans).saved == 2_000)
                }
                let slow = ["--limit-rate", "3M", "-H", "Authorization: Bearer \(Place.key)"]
                let export = try await front.ask("/v1/dashboard/export", slow)
                #expect(export.status == 200)
                #expect(export.body.components(separatedBy: #"{"badge_id":"#).count == 24_001 && export.body.hasSuffix("]}"))
                #expect(export.firstByteSeconds < export.seconds / 2)
                try await front.server.stop()
                let line = try #require(
                    front.server.process.errors.split(separator: "\n").first { $0.contains("/v1/dashboard/export") })
                let took = try #require(try Plain(Array(line.utf8))["duration_us"]?.integer)
                #expect(Double(took) / 1e6 > export.seconds / 4, "Muster was done after \(took) µs of \(export.seconds) s")
            }
        }
    }

    /// A proxy with TLS in front of a server, both on the loopback.
    private struct Front {
        struct Answer {
            let status: Int
            let headers: String
            let body: String
            let firstByteSeconds: Double
            let seconds: Double
        }

        let server: RunningServer
        private let place: Place
        private let port: Int

        init(_ proxy: `Behind a proxy`.Proxy, in place: Place, _ settings: [String: String] = [:]) async throws {
            self.place = place
            let program = try #require(proxy.program)
            let folder = place.directory
            server = try await place.serve(environment: settings.merging(["MUSTER_TRUSTED_PROXIES": "127.0.0.1"]) { $1 })
            port = try freePort()
            var text = String(
                decoding: try source("../../deploy/\(proxy == .nginx ? "nginx.conf" : "Caddyfile")"), as: UTF8.self)
            func put(_ new: String, for old: String) throws {
                try #require(text.contains(old), "\(old)")
                text = text.replacingOccurrences(of: old, with: new)
            }
            // The comment at the top names the address too, which does no harm.
            try put("127.0.0.1:\(server.ports[0].port)", for: "127.0.0.1:8000")
            let (certificate, key) = try await Self.makeCertificate(place)
            let check: [String]
            let run: [String]
            switch proxy {
            case .nginx:
                try put(certificate, for: "/etc/ssl/certs/attendance.example.org.pem")
                try put(key, for: "/etc/ssl/private/attendance.example.org.key")
                try put("\(folder)/access.log", for: "/var/log/nginx/muster.log")
                try put("listen 127.0.0.1:\(try freePort());", for: "listen 80;")
                try put("listen 127.0.0.1:\(port) ssl", for: "listen 443 ssl")
                let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map { "\($0)_temp_path \(folder)/\($0);" }
                try text.write(toFile: "\(folder)/muster.conf", atomically: true, encoding: .utf8)
                try """
                daemon off; pid \(folder)/nginx.pid; error_log \(folder)/nginx-error.log; worker_processes 1; user root;
                events {}
                http { \(temporary.joined(separator: " ")) include \(folder)/muster.conf; }
                """.write(toFile: "\(folder)/nginx.conf", atomically: true, encoding: .utf8)
                run = [program, "-e", "\(folder)/nginx-error.log", "-c", "\(folder)/nginx.conf"]
                check = run + ["-t"]
            case .caddy:
                try put("https://localhost:\(port), https://127.0.0.1:\(port)", for: "attendance.example.org")
                try put("{\n\tadmin off\n\tauto_https disable_redirects\n\tservers {", for: "{\n\tservers {")
                try put("\ttls \(certificate) \(key)\n\trequest_body {", for: "\trequest_body {")
                try text.write(toFile: "\(folder)/Caddyfile", atomically: true, encoding: .utf8)
                let file = ["--config", "\(folder)/Caddyfile", "--adapter", "caddyfile"]
                check = [program, "validate"] + file
                run = [program, "run"] + file
            }
            let home = ["HOME": folder, "XDG_DATA_HOME": folder, "XDG_CONFIG_HOME": folder]
            let checked = try await place.start(check, environment: home)
            let code = try await checked.exit(within: 20)
            try #require(code == 0, "\(checked.errors)")
            let running = try await place.start(run, environment: home)
            let anonymous = self
            _ = try await wait(for: "the proxy to listen", seconds: 20) {
                guard running.exitCode == nil else { throw Overdue(what: "the proxy, which ended: \(running.errors)") }
                return try await anonymous.ask("/healthz").status == 200 ? true : nil
            }
        }

        /// Asks through the proxy. Status 0 stands for no answer.
        func ask(_ path: String, _ options: [String] = [], body: String? = nil) async throws -> Answer {
            let name = "\(place.directory)/ask-\(UUID().uuidString)"
            defer { for suffix in ["in", "head", "body"] { unsafe unlink("\(name).\(suffix)") } }
            if let body { try body.write(toFile: "\(name).in", atomically: false, encoding: .utf8) }
            let curl = try #require(tool("curl"))
            let asked = try await place.start(
                [curl, "-s", "-k", "--max-time", "60", "-D", "\(name).head", "-o", "\(name).body", "-w"]
                    + ["%{http_code} %{time_starttransfer} %{time_total}"]
                    + options.map { $0 == "@-" ? "@\(name).in" : $0 } + ["https://127.0.0.1:\(port)\(path)"])
            _ = try await asked.exit(within: 70)
            let figures = asked.output.split(separator: " ").map { Double($0) ?? 0 }
            func text(_ suffix: String) -> String {
                String(decoding: FileManager.default.contents(atPath: "\(name).\(suffix)") ?? Data(), as: UTF8.self)
            }
            return Answer(
                status: Int(figures.first ?? 0), headers: text("head"), body: text("body"),
                firstByteSeconds: figures.count > 1 ? figures[1] : 0, seconds: figures.count > 2 ? figures[2] : 0)
        }

        private static func makeCertificate(_ place: Place) async throws -> (certificate: String, key: String) {
            let (certificate, key) = (place.directory + "/certificate.pem", place.directory + "/key.pem")
            let openssl = try #require(tool("openssl"))
            let made = try await place.start([
                openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out",
                certificate,
            ])
            try #require(try await made.exit(within: 20) == 0, "\(made.errors)")
            return (certificate, key)
        }
    }
}

/// A port that nobody listens on at this moment.
func freePort() throws -> Int {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let code = unsafe withUnsafeMutablePointer(to: &address) { address in
        unsafe address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
            unsafe bind(descriptor, address, size) == 0 ? unsafe getsockname(descriptor, address, &size) : -1
        }
    }
    try #require(code == 0)
    return Int(UInt16(bigEndian: address.sin_port))
}
