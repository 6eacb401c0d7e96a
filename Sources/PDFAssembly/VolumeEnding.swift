import JobModel

/// The end of a volume as a sequence of instructions, made as they are asked for: the table of a million pages alone takes 40 MB.
public struct VolumeEnding: Sequence, IteratorProtocol, Sendable {
    /// Bytes of each instruction but the last, about.
    static let chunkBytes = 1 << 18

    private enum Phase: Hashable {
        /// Node `index` of the page tree's level, 0 being the one above pages.
        case node(level: Int, index: Int)
        case outline
        case bookmark(Int)
        case metadata
        case catalog
        case table(next: Int)
        case trailer
        case done
    }

    /// Bytes of the volume that precede the ending.
    public let keptByteCount: UInt64
    public let pageCount: Int

    private var phase = Phase.node(level: 0, index: 0)
    private var position: UInt64
    private var offsets: Segments<UInt64>
    private let pages: Segments<ObjectNumber>
    private let leaves: Segments<ObjectNumber>
    private let bookmarks: Bookmarks
    private let links: BookmarkLinks
    private let information: DocumentInformation
    private let isArchival: Bool
    private let firstLabel: UInt64
    private let identifier: [UInt8]

    /// Nodes of each level, from the one above pages to the single root.
    private let levelCounts: [Int]
    /// Number of the first node of each level; those of level 0 are in `leaves`.
    private let levelNumbers: [ObjectNumber]
    private let outlineNumber: ObjectNumber
    private let metadataNumber: ObjectNumber
    private var usesTable = true
    private var tableOffset: UInt64 = 0

    init<Hash>(_ writer: consuming VolumeWriter<Hash>) {
        precondition(writer.pageCount > 0, "a PDF without pages is none")
        keptByteCount = writer.byteCount
        pageCount = writer.pageCount
        position = writer.byteCount
        offsets = writer.offsets
        pages = writer.pageNumbers
        leaves = writer.leafNumbers
        bookmarks = writer.bookmarks
        links = BookmarkLinks(writer.bookmarks)
        information = writer.information
        isArchival = writer.settings.isArchival
        firstLabel = writer.earlierPageCount + 1
        identifier = Array(writer.chain.bytes.prefix(16))
        levelCounts = PageTree.levelCounts(pages: writer.pageCount)
        var next = ObjectNumber(writer.offsets.count) + 1
        var numbers: [ObjectNumber] = [0]
        for count in levelCounts.dropFirst() {
            numbers.append(next)
            next += ObjectNumber(count)
        }
        levelNumbers = numbers
        outlineNumber = next
        metadataNumber = next + (writer.bookmarks.count > 0 ? ObjectNumber(writer.bookmarks.count) + 1 : 0)
    }

    public mutating func next() -> WriteInstruction? {
        var text = ObjectText()
        while phase != .done, text.bytes.count < Self.chunkBytes { step(&text) }
        guard !text.bytes.isEmpty else { return nil }
        position += UInt64(text.bytes.count)
        return .bytes(text.bytes)
    }

    private mutating func step(_ text: inout ObjectText) {
        switch phase {
        case .node(let level, let index):
            putNode(&text, level: level, index: index)
            if index + 1 < levelCounts[level] {
                phase = .node(level: level, index: index + 1)
            } else if level + 1 < levelCounts.count {
                phase = .node(level: level + 1, index: 0)
            } else {
                phase = bookmarks.count > 0 ? .outline : .metadata
            }
        case .outline:
            putOutline(&text)
            phase = .bookmark(0)
        case .bookmark(let index):
            putBookmark(&text, index)
            phase = index + 1 < bookmarks.count ? .bookmark(index + 1) : .metadata
        case .metadata:
            putMetadata(&text)
            phase = .catalog
        case .catalog:
            putCatalog(&text)
            beginTable(&text)
            phase = .table(next: 1)
        case .table(let next):
            phase = putEntries(&text, from: next)
        case .trailer:
            putTrailer(&text)
            phase = .done
        case .done:
            break
        }
    }

