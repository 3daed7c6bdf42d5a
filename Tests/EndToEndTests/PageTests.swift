import Foundation
import HTTPMessages
import TestKit
import Testing

extension `The program` {
    @Suite struct `The public page` {
        private static let browser = tool("chromium", "chromium-browser", "google-chrome")

        @Test func `is served whole, and forbids what does not come from it`() async throws {
            try await Place.on(.sqlite) { place in
                let server = try await place.serve()
                let client = server.anonymous
                let types = [
                    "/dashboard/": "text/html; charset=utf-8", "/dashboard/dashboard.css": "text/css; charset=utf-8",
                    "/dashboard/dashboard.js": "text/javascript; charset=utf-8",
                ]
                for (path, type) in types {
                    let answer = try await client.ask(.get, path)
                    #expect(answer.status == 200, "\(path)")
                    #expect(answer.headers.first("Content-Type") == type)
                    #expect(answer.headers.first("X-Content-Type-Options") == "nosniff")
                    let policy = answer.headers.first("Content-Security-Policy") ?? ""
                    #expect(policy.contains("default-src 'none'") && policy.contains("script-src 'self'"))
                    #expect(!policy.contains("unsafe") && !policy.contains("*"))
                    let tag = try #require(answer.headers.first("ETag"))
                    #expect(try await client.ask(.get, path, headers: ["If-None-Match": tag]).status == 304)
                }
                let page = try await client.ask(.get, "/dashboard/").text
                #expect(page.contains("dashboard.css") && page.contains("dashboard.js"))
                #expect(page.firstMatch(of: /(src|href)="(https?:)?\/\//) == nil, "nothing is loaded from elsewhere")
                #expect(try await client.ask(.get, "/dashboard").status == 308)
                try await server.stop()
            }
        }

        @Test(.enabled(if: browser != nil || isPromised, "Chromium is not installed"))
        func `shows a hostile name as the text it is`() async throws {
            let browser = try #require(Self.browser)
            try await Place.on(.sqlite) { place in
                let server = try await place.serve()
                let hostile = "<img src=x onerror=document.title='taken-over'>"
                let scans = (0..<3).map { Scan(key: "k\($0)", badge: "b\($0)", station: hostile) }
                #expect(try await server.client.upload(scans).saved == 3)
                let beat = try await server.client.ask(.post, "/v1/stations/heartbeat", #"{"station_name":"\#(hostile)"}"#)
                #expect(beat.status == 200)
                let page = try await place.start([
                    browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                    "--user-data-dir=\(place.directory)/browser", "--virtual-time-budget=5000", "--dump-dom",
                    "http://127.0.0.1:\(server.ports[0].port)/dashboard/",
                ])
                #expect(try await page.exit(within: 60) == 0, "\(page.errors.suffix(1_000))")
                let shown = page.output
                #expect(shown.contains("&lt;img src=x onerror="), "\(shown.prefix(3_000))")
                #expect(!shown.contains("<img src=\"x\"") && !shown.contains("<img src=x"))
                #expect(!shown.contains("<title>taken-over"))
                #expect(shown.contains(">3<"), "the number of people present")
                try await server.stop()
            }
        }
    }
}
