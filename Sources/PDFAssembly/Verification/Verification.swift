/// Checks a PDF's structure without decoding a picture: header, ending, cross-references, every object where they say it is,
/// every stream's length and first bytes, the page tree and its counts, bookmarks, references that lead nowhere.
///
/// One pass over the file in order of offsets that jumps over stream data. Object streams and cross-reference streams are
/// decompressed, one at a time and within limits, so that the objects in them are checked too. A file that quire wrote is held
/// to its own habits: nothing between objects, every page complete in itself. Memory is bounded by the number of objects:
/// about 20 bytes for each, 4 for each page, 40 for each bookmark.
///
/// What it cannot find, because only decoding would: bytes changed or lost inside a stream behind its first bytes, unless they
/// are the checksum at the end of a Flate stream; and a file cut at the exact end of an earlier state (incremental updates).
/// - Parameter inflate: undoes zlib (RFC 1950), giving at most as many bytes as the second argument says, or nil for damaged
///   data and for more.
/// - Throws: what `file` throws; a broken file is a report.
public func verifyPDF<File: RandomAccessFile>(
    _ file: File, inflate: @escaping (_ compressed: [UInt8], _ bytesMax: Int) -> [UInt8]?
) throws(File.Failure) -> VerificationReport {
    var verifier = Verifier(file, inflate: inflate)
    try verifier.checkHeader()
    guard let start = try verifier.checkEnding(), try verifier.readCrossReferences(from: start) else { return verifier.report }
    verifier.checkTrailer()
    try verifier.checkObjects()
    try verifier.checkPageTree()
    verifier.checkOutline()
    verifier.noteUnchecked()
    return verifier.report
}

struct Verifier<File: RandomAccessFile> {
    typealias Inflate = (_ compressed: [UInt8], _ bytesMax: Int) -> [UInt8]?

    /// Goes through the file once.
    var reader: BlockReader<File>
    /// Reads what lies elsewhere, within `strayBytesLeft`.
    var strayReader: BlockReader<File>
    /// Bytes that may be read out of order, so that no file makes the work grow with its square.
    var strayBytesLeft: UInt64
    /// Bytes that streams may still be decompressed to.
    var inflatedBytesLeft: Int
    let inflate: Inflate
    /// Object streams opened last, newest first.
    var openStreams: [ObjectStream] = []

    var report = VerificationReport()
    var references: CrossReferences
    /// The newest section's.
    var trailer: [String: ParsedObject] = [:]
    /// Where the newest section begins.
    var newestSection: UInt64 = 0
    var isEncrypted = false
    /// Object streams that cannot be looked into make unknown what is in them.
    var hasUnreadStreams = false
    /// Files that quire wrote are held to its own habits.
    var isOurs = false

    /// What each object is, by object number - 1.
    var notes = Segments<ObjectNote>()
    var nodes = Segments<TreeNode>()
    var kids = Segments<UInt32>()
    /// Outline items and roots of outlines.
    var bookmarks = Segments<Bookmark>()
    var catalog: ParsedObject?
    /// JPEG streams whose last two bytes are no end marker: legal, since a camera may write behind it, but perhaps cut off.
    var openJPEGCount = 0
    var firstOpenJPEG: UInt64?

    init(_ file: File, inflate: @escaping Inflate) {
        reader = BlockReader(file)
        strayReader = BlockReader(file)
        references = CrossReferences(byteCount: file.byteCount)
        strayBytesLeft = 8 * min(file.byteCount, 1 << 50) + (4 << 20)
        inflatedBytesLeft = 128 * Int(min(file.byteCount, 1 << 50)) + (16 << 20)
        self.inflate = inflate
    }

    // MARK: - Both ends

    mutating func checkHeader() throws(File.Failure) {
        let bytes = try reader.bytes(at: 0, count: 8)
        guard bytes.starts(with: "%PDF-1.".utf8) || bytes.starts(with: "%PDF-2.".utf8) else {
            report.add(.header, "the file begins with \(shown(bytes)), not with %PDF-1. or %PDF-2.", offset: 0)
            return
        }
    }