    // MARK: - Page tree

    private func number(level: Int, index: Int) -> ObjectNumber {
        level == 0 ? leaves[index] : levelNumbers[level] + ObjectNumber(index)
    }

    private mutating func putNode(_ text: inout ObjectText, level: Int, index: Int) {
        begin(&text, object: number(level: level, index: index))
        text.put("<</Type/Pages")
        if level + 1 < levelCounts.count {
            text.put("/Parent ")
            text.put(reference: number(level: level + 1, index: index / PageTree.arity))
        }
        let (first, count) = PageTree.pages(under: index, level: level, of: pageCount)
        text.put("/Count \(count)/Kids[")
        let kids = level == 0 ? first..<(first + count) : PageTree.kids(of: index, among: levelCounts[level - 1])
        for kid in kids {
            if kid != kids.lowerBound { text.put(" ") }
            text.put(reference: level == 0 ? pages[kid] : number(level: level - 1, index: kid))
        }
        text.put("]>>")
        text.endObject()
    }

    // MARK: - Bookmarks

    private mutating func putOutline(_ text: inout ObjectText) {
        begin(&text, object: outlineNumber)
        text.put("<</Type/Outlines/First ")
        text.put(reference: bookmarkNumber(links.topFirst))
        text.put("/Last ")
        text.put(reference: bookmarkNumber(links.topLast))
        text.put("/Count \(links.topCount)>>")
        text.endObject()
    }

    private func bookmarkNumber(_ index: Int32) -> ObjectNumber {
        outlineNumber + 1 + ObjectNumber(index)
    }

    private mutating func putBookmark(_ text: inout ObjectText, _ index: Int) {
        begin(&text, object: bookmarkNumber(Int32(index)))
        text.put("<</Title")
        text.put(textString: bookmarks.title(index))
        let parent = bookmarks.parent(index)
        text.put("/Parent ")
        text.put(reference: parent < 0 ? outlineNumber : bookmarkNumber(Int32(parent)))
        let neighbours = [("/Prev ", links.previous), ("/Next ", links.next), ("/First ", links.first), ("/Last ", links.last)]
        for (key, table) in neighbours where table[index] >= 0 {
            text.put(key)
            text.put(reference: bookmarkNumber(table[index]))
        }
        // Negative: the item is closed.
        if links.childCount[index] > 0 { text.put("/Count -\(links.childCount[index])") }
        text.put("/Dest[")
        text.put(reference: bookmarks.target(index))
        text.put("/Fit]>>")
        text.endObject()
    }

    // MARK: - Metadata and catalog

    private var infoNumber: ObjectNumber { metadataNumber + 1 }
    private var profileNumber: ObjectNumber { metadataNumber + 2 }
    private var catalogNumber: ObjectNumber { metadataNumber + (isArchival ? 3 : 2) }

    private mutating func putMetadata(_ text: inout ObjectText) {
        let packet = information.packet
        begin(&text, object: metadataNumber)
        text.put("<</Type/Metadata/Subtype/XML/Length \(packet.count)>>\nstream\n")
        text.put(packet)
        text.put("\nendstream")
        text.endObject()
        begin(&text, object: infoNumber)
        text.put(information.dictionary)
        text.endObject()
        guard isArchival else { return }
        let profile = OutputIntent.profile
        begin(&text, object: profileNumber)
        text.put("<</N 3/Alternate/DeviceRGB/Length \(profile.count)>>\nstream\n")
        text.put(profile)
        text.put("\nendstream")
        text.endObject()
    }

