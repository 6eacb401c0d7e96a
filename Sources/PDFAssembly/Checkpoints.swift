import JobModel

extension VolumeWriter {
    private static var checkpointVersion: UInt64 { 2 }

    /// The writer as bytes: about 3 bytes an object, 4 a page, and up to 2 MB of recent objects.
    public func checkpoint() -> [UInt8] {
        var out = ByteWriter()
        encode(to: &out)
        return out.bytes
    }

    /// The writer that `checkpoint()` was called on.
    public init(resuming checkpoint: [UInt8]) throws(PDFError) {
        var reader = ByteReader(checkpoint)
        try self.init(from: &reader)
        guard reader.isAtEnd else { throw .invalidCheckpoint("more follows its end") }
    }

    func encode(to out: inout ByteWriter) {
        out.put(Self.checkpointVersion)
        out.put(settings)
        out.put(earlierPageCount)
        out.put(byteCount)
        out.put(count: offsets.count)
        // Objects follow one another except reserved nodes, which have no offset yet.
        var last: UInt64 = 0
        for index in 0..<offsets.count {
            let offset = offsets[index]
            out.put(offset == 0 ? 0 : offset - last)
            if offset != 0 { last = offset }
        }
        for numbers in [pageNumbers, leafNumbers] {
            out.put(count: numbers.count)
            var last: ObjectNumber = 0
            for index in 0..<numbers.count {
                out.put(UInt64(numbers[index] - last))
                last = numbers[index]
            }
        }
        bookmarks.encode(to: &out)
        out.put(chain)
        out.put(optional: lastLayout) { out, layout in
            let values = [
                layout.width, layout.height, layout.userUnit, layout.x, layout.y, layout.pictureWidth, layout.pictureHeight,
            ]
            for value in values { out.put(count: value) }
        }
        out.put(UInt64(fontNumber ?? 0))
        for recent in [images, shared] {
            let (young, old) = recent.entries
            for entries in [young, old] {
                out.put(count: entries.count)
                for (key, place) in entries {
                    out.put(key.high)
                    out.put(key.low)
                    out.put(UInt64(place.number))
                    out.put(place.dataOffset)
                }
            }
        }
    }

    init(from reader: inout ByteReader) throws(PDFError) {
        guard try reader.number() == Self.checkpointVersion else { throw .invalidCheckpoint("of another version") }
        try self.init(settings: try reader.settings(), earlierPageCount: try reader.number())
        guard earlierPageCount < 1 << 62 else { throw .invalidCheckpoint("\(earlierPageCount) earlier pages") }
        byteCount = try reader.number()
        guard byteCount < 1 << 62 else { throw .invalidCheckpoint("a volume of \(byteCount) bytes") }
        var last: UInt64 = 0
        for _ in 0..<(try reader.count(max: Self.objectsMax)) {
            let step = try reader.number()
            guard step < byteCount - last || step == 0 else { throw .invalidCheckpoint("an object behind the end") }
            last += step
            offsets.append(step == 0 ? 0 : last)
        }
        pageNumbers = try Self.numbers(from: &reader, max: Self.pagesMax, objects: offsets.count)
        leafNumbers = try Self.numbers(from: &reader, max: Self.pagesMax, objects: offsets.count)
        guard leafNumbers.count == (pageCount + PageTree.arity - 1) / PageTree.arity else {
            throw .invalidCheckpoint("\(leafNumbers.count) nodes for \(pageCount) pages")
        }
        bookmarks = try Bookmarks(from: &reader, objects: offsets.count)
        chain = try reader.digest()
        lastLayout = try reader.optional { (reader) throws(PDFError) in
            var values: [Int] = []
            for _ in 0..<7 { values.append(try reader.count(max: 1 << 40)) }
            return PageLayout(
                width: values[0], height: values[1], userUnit: values[2], x: values[3], y: values[4], pictureWidth: values[5],
                pictureHeight: values[6])
        }
        let font = try reader.count(max: offsets.count)
        fontNumber = font == 0 ? nil : ObjectNumber(font)
        images = try Self.recent(from: &reader, generationMax: images.generationMax, objects: offsets.count)
        shared = try Self.recent(from: &reader, generationMax: shared.generationMax, objects: offsets.count)
    }

    private static func numbers(from reader: inout ByteReader, max: Int, objects: Int) throws(PDFError) -> Segments<ObjectNumber>
    {
        var result = Segments<ObjectNumber>()
        var last = 0
        for _ in 0..<(try reader.count(max: max)) {
            last += try reader.count(max: objects - last)
            guard last > 0 else { throw .invalidCheckpoint("object 0") }
            result.append(ObjectNumber(last))
        }
        return result
    }

    private static func recent(from reader: inout ByteReader, generationMax: Int, objects: Int) throws(PDFError) -> RecentObjects
    {
        var generations: [[(ObjectKey, PlacedObject)]] = []
        for _ in 0..<2 {
            var entries: [(ObjectKey, PlacedObject)] = []
            for _ in 0..<(try reader.count(max: generationMax)) {
                let key = ObjectKey(high: try reader.number(), low: try reader.number())
                let number = ObjectNumber(try reader.count(max: objects))
                entries.append((key, PlacedObject(number: number, dataOffset: try reader.number())))
            }
            generations.append(entries)
        }
        return RecentObjects(generationMax: generationMax, young: generations[0], old: generations[1])
    }
}

