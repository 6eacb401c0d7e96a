import ImageFiles
public import JobModel
import LinuxSystem
import PDFAssembly
import TerminalUI

/// `quire verify`: checks the structure of PDFs without decoding a picture, and files against the checksums of a manifest.
///
/// JSON: an array. A PDF is `path`, `sound`, `pages`, `objects`, `findings` (array of text), `findings_count`, `not_checked` (array
/// of text), or `path` and `error`. A manifest is `manifest`, `wrong` (array of `line`, `state`, `path`, `message`) and how many are
/// `fine`, `missing`, `changed`, `unreadable` and `malformed`.
public struct Verification {
    private let files: [RawPath]
    private let manifest: RawPath?
    private let printsJSON: Bool

    public init(files: [RawPath], manifest: RawPath?, printsJSON: Bool) {
        self.files = files
        self.manifest = manifest
        self.printsJSON = printsJSON
    }

    public func run() throws(HeadError) -> ExitStatus {
        // A file that is no manifest is refused before anything is told.
        let check = try manifest.map { (path) throws(HeadError) in try ManifestCheck(path) }
        var facts = FactsArray(isWanted: printsJSON)
        var isSound = try checkFiles(&facts)
        if let check, let manifest { isSound = try run(check, manifest, &facts) && isSound }
        try facts.finish()
        return isSound ? .done : .verificationFailed
    }

    private func checkFiles(_ facts: inout FactsArray) throws(HeadError) -> Bool {
        var isSound = true
        for path in files {
            let report: VerificationReport
            do throws(SystemError) {
                report = try verifyPDF(PDFOnDisk(path)) { inflateZlib($0, bytesMax: $1) }
            } catch {
                isSound = false
                if printsJSON {
                    try facts.add(.object(JSONValue.pathFields("path", path) + [("error", .string("\(error)"))]))
                } else {
                    Terminal.writeError(Array("\(path): cannot be read: \(error)\n".utf8))
                }
                continue
            }
            isSound = isSound && report.findings.isEmpty
            if printsJSON { try facts.add(value(path, report)) } else { try print(path, report) }
        }
        return isSound
    }

    private func run(_ check: ManifestCheck, _ manifest: RawPath, _ facts: inout FactsArray) throws(HeadError) -> Bool {
        guard printsJSON else {
            let counts = try check.run { (fault) throws(HeadError) in try FactsOutput.write(fault.text + "\n") }
            try FactsOutput.write("\(manifest): \(counts.text)\n")
            return counts.wrong == 0
        }
        // Written as it is found: there may be a million.
        let start = JSONValue.object(JSONValue.pathFields("manifest", manifest)).text.dropLast()
        try facts.add(text: start + ",\"wrong\":[")
        var separator = "\n"
        let counts = try check.run { (fault) throws(HeadError) in
            try FactsOutput.write(separator + fault.value.text)
            separator = ",\n"
        }
        try FactsOutput.write("]," + JSONValue.object(counts.fields).text.dropFirst())
        return counts.wrong == 0
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

/// A JSON array on standard output, element by element.
private struct FactsArray {
    private let isWanted: Bool
    private var isEmpty = true

    init(isWanted: Bool) { self.isWanted = isWanted }

    mutating func add(_ value: JSONValue) throws(HeadError) { try add(text: value.prettyText) }

    /// An element, or the start of one that is written on.
    mutating func add(text: String) throws(HeadError) {
        try FactsOutput.write((isEmpty ? "[\n" : ",\n") + text)
        isEmpty = false
    }

    func finish() throws(HeadError) {
        if isWanted { try FactsOutput.write(isEmpty ? "[]\n" : "\n]\n") }
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