    private mutating func putCatalog(_ text: inout ObjectText) {
        begin(&text, object: catalogNumber)
        text.put("<</Type/Catalog/Pages ")
        text.put(reference: number(level: levelCounts.count - 1, index: 0))
        text.put("/PageLabels<</Nums[0<</S/D")
        // One run over all volumes: a page is cited by its number in the whole book (ISO 32000-1, 12.4.2).
        if firstLabel > 1 { text.put("/St \(firstLabel)") }
        text.put(">>]>>/Metadata ")
        text.put(reference: metadataNumber)
        if bookmarks.count > 0 {
            text.put("/Outlines ")
            text.put(reference: outlineNumber)
            text.put("/PageMode/UseOutlines")
        }
        if information.title != nil { text.put("/ViewerPreferences<</DisplayDocTitle true>>") }
        if isArchival {
            text.put(
                "/OutputIntents[<</Type/OutputIntent/S/GTS_PDFA1/OutputConditionIdentifier(sRGB)/Info(sRGB)/DestOutputProfile ")
            text.put(reference: profileNumber)
            text.put(">>]")
        }
        text.put(">>")
        text.endObject()
    }

    // MARK: - Cross-references

    /// Notes the offset of an object and writes its first line; what the ending adds is numbered without gaps.
    private mutating func begin(_ text: inout ObjectText, object: ObjectNumber) {
        let offset = position + UInt64(text.bytes.count)
        if Int(object) <= offsets.count {
            offsets[Int(object) - 1] = offset
        } else {
            precondition(Int(object) == offsets.count + 1, "object \(object) follows object \(offsets.count)")
            offsets.append(offset)
        }
        text.begin(object: object)
    }

    /// A table where every offset has ten digits: PDFium and pdf.js read it beyond 4 GiB, and a stream not (pdf.md, section 0).
    private mutating func beginTable(_ text: inout ObjectText) {
        tableOffset = position + UInt64(text.bytes.count)
        let size = UInt64(offsets.count) + 1
        usesTable = tableOffset + 20 * size + 400 < 10_000_000_000
        if usesTable {
            text.put("xref\n0 \(size)\n0000000000 65535 f \n")
        } else {
            let number = ObjectNumber(size)
            begin(&text, object: number)
            let width = offsetByteCount
            text.put("<</Type/XRef/Size \(size + 1)/W[1 \(width) 2]")
            putTrailerEntries(&text)
            text.put("/Length \((size + 1) * UInt64(width + 3))>>\nstream\n")
            putEntry(&text, type: 0, offset: 0, generation: 65535, width: width)
        }
    }

    /// Bytes of an offset in a cross-reference stream: five reach 1 TiB.
    private var offsetByteCount: Int { tableOffset < 1 << 40 ? 5 : 8 }

    private func putEntry(_ text: inout ObjectText, type: UInt8, offset: UInt64, generation: UInt16, width: Int) {
        var entry = [type]
        for place in (0..<width).reversed() { entry.append(UInt8(truncatingIfNeeded: offset >> UInt64(8 * place))) }
        entry.append(UInt8(generation >> 8))
        entry.append(UInt8(generation & 255))
        text.put(entry)
    }

    private func putEntries(_ text: inout ObjectText, from first: Int) -> Phase {
        let end = Swift.min(offsets.count, first + 4095)
        for number in first...end {
            let offset = offsets[number - 1]
            precondition(offset > 0, "object \(number) was never written")
            if usesTable {
                let digits = String(offset)
                text.put(String(repeating: "0", count: 10 - digits.utf8.count))
                text.put(digits)
                text.put(" 00000 n \n")
            } else {
                putEntry(&text, type: 1, offset: offset, generation: 0, width: offsetByteCount)
            }
        }
        return end < offsets.count ? .table(next: end + 1) : .trailer
    }

    private func putTrailerEntries(_ text: inout ObjectText) {
        text.put("/Root ")
        text.put(reference: catalogNumber)
        text.put("/Info ")
        text.put(reference: infoNumber)
        text.put("/ID[")
        text.put(hex: identifier)
        text.put(hex: identifier)
        text.put("]")
    }

    private func putTrailer(_ text: inout ObjectText) {
        if usesTable {
            text.put("trailer\n<</Size \(offsets.count + 1)")
            putTrailerEntries(&text)
            text.put(">>\n")
        } else {
            text.put("\nendstream\nendobj\n")
        }
        text.put("startxref\n\(tableOffset)\n%%EOF\n")
    }
}
