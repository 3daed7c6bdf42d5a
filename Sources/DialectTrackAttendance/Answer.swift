import HTTPMessages
import StrictJSON

extension Response {
    /// Success is exactly 200 everywhere: a kiosk takes 201, 202 and 204 for a failing server. Source: contract §2.
    static func json(status: Int = 200, _ body: [UInt8]) -> Response {
        json(status: status, .bytes(body))
    }

    static func json(status: Int = 200, _ body: ResponseBody) -> Response {
        // The page asks again and again, so nothing on the way may keep an answer.
        Response(
            status: status,
            headers: ["Content-Type": "application/json; charset=utf-8", "Cache-Control": "no-store"], body: body)
    }

    static func json(_ members: (inout JSONWriter) -> Void) -> Response {
        json(JSONWriter.object(members))
    }
}
