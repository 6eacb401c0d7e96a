import Foundation
import JobModel
import TerminalUI
import Testing

@Suite struct JSONValueTests {
    @Test("Every character comes back through another parser, in both layouts")
    func characters() throws {
        let nasty = (0..<0x250).compactMap { Unicode.Scalar($0) }.map { String($0) }.joined() + "\u{2028}\u{2029}😀\u{FFFF}\"\\/"
        let value = JSONValue.object([(nasty, .array([.string(nasty), .null, .bool(true), .array([]), .object([])]))])
        for layout in [value.text, value.prettyText] {
            let object = try json(Array(layout.utf8))
            #expect((object[nasty] as? [Any])?.first as? String == nasty)
        }
        #expect(!value.text.contains("\n"))
    }

    @Test("Numbers come back unchanged; what JSON cannot say is null", arguments: [0.1, 1e300, -1e-300, 14.2, 1e16, 0])
    func numbers(number: Double) throws {
        let array = try JSONSerialization.jsonObject(with: Data(JSONValue.array([.number(number)]).bytes)) as? [Double]
        #expect(array == [number])
        #expect(JSONValue.array([.number(.nan), .number(.infinity)]).text == "[null,null]")
        #expect(JSONValue.array([.integer(.min), .size(.max)]).text == "[-9223372036854775808,9223372036854775807]")
    }

    @Test("Members keep their order, and the indented form is as documented")
    func layout() {
        let value = JSONValue.object([("b", .integer(1)), ("a", .array([.string("x"), .object([])]))])
        #expect(value.text == #"{"b":1,"a":["x",{}]}"#)
        #expect(value.prettyText == "{\n  \"b\": 1,\n  \"a\": [\n    \"x\",\n    {}\n  ]\n}")
    }

    @Test("A path that is not UTF-8 keeps its bytes in base64", arguments: 0..<20)
    func base64(count: Int) throws {
        let path = RawPath(bytes: [0xFF] + (0..<count).map { UInt8($0 * 13) })
        let object = try json(JSONValue.object(JSONValue.pathFields("path", path)).bytes)
        let coded = try #require(object["path_base64"] as? String)
        #expect(Data(base64Encoded: coded).map { [UInt8]($0) } == path.bytes)
        #expect((object["path"] as? String)?.first == "\u{FFFD}")
        #expect(JSONValue.object(JSONValue.pathFields("path", RawPath("é"))).text == #"{"path":"é"}"#)
    }
}
