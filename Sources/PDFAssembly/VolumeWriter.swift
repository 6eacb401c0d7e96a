public import JobModel

/// Writes one PDF of images page by page: says what to write and touches no file.
///
/// Equal pages and settings give equal bytes. Objects go out in the order of their numbers, so an offset for each
/// (8 bytes), a number for each page (4 bytes), a bookmark for each folder and a bounded memory of recent objects are
/// all it keeps. A value: a copy is a checkpoint, and `checkpoint()` makes one of bytes.
/// What it takes care of is listed in pdf.md, sections 3 to 6.
public struct VolumeWriter<Hash: DigestStream>: Sendable {
    /// Bytes that all instructions so far write.
    public internal(set) var byteCount: UInt64 = 0
    public var pageCount: Int { pageNumbers.count }
    /// Pages of the book in the volumes before this one: its page labels count on from there.
    let earlierPageCount: UInt64

    let settings: PDFSettings
    let geometry: PageGeometry
    let information: DocumentInformation

    /// Offset of object n + 1, or 0 while it is reserved and unwritten (nodes of the page tree).
    var offsets = Segments<UInt64>()
    var pageNumbers = Segments<ObjectNumber>()
    /// The lowest nodes of the page tree, one for every 64 pages; reserved when their first page names them as parent.
    var leafNumbers = Segments<ObjectNumber>()
    var bookmarks = Bookmarks()
    /// Running digest over everything that makes this volume what it is; becomes the trailer's /ID.
    var chain: Digest256
    var lastLayout: PageLayout?
    var fontNumber: ObjectNumber?
    var images = RecentObjects(generationMax: 32_768)
    /// Colour profiles and content streams, which pages of one kind share.
    var shared = RecentObjects(generationMax: 2_048)

    /// Acrobat's and PDF/A's limit on objects, less what the end of a file needs at most beyond nodes and bookmarks.
    static var objectsMax: Int { 8_388_607 - 16 }
    /// PDFium's limit on pages, rounded down.
    public static var pagesMax: Int { 1_048_000 }

    /// - Parameter earlierPageCount: pages of the book in the volumes before this one.
    public init(settings: PDFSettings, earlierPageCount: UInt64 = 0) throws(PDFError) {
        self.settings = settings
        self.earlierPageCount = earlierPageCount
        geometry = try PageGeometry(settings)
        information = try DocumentInformation(settings)
        let place = earlierPageCount == 0 ? "" : " behind \(earlierPageCount)"
        chain = Hash.digest(of: Array("quire PDF layout 1\(place)".utf8) + information.dictionary + information.packet)
    }

    /// What writes `page` behind the pages before it.
    /// - Throws: `invalidPage` or `volumeFull`; the writer is unchanged then.
    public mutating func append(_ page: BookPage) throws(PDFError) -> [WriteInstruction] {
        try append(page, from: nil).instructions
    }

    struct Appended {
        var instructions: [WriteInstruction]
        /// Nil for a placeholder.
        var placement: Placement?
    }

