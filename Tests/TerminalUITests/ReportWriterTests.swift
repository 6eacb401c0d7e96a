import Foundation
import FoundationXML
import JobModel
import Testing

@testable import TerminalUI

@Suite struct ReportWriterTests {
    @Test("JSON: facts, one object an input, totals; exact bytes of odd names in base64")
    func jsonReport() throws {
        let bytes = report(.json, nastyRows())
        let object = try json(bytes)
        #expect(Set(object.keys) == ["job", "files", "summary"])
        #expect((object["job"] as? [String: Any])?["command"] as? [String] == facts().command)
        #expect((object["summary"] as? [String: Any])?["failed"] as? Int == 2)
        let files = try #require(object["files"] as? [[String: Any]])
        #expect(files.count == 5)
        for (file, row) in zip(files, nastyRows()) {
            #expect(file["outcome"] as? String == row.outcome.rawValue)
            #expect(file["reason"] as? String == row.reason?.rawValue)
            #expect(file["message"] as? String == row.message)
            if let coded = file["path_base64"] as? String {
                #expect(Data(base64Encoded: coded).map { [UInt8]($0) } == row.path.bytes)
            } else {
                #expect((file["path"] as? String).map { Array($0.utf8) } == row.path.bytes)
            }
        }
        #expect(files[4]["outputs_base64"] as? [String] == ["Zv8="])
        #expect(text(bytes).split(separator: "\n").count == 5 + 4, "one file a line, and the lines around them")
        #expect(try (json(report(.json, []))["files"] as? [Any])?.isEmpty == true)
    }

    @Test("CSV: another reader gets every field back")
    func csvReport() throws {
        let program = """
            import csv, io, json, sys
            data = sys.stdin.buffer.read().decode("utf-8")
            print(json.dumps(list(csv.reader(io.StringIO(data, newline=""), strict=True))))
            """
        let printed = try output(of: ["python3", "-c", program], input: report(.csv, nastyRows()))
        let rows = try #require(try JSONSerialization.jsonObject(with: Data(printed.utf8)) as? [[String]])
        #expect(rows[0] == CSVReport.columns)
        #expect(rows.dropFirst().count == 5)
        for (fields, row) in zip(rows.dropFirst(), nastyRows()) {
            #expect(fields == CSVReport.fields(row))
        }
        #expect(rows[1][0] == "scans/a \"b\", c.jpg" && rows[1][4] == "finished/a1.jpg | finished/a2.jpg")
        #expect(rows[4][0] == "scans/two\nlines.tif")
        #expect(rows[2][11] == Data(nastyRows()[1].path.bytes).base64EncodedString())
    }

    @Test("HTML: a strict parser accepts it, and hostile names are text, not markup")
    func htmlReport() throws {
        let page = try Page(report(.html, nastyRows()))
        #expect(page.count("tr") == 1 + 5)
        #expect(page.count("script") == 2, "those of the page itself")
        #expect(page.cells.contains { $0.contains("scans/<script>alert('x')</script>&amp;.png") })
        #expect(page.cells.contains { $0.contains("signal 11\\x1B[2J & \\x07]]>") })
        #expect(page.cells.contains { $0.contains("scans/caf\\xe9.jpg") })
        #expect(page.attributes("img", "src") == ["data:image/jpeg;base64,/9j/2Q=="])
        #expect(page.classes("tr") == ["done", "failed", "failed", "skipped", "done"])
        let html = text(report(.html, nastyRows()))
        #expect(
            !html.contains("http://") && !html.contains("https://") && !html.contains(" src=\"/"),
            "nothing is loaded from elsewhere")
    }

    @Test("HTML is bounded: failures are listed although done files fill their share, and what is left out is told")
    func bounded() throws {
        var writer = ReportWriter(.html)
        _ = writer.header(facts())
        let done = ReportRow(path: RawPath("a"), outcome: .done)
        for _ in 0..<HTMLReport.rowsMax { #expect(!writer.row(done).isEmpty) }
        #expect(writer.row(done).isEmpty)
        let failed = ReportRow(path: RawPath("b"), outcome: .failed, reason: .damaged, message: "m", thumbnailJPEG: [1, 2, 3])
        var pictures = 0
        for _ in 0..<(HTMLReport.thumbnailsMax + 5) where text(writer.row(failed)).contains("<img") { pictures += 1 }
        #expect(pictures == HTMLReport.thumbnailsMax)
        #expect(text(writer.footer(RunSummary(job: jobID))).contains("1 more row left out"))
    }

    @Test(
        "The format is the extension's",
        arguments: [
            ("a.json", ReportFormat.json), ("b/x.CSV", .csv), ("c.htm", .html), ("c.html", .html), ("c.pdf", nil), ("json", nil),
        ] as [(String, ReportFormat?)])
    func format(name: String, expected: ReportFormat?) {
        #expect(ReportFormat(path: RawPath(name)) == expected)
    }
}

/// A page as libxml2's strict parser sees it.
private final class Page: NSObject, XMLParserDelegate {
    private var elements: [(name: String, attributes: [String: String])] = []
    private(set) var cells: [String] = []
    private var inCell = false

    init(_ bytes: [UInt8]) throws {
        super.init()
        let parser = XMLParser(data: Data(bytes))
        parser.delegate = self
        guard parser.parse() else { throw parser.parserError ?? NotAnObject() }
    }

    func count(_ name: String) -> Int { elements.count { $0.name == name } }
    func attributes(_ name: String, _ key: String) -> [String] {
        elements.filter { $0.name == name }.compactMap { $0.attributes[key] }
    }
    func classes(_ name: String) -> [String] { attributes(name, "class") }

    func parser(
        _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
        attributes: [String: String] = [:]
    ) {
        elements.append((name, attributes))
        if name == "td" {
            cells.append("")
            inCell = true
        }
    }

    func parser(_ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?) {
        if name == "td" { inCell = false }
    }

    func parser(_ parser: XMLParser, foundCharacters string: String) {
        if inCell { cells[cells.count - 1] += string }
    }
}
