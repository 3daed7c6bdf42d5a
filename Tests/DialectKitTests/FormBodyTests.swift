import DialectKit
import Testing

@Suite struct `Reading a form` {
    private func multipart(_ body: String, boundary: String = "boundary=x") throws -> FormBody {
        try FormBody(multipart: Array(body.utf8), contentType: "multipart/form-data; \(boundary)")
    }

    @Test func `takes names and values apart`() throws {
        let form = try FormBody(urlEncoded: Array("a=1+2&b=%C3%A9&a=&c".utf8))
        #expect(form.fields.map(\.name) == ["a", "b", "a", "c"])
        #expect(form.last("a") == .text("") && form.last("b") == .text("é") && form.last("c") == .text(""))
        #expect(form.last("d") == nil)
        #expect(try FormBody(urlEncoded: []).fields.isEmpty)
    }

    @Test func `keeps composed and decomposed names apart`() throws {
        let form = try FormBody(urlEncoded: Array("\u{e9}=1".utf8))
        #expect(form.last("e\u{301}") == nil)
    }

    @Test func `refuses more fields than anybody sends`() {
        let body = Array(repeating: "a=1", count: FormBody.fieldsMax + 1).joined(separator: "&")
        #expect(throws: FormBody.Fault.tooManyFields) { try FormBody(urlEncoded: Array(body.utf8)) }
    }

    @Test(arguments: ["boundary=x", "boundary=\"x\"", "charset=utf-8; Boundary=x", "boundary=x ; a=b"])
    func `finds its boundary`(parameters: String) throws {
        let form = try multipart(
            "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--x--\r\n", boundary: parameters)
        #expect(form.fields.map(\.name) == ["a"] && form.last("a") == .text("1"))
    }

    @Test func `reads texts and files of several parts`() throws {
        let form = try multipart(
            "before\r\n--x\r\ncontent-disposition: form-data; name=\"a \\\"b\\\"\"\r\n\r\nline\r\n\r\nline\r\n"
                + "--x\r\nContent-Type: text/plain\r\nContent-Disposition: form-data; filename=\"C:\\f.txt\"; name=n\r\n\r\n\r\n"
                + "--x--\r\nafter")
        #expect(form.last("a \"b\"") == .text("line\r\n\r\nline"))
        #expect(form.last("n") == .file(name: "C:\\f.txt", bytes: []))
        #expect(form.fields.count == 2)
    }

    @Test(arguments: [
        "", "--x", "--x\r\n", "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1",
        "--x\r\nContent-Disposition: form-data\r\n\r\n1\r\n--x--", "--x\r\n\r\n1\r\n--x--", "--xname=a\r\n\r\n1\r\n--x--",
        "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n--x--",
    ])
    func `refuses parts without a name or an end`(body: String) {
        #expect(throws: FormBody.Fault.malformed) { try multipart(body) }
    }

    @Test(arguments: ["", "boundary=", "boundary=\"\"", "bound=x", "boundary=" + String(repeating: "x", count: 71)])
    func `refuses a missing or overlong boundary`(parameters: String) {
        #expect(throws: FormBody.Fault.boundary) { try multipart("--x--", boundary: parameters) }
    }
}
