/// Checks a PDF's structure without decoding a picture: header, ending, cross-references, every object where they say it is,
/// every stream's length, the page tree and its counts, references that lead nowhere.
///
/// One pass over the file in order of offsets that jumps over stream data, and one over the nodes of the page tree. Memory is
/// bounded by the number of objects (about 20 bytes each). Objects in object streams are reported as not checked.
/// - Parameter inflate: undoes zlib (RFC 1950), giving at most as many bytes as the second argument says, or nil for damaged
///   data; used for cross-reference streams that others compressed.
/// - Throws: what `file` throws; a broken file is a report.
public func verifyPDF<File: RandomAccessFile>(
    _ file: File, inflate: (_ compressed: [UInt8], _ bytesMax: Int) -> [UInt8]?
) throws(File.Failure) -> VerificationReport {
    var verifier = Verifier(file)
    try verifier.checkHeader()
    guard let start = try verifier.checkEnding(), try verifier.readCrossReferences(from: start, inflate: inflate) else {
        return verifier.report
    }
    try verifier.checkObjects()
    try verifier.checkPageTree()
    return verifier.report
}

struct Verifier<File: RandomAccessFile> {
    var reader: BlockReader<File>
    var report = VerificationReport()
    var references = CrossReferences()
    var trailer: [String: ParsedObject] = [:]

    private enum Role: UInt8, Sendable {
        case other, page, pages, reachedPage, reachedPages
    }
    /// What each object is, and the parent a page names; by object number - 1.
    private var roles = Segments<Role>()
    private var parents = Segments<UInt32>()
    /// Files that quire wrote are held to its own habits.
    private var isOurs = false

    /// A dictionary larger than this is taken for damage; a flat list of a million pages takes 12 MB.
    private static var objectBytesMax: Int { 1 << 26 }
    private static var depthMax: Int { 64 }

    init(_ file: File) {
        reader = BlockReader(file)
    }

    // MARK: - Both ends