    mutating func append(_ page: BookPage, from origin: Origin?) throws(PDFError) -> Appended {
        if case .picture(let facts) = page.content { try facts.checkForPDF() }
        // A page makes at most six objects: profile, mask, image, content, node, page.
        guard pageCount < Self.pagesMax,
            offsets.count + 6 + PageTree.nodesAboveLeaves(pages: pageCount + 1) + bookmarks.count + Bookmarks.depthMax
                < Self.objectsMax
        else {
            throw .volumeFull
        }
        var output = InstructionList()
        if byteCount == 0 { put([UInt8]("%PDF-1.7\n%".utf8) + [0xE2, 0xE3, 0xCF, 0xD3, 0x0A], to: &output) }
        let leaf = leafForNextPage()
        var pageText = ObjectText()
        let placement: Placement?
        let layout: PageLayout
        switch page.content {
        case .picture(let facts):
            layout = geometry.layout(of: facts)
            let image = putImage(facts, key: page.key, from: origin, to: &output)
            let content = putContent(PageGeometry.content(layout, orientation: facts.orientation), to: &output)
            putPage(&pageText, layout, leaf: leaf, resource: "/XObject<</I", image.number, content: content)
            placement = image.placement
        case .placeholder(let fileName, let reason):
            layout = placeholderLayout
            let text = PlaceholderText.content(layout, fileName: fileName, reason: reason, drawn: settings.isArchival)
            let font = settings.isArchival ? nil : putFont(to: &output)
            let content = putContent(text, to: &output)
            putPage(&pageText, layout, leaf: leaf, resource: "/Font<</F", font, content: content)
            placement = nil
        }
        let number = beginObject(to: &output)
        put(pageText.bytes, to: &output)
        pageNumbers.append(number)
        bookmarks.visit(page.folder, page: number)
        lastLayout = layout
        extendChain(page, pageText.bytes)
        output.flush()
        return Appended(instructions: output.instructions, placement: placement)
    }

    /// What ends the file: page tree, bookmarks, metadata, cross-reference table; the writer cannot be used afterwards.
    /// At least one page was appended.
    public consuming func finish() -> VolumeEnding {
        VolumeEnding(self)
    }

    // MARK: - Objects

    private mutating func put(_ bytes: [UInt8], to output: inout InstructionList) {
        output.put(bytes)
        byteCount += UInt64(bytes.count)
    }

    private mutating func beginObject(to output: inout InstructionList) -> ObjectNumber {
        offsets.append(byteCount)
        let number = ObjectNumber(offsets.count)
        var text = ObjectText()
        text.begin(object: number)
        put(text.bytes, to: &output)
        return number
    }

    private mutating func leafForNextPage() -> ObjectNumber {
        if pageCount % PageTree.arity == 0 {
            offsets.append(0)
            leafNumbers.append(ObjectNumber(offsets.count))
        }
        return leafNumbers[leafNumbers.count - 1]
    }

    /// Writes a stream whose dictionary is given, unless an equal one was written lately.
    private mutating func putStream(
        _ dictionary: [UInt8], _ source: StreamSource, in recent: WritableKeyPath<Self, RecentObjects>, key: PageKey,
        from origin: (volume: Int, offset: UInt64)?, to output: inout InstructionList
    ) -> PlacedObject {
        let name = ObjectKey(Hash.digest(of: dictionary + source.digest.bytes))
        if let known = self[keyPath: recent].find(name) { return known }
        let number = beginObject(to: &output)
        put(dictionary, to: &output)
        let place = PlacedObject(number: number, dataOffset: byteCount)
        if let origin {
            output.put(copyOf: ByteRange(offset: origin.offset, count: source.byteCount), from: .volume(origin.volume))
        } else {
            for range in source.ranges where range.count > 0 { output.put(copyOf: range, from: .page(key, source.file)) }
        }
        byteCount += source.byteCount
        put(Array("\nendstream\nendobj\n".utf8), to: &output)
        self[keyPath: recent].remember(name, place)
        return place
    }

    private mutating func putImage(
        _ facts: PageFacts, key: PageKey, from origin: Origin?, to output: inout InstructionList
    ) -> (number: ObjectNumber, placement: Placement) {
        var placement = Placement(stream: 0)
        var profileNumber: ObjectNumber?
        if let profile = facts.profile {
            let place = putStream(
                ImageObjects.profile(profile, colour: facts.colour), profile.source, in: \.shared, key: key,
                from: origin.map { ($0.volume, $0.placement.profile) }, to: &output)
            profileNumber = place.number
            placement.profile = place.dataOffset
        } else if settings.isArchival, facts.colour == .cmyk {
            profileNumber = putShared(
                "<</N 4/Alternate/DeviceCMYK/Length \(InkProfile.profile.count)>>\nstream\n", InkProfile.profile, to: &output)
        }
        var maskNumber: ObjectNumber?
        if case .alpha(let source, let bits) = facts.mask {
            let place = putStream(
                ImageObjects.alphaMask(facts, source: source, bits: bits), source, in: \.images, key: key,
                from: origin.map { ($0.volume, $0.placement.mask) }, to: &output)
            maskNumber = place.number
            placement.mask = place.dataOffset
        }
        let place = putStream(
            ImageObjects.image(facts, profile: profileNumber, mask: maskNumber), facts.stream, in: \.images, key: key,
            from: origin.map { ($0.volume, $0.placement.stream) }, to: &output)
        placement.stream = place.dataOffset
        return (place.number, placement)
    }

