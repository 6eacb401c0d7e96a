import JobModel
import LinuxSystem
import TerminalUI

/// `quire verify --manifest`: reads every file a manifest names and compares its SHA-256.
///
/// Names are taken from the working folder, as by `sha256sum -c`. What is wrong is told line by line as it is found, in the order
/// of the manifest, so that memory does not grow with it.
final class ManifestCheck {
    private let path: RawPath
    private var lines: LineReader
    private var grammar = ManifestGrammar()
    /// The first line that names a file, read ahead; and how many before it were none.
    private var first: (line: ManifestLine, number: Int)?
    private var malformed: [Int] = []
    private var counts = Counts()

    /// With so many lines that are none before the first that is one, the file is something else.
    private static let malformedFirstMax = 100

    struct Counts {
        var fine = 0
        var missing = 0
        var changed = 0
        var unreadable = 0
        var malformed = 0
        var wrong: Int { missing + changed + unreadable + malformed }
    }

    /// Something that is not as the manifest says.
    struct Fault {
        enum State: String { case missing, changed, unreadable, malformed }
        var state: State
        /// In the manifest, from 1.
        var line: Int
        /// Nil for a line that names no file.
        var path: RawPath?
        var why: String?

        var text: String {
            switch state {
            case .missing, .changed: "\(state.rawValue): \(path?.display ?? "")"
            case .unreadable: "unreadable: \(path?.display ?? ""): \(why ?? "")"
            case .malformed: "line \(line) of the manifest names no file and its SHA-256"
            }
        }

        var value: JSONValue {
            .object(
                [("line", .integer(line)), ("state", .string(state.rawValue))] + (path.map { JSONValue.pathFields("path", $0) } ?? [])
                    + (why.map { [("message", .string($0))] } ?? []))
        }
    }

    /// Opens the manifest and reads to the first line that names a file.
    /// - Throws: `usage` when it cannot be read or is no manifest.
    init(_ path: RawPath) throws(HeadError) {
        self.path = path
        do throws(SystemError) {
            let facts = try FileOperation.facts(of: path)
            guard facts.type == .regular else { throw SystemError("read", path.display, code: notAFileCode) }
            lines = LineReader(try OpenFile(path, .read))
        } catch {
            throw .usage("the manifest \(path) cannot be read: \(error.reason)")
        }
        while let (line, number) = try nextLine() {
            switch line {
            case .nothing: continue
            case .malformed: malformed.append(number)
            case .file(let file):
                first = (file, number)
                return
            }
            if malformed.count >= Self.malformedFirstMax { break }
        }
        throw .usage("\(path) is no manifest: no line of it is a SHA-256 with a name, as 'quire run --manifest' and 'sha256sum' write them")
    }

    /// - Parameter report: takes each fault, in the order of lines.
    func run(_ report: (Fault) throws(HeadError) -> Void) throws(HeadError) -> Counts {
        try withoutActuallyEscaping(report) { (report) throws(HeadError) in try check(report) }
    }

    private func check(_ report: @escaping (Fault) throws(HeadError) -> Void) throws(HeadError) -> Counts {
        let threads = DigestThreads<(ManifestLine, Int)?> { [self] (mark, found) throws(HeadError) in
            guard let (line, number) = mark, let fault = compare(line, number, found) else { return }
            try report(fault)
        }
        defer { threads.stop() }
        for number in malformed { try report(noteMalformed(number)) }
        if let (line, number) = first { try threads.add(line.path, (line, number)) }
        while let (line, number) = try nextLine() {
            switch line {
            case .nothing: continue
            case .malformed:
                // What was found before it is told before it.
                try threads.finish()
                try report(noteMalformed(number))
            case .file(let file): try threads.add(file.path, (file, number))
            }
        }
        try threads.finish()
        return counts
    }

    private func noteMalformed(_ number: Int) -> Fault {
        counts.malformed += 1
        return Fault(state: .malformed, line: number)
    }

    private func compare(_ line: ManifestLine, _ number: Int, _ found: FileDigest) -> Fault? {
        switch found {
        case .digest(line.digest, identity: _):
            counts.fine += 1
            return nil
        case .digest:
            counts.changed += 1
            return Fault(state: .changed, line: number, path: line.path)
        case .missing:
            counts.missing += 1
            return Fault(state: .missing, line: number, path: line.path)
        case .unreadable(let why):
            counts.unreadable += 1
            return Fault(state: .unreadable, line: number, path: line.path, why: why)
        }
    }

    private func nextLine() throws(HeadError) -> (ManifestGrammar.Line, Int)? {
        do throws(SystemError) {
            guard let line = try lines.next() else { return nil }
            return (line.isWhole ? grammar.read(line.bytes) : .malformed, lines.number)
        } catch {
            throw .usage("the manifest \(path) cannot be read: \(error.reason)")
        }
    }
}

extension ManifestCheck.Counts {
    /// `3 fine, 1 missing`
    var text: String {
        let parts = [(fine, "fine"), (missing, "missing"), (changed, "changed"), (unreadable, "unreadable"), (malformed, "malformed")]
        return parts.filter { $0.0 > 0 || $0.1 == "fine" }.map { "\(HumanText.count($0.0)) \($0.1)" }.joined(separator: ", ")
    }

    var fields: [(String, JSONValue)] {
        [
            ("fine", .integer(fine)), ("missing", .integer(missing)), ("changed", .integer(changed)), ("unreadable", .integer(unreadable)),
            ("malformed", .integer(malformed)),
        ]
    }
}

/// Lines of a file of any size, one after the other.
struct LineReader: ~Copyable {
    private let file: OpenFile
    private var piece: [UInt8] = []
    private var place = 0
    private var offset: UInt64 = 0
    /// Of the line that `next` returned last, from 1.
    private(set) var number = 0

    /// A name of 4,096 bytes, escaped, with what stands before it; of a longer line only so much is kept.
    static let lineBytesMax = 16_384
    private static let pieceBytes = 1 << 18

    init(_ file: consuming OpenFile) { self.file = file }

    /// The next line without its line feed, and whether it is all of it; nil at the end.
    mutating func next() throws(SystemError) -> (bytes: ArraySlice<UInt8>, isWhole: Bool)? {
        var line: [UInt8] = []
        var hasBegun = false
        while true {
            if place == piece.count {
                piece = try file.read(count: Self.pieceBytes, at: offset)
                place = 0
                offset += UInt64(piece.count)
                if piece.isEmpty {
                    number += hasBegun ? 1 : 0
                    return hasBegun ? (line[...], line.count <= Self.lineBytesMax) : nil
                }
            }
            let end = piece[place...].firstIndex(of: 0x0A) ?? piece.count
            hasBegun = true
            line += piece[place..<end].prefix(Self.lineBytesMax + 1 - line.count)
            place = end
            if end < piece.count {
                place += 1
                number += 1
                return (line[...], line.count <= Self.lineBytesMax)
            }
        }
    }
}

/// EISDIR serves for all that is no file.
private let notAFileCode: Int32 = 21