    mutating func checkHeader() throws(File.Failure) {
        let bytes = try reader.bytes(at: 0, count: 8)
        guard bytes.starts(with: "%PDF-1.".utf8) || bytes.starts(with: "%PDF-2.".utf8) else {
            report.add(.header, "the file does not begin with %PDF-1. or %PDF-2.", offset: 0)
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
        var syntax = ObjectSyntax(tail + [0x0A], at: place + word.count)
        do throws(SyntaxError) {
            guard let start = try syntax.unsigned(), start < size else {
                report.add(.ending, "startxref points outside the file", offset: tailOffset + UInt64(place))
                return nil
            }
            var rest = tail[syntax.position...].drop { [0x0A, 0x0D, 0x20].contains($0) }
            guard rest.starts(with: "%%EOF".utf8) else {
                report.add(.ending, "no %%EOF behind startxref", offset: tailOffset + UInt64(place))
                return start
            }
            rest = rest.dropFirst(5)
            if !rest.isEmpty, ![[0x0A], [0x0D], [0x0D, 0x0A]].contains(Array(rest)) {
                report.add(.ending, "\(rest.count) bytes behind %%EOF", offset: size - UInt64(rest.count))
            }
            return start
        } catch {
            report.add(.ending, "startxref is followed by no number", offset: tailOffset + UInt64(place))
            return nil
        }
    }

    // MARK: - Objects

    struct IndirectObject {
        var number: UInt64
        var generation: UInt64
        var value: ParsedObject
        /// Where the stream's data begins, if it is one.
        var dataOffset: UInt64?
        /// Behind the value, or behind `stream` and its line end.
        var end: UInt64
    }

    /// The object at `offset`, which ends before `limit`; a finding says why there is none.
    mutating func object(at offset: UInt64, before limit: UInt64, expected: UInt64?) throws(File.Failure) -> IndirectObject? {
        var window = 1024
        while true {
            let bytes = try reader.bytes(at: offset, count: window, end: limit)
            var syntax = ObjectSyntax(bytes)
            do throws(SyntaxError) {
                guard let (number, generation) = try syntax.objectHeader(), expected == nil || expected == number else {
                    report.add(
                        .objectHeader, "the object is not where the cross-references say", object: expected, offset: offset)
                    return nil
                }
                let value = try syntax.object()
                var data: UInt64?
                if value.isDictionary, try syntax.take("stream") {
                    let hasLineEnd = try syntax.takeHere("\r\n") ? true : try syntax.takeHere("\n")
                    guard hasLineEnd else { throw SyntaxError.malformed }
                    data = offset + UInt64(syntax.position)
                }
                return IndirectObject(
                    number: number, generation: generation, value: value, dataOffset: data, end: offset + UInt64(syntax.position))
            } catch {
                if error == .incomplete, bytes.count == window, window < Self.objectBytesMax {
                    window *= 8
                    continue
                }
                // An object that would go on past the next one's offset is as broken as one that is no object at all.
                let kind: PDFFinding.Kind = ObjectSyntax(bytes).isObject() ? .syntax : .objectHeader
                report.add(kind, "the object cannot be read", object: expected, offset: offset)
                return nil
            }
        }
    }

    mutating func checkObjects() throws(File.Failure) {
        var order: [UInt32] = []
        for index in 0..<references.count {
            roles.append(.other)
            parents.append(0)
            if references.offset(of: UInt64(index) + 1) != nil { order.append(UInt32(index)) }
        }
        isOurs = try namesUsAsProducer()
        let offsets = references.offsets
        order.sort { (offsets[Int($0)], $0) < (offsets[Int($1)], $1) }
        report.objectCount = order.count
        for (place, index) in order.enumerated() {
            let offset = offsets[Int(index)]
            let limit = place + 1 < order.count ? offsets[Int(order[place + 1])] : reader.byteCount
            try checkObject(UInt64(index) + 1, at: offset, before: limit)
        }
        if references.hasCompressedObjects { report.add(.notChecked, "objects within object streams") }
    }

    private mutating func namesUsAsProducer() throws(File.Failure) -> Bool {
        guard let info = trailer["Info"]?.reference, let offset = references.offset(of: info) else { return false }
        let mark = Array("/Producer(\(DocumentInformation.producer))".utf8)
        let bytes = try reader.bytes(at: offset, count: 4 * DocumentInformation.textBytesMax)
        return bytes.indices.contains { bytes[$0...].starts(with: mark) }
    }

    private mutating func checkObject(_ number: UInt64, at offset: UInt64, before limit: UInt64) throws(File.Failure) {
        guard limit > offset else {
            report.add(.crossReferences, "two objects at one place", object: number, offset: offset)
            return
        }
        guard let object = try object(at: offset, before: limit, expected: number) else { return }
        var dangling: UInt64?
        object.value.forEachReference { if !references.exists($0) { dangling = $0 } }
        if let dangling {
            report.add(
                .danglingReference, "it refers to object \(dangling), which does not exist", object: number, offset: offset)
        }
        let index = Int(number) - 1
        switch object.value["Type"]?.name {
        case "Page":
            roles[index] = .page
            parents[index] = UInt32(truncatingIfNeeded: object.value["Parent"]?.reference ?? 0)
        case "Pages":
            roles[index] = .pages
        case _:
            break
        }
        var end = object.end
        if let data = object.dataOffset {
            guard let length = try length(of: object.value) else {
                report.add(.streamLength, "the stream has no usable /Length", object: number, offset: offset)
                return
            }
            let (sum, overflow) = data.addingReportingOverflow(length)
            let tail = overflow ? [] : try reader.bytes(at: sum, count: 32, end: limit)
            var syntax = ObjectSyntax(tail)
            // The line end before `endstream` is recommended only, but with it left out a length one too large would pass.
            guard !isOurs || tail.first == 0x0A, syntax.takes("endstream") else {
                report.add(.streamLength, "/Length \(length) does not lead to endstream", object: number, offset: offset)
                return
            }
            end = sum + UInt64(syntax.position)
            try checkData(of: object.value, at: data, length: length, object: number)
        }
        var syntax = ObjectSyntax(try reader.bytes(at: end, count: 64, end: limit))
        if !syntax.takes("endobj") { report.add(.syntax, "no endobj behind the object", object: number, offset: end) }
    }

    /// `/Length`, itself or the object it refers to.
    mutating func length(of dictionary: ParsedObject) throws(File.Failure) -> UInt64? {
        guard let entry = dictionary["Length"] else { return nil }
        if let number = entry.reference {
            guard let offset = references.offset(of: number) else { return nil }
            return try object(at: offset, before: .max, expected: number)?.value.integer.flatMap { UInt64(exactly: $0) }
        }
        return entry.integer.flatMap { UInt64(exactly: $0) }
    }

    /// The first bytes tell a stream of zeros (a crash on the way to disk) from a picture.
    private mutating func checkData(of dictionary: ParsedObject, at offset: UInt64, length: UInt64, object: UInt64) throws(File
        .Failure)
    {
        let filter = dictionary["Filter"]?.name ?? dictionary["Filter"]?.array?.first?.name
        guard let filter, length >= 2 else { return }
        let start = try reader.bytes(at: offset, count: 4)
        guard start.count == 4 else { return }
        let isRight =
            switch filter {
            case "DCTDecode": start[0] == 0xFF && start[1] == 0xD8
            case "FlateDecode": start[0] & 15 == 8 && (Int(start[0]) << 8 | Int(start[1])) % 31 == 0
            case "JPXDecode": start == [0, 0, 0, 12] || start[0] == 0xFF && start[1] == 0x4F
            case _: true
            }
        if !isRight { report.add(.streamContent, "its data is not what \(filter) reads", object: object, offset: offset) }
    }

    // MARK: - Page tree

    mutating func checkPageTree() throws(File.Failure) {
        guard !references.hasCompressedObjects else { return }
        guard let root = trailer["Root"]?.reference, let offset = references.offset(of: root) else {
            report.add(.trailer, "the trailer names no catalog")
            return
        }
        guard let catalog = try object(at: offset, before: .max, expected: root) else { return }
        guard let pages = catalog.value["Pages"]?.reference else {
            report.add(.pageTree, "the catalog names no page tree", object: root, offset: offset)
            return
        }
        report.pageCount = try count(under: pages, parent: nil, depth: 0)
        var lost = 0
        var firstLost: UInt64?
        for index in 0..<roles.count where roles[index] == .page {
            lost += 1
            if firstLost == nil { firstLost = UInt64(index) + 1 }
        }
        if lost > 0 { report.add(.pageTree, "\(lost) pages are not in the page tree", object: firstLost) }
    }

    /// Pages under a node that were not met before.
    private mutating func count(under node: UInt64, parent: UInt64?, depth: Int) throws(File.Failure) -> Int {
        guard let offset = references.offset(of: node), depth < Self.depthMax else {
            report.add(.pageTree, "the page tree leads to an object that is none or is too deep", object: node)
            return 0
        }
        let index = Int(node) - 1
        switch roles[index] {
        case .page:
            roles[index] = .reachedPage
            if let parent, UInt64(parents[index]) != parent {
                report.add(
                    .pageTree, "the page names object \(parents[index]) as its parent, not \(parent)", object: node,
                    offset: offset)
            }
            return 1
        case .reachedPage, .reachedPages:
            report.add(.pageTree, "the page tree comes here twice", object: node, offset: offset)
            return 0
        case .other:
            report.add(.pageTree, "the page tree leads to an object that is no page", object: node, offset: offset)
            return 0
        case .pages:
            roles[index] = .reachedPages
        }
        guard let object = try object(at: offset, before: .max, expected: node) else { return 0 }
        if let parent, object.value["Parent"]?.reference != parent {
            report.add(.pageTree, "the node does not name \(parent) as its parent", object: node, offset: offset)
        }
        var kids = object.value["Kids"]?.array
        if kids == nil, let list = object.value["Kids"]?.reference, let place = references.offset(of: list) {
            kids = try self.object(at: place, before: .max, expected: list)?.value.array
        }
        guard let kids else {
            report.add(.pageTree, "the node has no kids", object: node, offset: offset)
            return 0
        }
        var sum = 0
        for kid in kids {
            guard let number = kid.reference else {
                report.add(.pageTree, "a kid is no reference", object: node, offset: offset)
                continue
            }
            sum += try count(under: number, parent: node, depth: depth + 1)
        }
        if object.value["Count"]?.integer != Int64(sum) {
            report.add(.pageTree, "the node's /Count is not the \(sum) pages under it", object: node, offset: offset)
        }
        return sum
    }
}