    private mutating func putContent(_ content: [UInt8], to output: inout InstructionList) -> ObjectNumber {
        putShared("<</Length \(content.count)>>\nstream\n", content, to: &output)
    }

    /// Writes a stream made here, unless it was written lately.
    private mutating func putShared(_ dictionary: String, _ content: [UInt8], to output: inout InstructionList) -> ObjectNumber {
        let name = ObjectKey(Hash.digest(of: content))
        if let known = shared.find(name) { return known.number }
        let number = beginObject(to: &output)
        put(Array(dictionary.utf8), to: &output)
        shared.remember(name, PlacedObject(number: number, dataOffset: byteCount))
        put(content + Array("\nendstream\nendobj\n".utf8), to: &output)
        return number
    }

    private mutating func putFont(to output: inout InstructionList) -> ObjectNumber {
        if let fontNumber { return fontNumber }
        let number = beginObject(to: &output)
        put(Array("<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>\nendobj\n".utf8), to: &output)
        fontNumber = number
        return number
    }

    private func putPage(
        _ text: inout ObjectText, _ layout: PageLayout, leaf: ObjectNumber, resource: String, _ object: ObjectNumber?,
        content: ObjectNumber
    ) {
        text.put("<</Type/Page/Parent ")
        text.put(reference: leaf)
        text.put("/MediaBox[0 0 ")
        text.put(thousandths: layout.width)
        text.put(" ")
        text.put(thousandths: layout.height)
        text.put("]")
        if layout.userUnit > 1 { text.put("/UserUnit \(layout.userUnit)") }
        text.put("/Resources<<")
        if let object {
            text.put("\(resource) ")
            text.put(reference: object)
            text.put(">>")
        }
        text.put(">>/Contents ")
        text.put(reference: content)
        text.put(">>")
        text.endObject()
    }

    /// The size of the page before, where it can carry text.
    private var placeholderLayout: PageLayout {
        if let lastLayout, min(lastLayout.width, lastLayout.height) >= PlaceholderText.sideMin { return lastLayout }
        let blank = geometry.blank
        return min(blank.width, blank.height) >= PlaceholderText.sideMin ? blank : PageGeometry.a4
    }

    /// The page's own object names its image by number only, so the image's digest goes in beside it.
    private mutating func extendChain(_ page: BookPage, _ pageObject: [UInt8]) {
        var stream = Hash()
        stream.update(chain.bytes)
        stream.update(pageObject)
        switch page.content {
        case .picture(let facts):
            stream.update(facts.stream.digest.bytes)
            if case .alpha(let source, _) = facts.mask { stream.update(source.digest.bytes) }
            if let profile = facts.profile { stream.update(profile.source.digest.bytes) }
        case .placeholder(let fileName, let reason):
            stream.update(Array("\(fileName)\n\(reason.rawValue)".utf8))
        }
        for name in page.folder { stream.update(Array("/\(name)".utf8)) }
        chain = stream.finish()
    }
}

/// Places where a page's streams lie in the volume they were written to.
struct Placement: Hashable, Sendable {
    var stream: UInt64
    var mask: UInt64 = 0
    var profile: UInt64 = 0
}

/// Where a page carried over from an earlier volume has its streams.
struct Origin: Hashable, Sendable {
    var volume: Int
    var placement: Placement
}