    /// The offset behind the last `startxref`.
    mutating func checkEnding() throws(File.Failure) -> UInt64? {
        let size = reader.byteCount
        let tailOffset = size - min(size, 1024)
        let tail = try reader.bytes(at: tailOffset, count: 1024)
        let word = Array("startxref".utf8)
        guard let place = (0..<max(0, tail.count - word.count)).last(where: { tail[$0...].starts(with: word) }) else {
            report.add(
                .ending, "no startxref within the last 1,024 bytes: the file is cut off or something follows it",
                offset: tailOffset)
            return nil
        }
        let wordOffset = tailOffset + UInt64(place)
        var syntax = ObjectSyntax(tail + [0x0A], at: place + word.count)
        do throws(SyntaxError) {
            guard let start = try syntax.unsigned() else { throw SyntaxError.malformed }
            guard start < size else {
                report.add(.ending, "startxref says byte \(start), but the file has \(size) bytes", offset: wordOffset)
                return nil
            }
            var rest = tail[min(syntax.position, tail.count)...].drop { isSpace($0) }
            guard rest.starts(with: "%%EOF".utf8) else {
                report.add(.ending, "no %%EOF behind startxref, but \(shown(rest)): the file is cut off", offset: wordOffset)
                return start
            }
            rest = rest.dropFirst(5)
            if !rest.allSatisfy({ [0x0A, 0x0D, 0x20].contains($0) }) {
                report.add(.ending, "\(rest.count) bytes behind %%EOF: \(shown(rest))", offset: size - UInt64(rest.count))
            }
            return start
        } catch {
            report.add(.ending, "startxref is followed by no number", offset: wordOffset)
            return nil
        }
    }

    mutating func checkTrailer() {
        let needed = UInt64(references.count) + 1
        let size = trailer["Size"]?.integer
        if size != Int64(needed) {
            let stated = size.map { "/Size is \($0)" } ?? "there is no /Size"
            report.add(.trailer, "\(stated), but the highest object number is \(references.count)")
        }
        if trailer["Root"]?.reference == nil { report.add(.trailer, "no /Root, which names the catalog") }
        for key in ["Root", "Info", "Encrypt"] {
            guard let number = trailer[key]?.reference, !references.exists(number) else { continue }
            report.add(.trailer, "/\(key) is object \(number), which does not exist")
        }
    }

    mutating func noteUnchecked() {
        if isEncrypted { report.addNotChecked("what is encrypted: the data of streams, and objects in object streams") }
        if openJPEGCount > 0, let firstOpenJPEG {
            report.addNotChecked(
                "whether \(openJPEGCount) JPEG streams are whole (the first is object \(firstOpenJPEG)): other bytes than an end "
                    + "marker end them")
        }
    }

    // MARK: - Objects anywhere

    struct IndirectObject {
        var value: ParsedObject
        /// Where the stream's data begins, if it is one.
        var dataOffset: UInt64?
        /// Behind the value, or behind `stream` and its line end.
        var end: UInt64
    }

    /// Bytes from anywhere; none when more was asked for than a sound file needs.
    mutating func strayBytes(at offset: UInt64, count: Int, end: UInt64 = .max) throws(File.Failure) -> [UInt8] {
        guard strayBytesLeft >= UInt64(count) else { return [] }
        let bytes = try strayReader.bytes(at: offset, count: count, end: end)
        strayBytesLeft -= UInt64(bytes.count)
        return bytes
    }

    /// `/Length`, itself or the object it refers to.
    mutating func length(of dictionary: ParsedObject) throws(File.Failure) -> UInt64? {
        guard let entry = dictionary["Length"] else { return nil }
        guard let number = entry.reference else { return entry.integer.flatMap { UInt64(exactly: $0) } }
        let value: ParsedObject?
        switch references.place(of: number) {
        case .free:
            value = nil
        case .at(let offset):
            var syntax = ObjectSyntax(try strayBytes(at: offset, count: 64))
            do throws(SyntaxError) {
                value = try syntax.objectHeader()?.number == number ? try syntax.object() : nil
            } catch {
                value = nil
            }
        case .inStream(let stream, let index):
            value = try object(number, inStream: stream, index: index)
        }
        return value?.integer.flatMap { UInt64(exactly: $0) }
    }
}

/// What an object is, for the checks behind the pass over all of them.
struct ObjectNote: Sendable {
    enum Role: UInt8, Sendable {
        case unknown, other, page, pages, image, profile, content, outline, bookmark
    }

    var role = Role.unknown
    /// Whether the page tree or the outline led here.
    var isReached = false
    var hasMediaBox = false
    /// A page's parent, a profile's components, or the index of a node or bookmark.
    var detail: UInt32 = 0
}