extension Book {
    /// The book as bytes; see `VolumeWriter.checkpoint()`, and 60 to 100 bytes for each page since the last folder border.
    ///
    /// Large for large books: a head that keeps page facts anyway journals `position` instead and appends the pages again.
    public func checkpoint() -> [UInt8] {
        var out = ByteWriter()
        writer.encode(to: &out)
        out.put(count: volume)
        out.put(count: folder.count)
        for name in folder { out.put(text: name) }
        out.put(optional: border) { out, border in
            out.put(border.mark.byteCount)
            out.put(count: border.mark.objectCount)
            out.put(count: border.mark.pageCount)
            out.put(count: border.mark.bookmarkCount)
            out.put(border.mark.chain)
            out.put(count: border.pages.blocks.count)
            for block in border.pages.blocks { out.put(data: block) }
        }
        return out.bytes
    }

    /// The book that `checkpoint()` was called on.
    public init(resuming checkpoint: [UInt8]) throws(PDFError) {
        var reader = ByteReader(checkpoint)
        let writer = try VolumeWriter<Hash>(from: &reader)
        try self.init(settings: writer.settings)
        self.writer = writer
        volume = try reader.count(max: 1 << 32)
        for _ in 0..<(try reader.count(max: checkpoint.count)) { folder.append(try reader.text()) }
        let folder = folder
        border = try reader.optional { (reader) throws(PDFError) in
            let mark = VolumeWriter<Hash>.Mark(
                byteCount: try reader.number(), objectCount: try reader.count(max: writer.offsets.count),
                pageCount: try reader.count(max: writer.pageCount), bookmarkCount: try reader.count(max: writer.bookmarks.count),
                chain: try reader.digest())
            guard mark.pageCount > 0, mark.byteCount <= writer.byteCount else {
                throw .invalidCheckpoint("a border outside the volume")
            }
            var blocks: [[UInt8]] = []
            for _ in 0..<(try reader.count(max: checkpoint.count)) { blocks.append(try reader.data()) }
            return (mark, CarriedPages(folder: folder, blocks: blocks))
        }
        guard reader.isAtEnd else { throw .invalidCheckpoint("more follows its end") }
    }
}

extension Bookmarks {
    func encode(to out: inout ByteWriter) {
        out.put(count: count)
        for index in 0..<count {
            out.put(text: title(index))
            out.put(count: parent(index) + 1)
            out.put(UInt64(target(index)))
        }
        let open = openFolders
        out.put(count: open.count)
        for (name, index) in open {
            out.put(text: name)
            out.put(count: index)
        }
    }

    init(from reader: inout ByteReader, objects: Int) throws(PDFError) {
        self.init()
        for index in 0..<(try reader.count(max: Self.countMax)) {
            let title = try reader.text()
            guard title.utf8.count <= Self.titleBytesMax else { throw .invalidCheckpoint("a title of \(title.utf8.count) bytes") }
            let parent = try reader.count(max: index) - 1
            add(title: title, parent: parent, target: ObjectNumber(try reader.count(max: objects)))
        }
        for _ in 0..<(try reader.count(max: Self.depthMax)) {
            let name = try reader.text()
            guard count > 0 else { throw .invalidCheckpoint("a folder without a bookmark") }
            reopen(name, index: try reader.count(max: count - 1))
        }
    }
}

extension ByteWriter {
    fileprivate mutating func put(_ settings: PDFSettings) {
        switch settings.pageSize {
        case .auto: put(0)
        case .paper(let width, let height):
            put(1)
            put(count: width.milliPoints)
            put(count: height.milliPoints)
        }
        put(count: settings.margin.milliPoints)
        put(optional: settings.dotsPerInch) { $0.put(count: $1) }
        put(optional: settings.title) { $0.put(text: $1) }
        put(optional: settings.author) { $0.put(text: $1) }
        put(optional: settings.dateSeconds) { $0.put(UInt64(bitPattern: $1)) }
        put(text: settings.missingPage.rawValue)
        put(settings.volumeBytesMax)
        put(count: settings.volumePagesMax)
        put(flag: settings.isArchival)
    }
}

extension ByteReader {
    fileprivate mutating func settings() throws(PDFError) -> PDFSettings {
        var settings = PDFSettings()
        if try flag() {
            settings.pageSize = .paper(
                width: PaperLength(milliPoints: try count(max: 1 << 40)),
                height: PaperLength(milliPoints: try count(max: 1 << 40)))
        }
        settings.margin = PaperLength(milliPoints: try count(max: 1 << 40))
        settings.dotsPerInch = try optional { (reader) throws(PDFError) in try reader.count(max: 1 << 40) }
        settings.title = try optional { (reader) throws(PDFError) in try reader.text() }
        settings.author = try optional { (reader) throws(PDFError) in try reader.text() }
        settings.dateSeconds = try optional { (reader) throws(PDFError) in Int64(bitPattern: try reader.number()) }
        guard let missing = MissingPage(rawValue: try text()) else { throw .invalidCheckpoint("an unknown setting") }
        settings.missingPage = missing
        settings.volumeBytesMax = try number()
        settings.volumePagesMax = try count(max: Int(Int64.max))
        settings.isArchival = try flag()
        return settings
    }
}
