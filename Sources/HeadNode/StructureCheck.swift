import ImageFiles
public import JobModel
import LinuxSystem
import PDFAssembly
import TerminalUI

/// `quire verify`: checks the structure of PDFs without decoding a picture.
///
/// JSON: an array of `path`, `sound`, `pages`, `objects`, `findings` (array of text), `findings_count`, `not_checked` (array of
/// text), or of `path` and `error`.
public struct StructureCheck {
    private let files: [RawPath]
    private let printsJSON: Bool

    public init(files: [RawPath], printsJSON: Bool) {
        self.files = files
        self.printsJSON = printsJSON
    }

    public func run() throws(HeadError) -> ExitStatus {
        var values: [JSONValue] = []
        var isSound = true
        for path in files {
            let report: VerificationReport
            do throws(SystemError) {
                report = try verifyPDF(PDFOnDisk(path)) { inflateZlib($0, bytesMax: $1) }
            } catch {
                isSound = false
                if printsJSON {
                    values.append(.object(JSONValue.pathFields("path", path) + [("error", .string("\(error)"))]))
                } else {
                    Terminal.writeError(Array("\(path): cannot be read: \(error)\n".utf8))
                }
                continue
            }
            isSound = isSound && report.findings.isEmpty
            if printsJSON { values.append(value(path, report)) } else { try print(path, report) }
        }
        if printsJSON { try FactsOutput.write(JSONValue.array(values).prettyText + "\n") }
        return isSound ? .done : .verificationFailed
    }

    private func print(_ path: RawPath, _ report: VerificationReport) throws(HeadError) {
        let size = "\(HumanText.counted(report.pageCount, "page")), \(HumanText.counted(report.objectCount, "object"))"
        let count = report.findings.count + report.furtherFindingCount
        var text = "\(path): \(count == 0 ? "sound" : HumanText.counted(count, "fault")), \(size)\n"
        for finding in report.findings { text += "  \(finding.sentence)\n" }
        if report.furtherFindingCount > 0 { text += "  and \(HumanText.count(report.furtherFindingCount)) more\n" }
        for item in report.notChecked { text += "  not checked: \(item)\n" }
        try FactsOutput.write(text)
    }

    private func value(_ path: RawPath, _ report: VerificationReport) -> JSONValue {
        .object(
            JSONValue.pathFields("path", path) + [
                ("sound", .bool(report.findings.isEmpty)), ("pages", .integer(report.pageCount)),
                ("objects", .integer(report.objectCount)),
                ("findings", .array(report.findings.map { .string($0.sentence) })),
                ("findings_count", .integer(report.findings.count + report.furtherFindingCount)),
                ("not_checked", .array(report.notChecked.map { .string($0) })),
            ])
    }
}

/// A PDF as the checker reads it.
private final class PDFOnDisk: RandomAccessFile {
    let byteCount: UInt64
    private let file: OpenFile

    init(_ path: RawPath) throws(SystemError) {
        let facts = try FileOperation.facts(of: path)
        byteCount = facts.identity.sizeBytes
        file = try OpenFile(path, .read)
    }

    func read(at offset: UInt64, count: Int) throws(SystemError) -> [UInt8] {
        let bytes = try file.read(count: count, at: offset)
        guard bytes.count == count else { throw SystemError("read", file.path.display + ": it became shorter", code: noDataCode) }
        return bytes
    }
}

extension PDFFinding {
    /// The finding with its place, as one line.
    var sentence: String {
        let place = [object.map { "object \($0)" }, offset.map { "byte \($0)" }].compactMap { $0 }
        return place.isEmpty ? text : "\(place.joined(separator: ", ")): \(text)"
    }
}
