@testable import Assembly
import HTTPServer
import TestKit
import Testing

@Suite struct `A page of figures` {
    private func page(_ write: (inout Exposition) -> Void) -> String {
        var page = Exposition()
        write(&page)
        return page.text
    }

    @Test func `is what the format says`() throws {
        let text = page { page in
            page.metric("a_total", .counter, "Things.", .count(3), ["kind": "x"])
            page.metric("b_seconds", .gauge, "A moment.", .microseconds(1_500_000))
        }
        #expect(
            text == """
                # HELP a_total Things.
                # TYPE a_total counter
                a_total{kind="x"} 3
                # HELP b_seconds A moment.
                # TYPE b_seconds gauge
                b_seconds 1.5

                """)
        #expect(try ExpositionPage(text)[#"a_total{kind="x"}"#] == 3)
    }

    @Test(arguments: ["plain", #"back\slash"#, #"a "quote""#, "two\nlines", #"\n"#, "Ä ไทย", ""])
    func `carries any label`(value: String) throws {
        let text = page { $0.metric("a_total", .counter, "Things.", .count(1), ["kind": value]) }
        let read = try ExpositionPage(text)
        let series = try #require(read.values.keys.first)
        #expect(read.label("kind", of: series) == value)
    }

    @Test(arguments: [
        "a_total 1\n", "# TYPE a_total counter\na_total 1\n", "# HELP a_total x\n# TYPE a_total counter\na_total 1",
        "# HELP a x\n# TYPE a counter\na 1\n", "# HELP a_total x\n# TYPE a_total counter\na_total 1\na_total 1\n",
        "# HELP a x\n# TYPE a gauge\na{b=\"\\q\"} 1\n", "# HELP a x\n# TYPE a gauge\nb 1\n",
        "# HELP a x\n# TYPE a histogram\na_bucket{le=\"1.0\"} 2\na_bucket{le=\"+Inf\"} 1\na_sum 1\na_count 1\n",
        "# HELP a x\n# TYPE a histogram\na_bucket{le=\"1.0\"} 1\na_sum 1\na_count 1\n",
        "# HELP a x\n# TYPE a histogram\na_bucket{le=\"+Inf\"} 1\na_sum 1\na_count 2\n",
    ])
    func `is read strictly by these tests`(text: String) {
        #expect(throws: ExpositionPage.Fault.self) { try ExpositionPage(text) }
    }

    @Test(
        arguments: [
            (0, "0.0"), (1, "0.000001"), (500, "0.0005"), (1_000_000, "1.0"), (1_795_284_186_452_679, "1795284186.452679"),
            (10_000_000, "10.0"), (-500, "-0.0005"),
        ])
    func `tells microseconds as seconds without rounding`(microseconds: Int, text: String) {
        #expect(Figure.microseconds(microseconds).text == text)
    }

    @Test func `tells a histogram in rising buckets`() throws {
        var histogram = Histogram(bounds: [1, 10, 100])
        for value in [0, 1, 2, 10, 11, 100, 101, 5_000] { histogram.add(value) }
        #expect(histogram.counts == [2, 2, 2, 2])
        let read = try ExpositionPage(page { page in page.metric("h", .histogram, "H.") { $0.add(histogram.snapshot) } })
        #expect(read[#"h_bucket{le="1.0"}"#] == 2 && read[#"h_bucket{le="10.0"}"#] == 4)
        #expect(read[#"h_bucket{le="100.0"}"#] == 6 && read[#"h_bucket{le="+Inf"}"#] == 8)
        #expect(read["h_sum"] == 5_225 && read["h_count"] == 8)
    }
}

@Suite struct `Counting requests` {
    private static let route = RequestCounts.Label(method: "GET", pattern: "/v1/{id}")

    private func figures(_ route: Int, _ status: Int, _ microseconds: Int) -> RequestFigures {
        RequestFigures(routeNumber: route, status: status, bytesIn: 2, bytesOut: 3, durationMicroseconds: microseconds)
    }

    @Test func `goes by route, class of status and duration`() throws {
        let counts = RequestCounts([Self.route, .init(method: "POST", pattern: "/v1"), Self.route])
        #expect(counts.labels.count == 3)
        let number = counts.number(Self.route)
        for (status, duration) in [(200, 500), (204, 501), (404, 10_000_000), (503, 10_000_001), (0, 7)] {
            counts.add(figures(number, status, duration))
        }
        let snapshot = try #require(counts.snapshots.first)
        #expect(counts.snapshots.count == 1, "routes that nobody asked for are left out")
        #expect(snapshot.label == Self.route)
        #expect(snapshot.statuses == [1, 0, 2, 0, 1, 1])
        #expect(snapshot.durations.counts == [2, 1] + [Int](repeating: 0, count: 11) + [1, 1])
        #expect(snapshot.durations.sum == .microseconds(20_001_009))
        #expect(snapshot.bytesIn == 10 && snapshot.bytesOut == 15)
    }

    @Test(arguments: [-1, 0, 99])
    func `keeps what belongs to no route apart`(number: Int) {
        let counts = RequestCounts([Self.route])
        counts.add(figures(number, 404, 1))
        #expect(counts.snapshots.map(\.label) == [.unmatched])
    }

    @Test(arguments: [99, 600, 1_000, -5])
    func `takes a status that is none for an answer that never came`(status: Int) {
        let counts = RequestCounts([Self.route])
        counts.add(figures(1, status, 1))
        #expect(counts.snapshots.first?.statuses == [1, 0, 0, 0, 0, 0])
    }

    @Test func `loses none where threads meet`() async {
        let counts = RequestCounts([Self.route])
        await withTaskGroup { group in
            for _ in 0..<8 { group.addTask { for _ in 0..<10_000 { counts.add(figures(1, 200, 1)) } } }
        }
        #expect(counts.snapshots.first?.durations.count == 80_000)
        #expect(counts.snapshots.first?.bytesOut == 240_000)
    }
}
