import AttendanceCore
import CTrackAttendancePage
import DialectKit
import HTTPMessages

/// The files of the public page, part of the program.
struct Page: Sendable {
    let html: PageFile
    let css: PageFile
    let js: PageFile

    init(sha256: ([UInt8]) -> Digest) {
        // The symbols are constants that live as long as the process.
        html = unsafe PageFile(
            ctrackattendancepage_html, ctrackattendancepage_html_length, "text/html; charset=utf-8", sha256)
        css = unsafe PageFile(ctrackattendancepage_css, ctrackattendancepage_css_length, "text/css; charset=utf-8", sha256)
        js = unsafe PageFile(
            ctrackattendancepage_js, ctrackattendancepage_js_length, "text/javascript; charset=utf-8", sha256)
    }
}

/// One file, with the mark by which a browser asks whether it still has the present one.
struct PageFile: Sendable {
    let bytes: [UInt8]
    private let type: String
    private let tag: String

    init(_ start: UnsafePointer<UInt8>, _ count: Int, _ type: String, _ sha256: ([UInt8]) -> Digest) {
        bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
        self.type = type
        tag = "\"\(sha256(bytes).description.prefix(16))\""
    }

    /// Nothing is loaded from elsewhere, and nothing in a station's name can become a script. Source: contract §10 items
    /// 23 and 24.
    static let contentSecurityPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

    func answer(to head: RequestHead) -> Response {
        // Asked for anew each time and mostly answered with 304, so that page and script are never of two releases.
        let headers: HeaderFields = [
            "Content-Type": type, "Cache-Control": "no-cache", "ETag": tag,
            "Content-Security-Policy": Self.contentSecurityPolicy, "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
        ]
        let tagsOfClient = head.headers.all("If-None-Match").flatMap { $0.split(separator: ",") }
        // A proxy that compresses weakens the tag with `W/`; the comparison is the weak one (RFC 9110 §13.1.2).
        let known = tagsOfClient.contains { sent in
            let trimmed = sent.drop { $0 == " " }
            return trimmed == tag || trimmed == "W/" + tag || trimmed == "*"
        }
        return known ? Response(status: 304, headers: headers) : Response(status: 200, headers: headers, body: .bytes(bytes))
    }
}

extension TrackAttendanceDialect {
    /// The page asks for `../v1/…`, so it works only below its slash. The location is relative for sites below a path.
    func redirectToPage(status: Int) -> Response {
        Response(status: status, headers: ["Location": "dashboard/", "Cache-Control": "no-store"])
    }
}
