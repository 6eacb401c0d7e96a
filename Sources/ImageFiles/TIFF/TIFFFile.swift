public import JobModel

/// A TIFF file's directories (TIFF 6.0; BigTIFF), read without decoding.
public struct TIFFFile: Hashable, Sendable {
    /// A picture of the file: one directory.
    public struct Page: Hashable, Sendable {
        public var directory: TIFFDirectory
        public var width: Int
        public var height: Int
        public var bitsPerSample: [Int]
        public var samplesPerPixel: Int
        /// What the samples behind the colours are, from the first: 1 and 2 alpha, 0 something else.
        public var extraSamples: [Int]
        /// 1 none, 4 CCITT group 4, 5 LZW, 6 and 7 JPEG, 8 and 32946 Deflate, 32773 PackBits...
        public var compression: Int
        /// 0 white is zero, 1 black is zero, 2 RGB, 3 palette, 5 CMYK, 6 YCbCr, 8 L*a*b*.
        public var photometric: Int?
        public var fillOrder: Int
        /// 1 to 8; 1 when it is missing or another number.
        public var orientation: Int
        public var isTiled: Bool
        /// Strips or tiles.
        public var partCount: UInt64
        public var density: Density?
        /// NewSubfileType says reduced (bit 0), so that it is no page of its own.
        public var isReduced: Bool
        /// NewSubfileType says transparency mask (bit 2).
        public var isMask: Bool

        /// The sample, from 0, that alone of several behind the colours is alpha; nil where they are not several, none is, or more
        /// than one is said to be.
        public var onlyAlpha: Int? {
            let alphas = extraSamples.indices.filter { (1...2).contains(extraSamples[$0]) }
            guard extraSamples.count > 1, extraSamples.count < samplesPerPixel, alphas.count == 1 else { return nil }
            return samplesPerPixel - extraSamples.count + alphas[0]
        }
    }

    public let isBig: Bool
    /// In file order, with reduced pictures and masks.
    public let pages: [Page]
    /// False when a directory behind the first cannot be read or the chain goes in a circle.
    public let isComplete: Bool
    /// Whether a GPS directory or an embedded EXIF block tells a position.
    public let hasGPS: Bool
    public let isFromCamera: Bool

    static let pagesMax = 65_535
    /// DNGVersion, which makes a TIFF a DNG (DNG 1.6, page 23).
    private static let dngVersion: UInt16 = 50706
    static let metadataBytesMax: UInt64 = 64 << 20

    public init(reading source: some ByteSource) throws(ImageFileError) {
        let stream = try TIFFStream(reading: source)
        let chain = try stream.mainDirectories(limit: Self.pagesMax)
        var pages: [Page] = []
        for directory in chain.directories { pages.append(try Self.page(directory, stream)) }
        guard let first = pages.first, first.width > 0, first.height > 0 else {
            throw .damaged("the first directory has no picture")
        }
        self.pages = pages
        isBig = stream.isBig
        isComplete = chain.isWhole
        let detail = try stream.pointedDirectory(first.directory.entry(TIFFTag.exif))
        hasGPS = try tellsPosition(chain.directories, in: stream)
        let names = first.directory.entry(TIFFTag.make) != nil || first.directory.entry(TIFFTag.model) != nil
        let exposure = [TIFFTag.exposureTime, TIFFTag.fNumber, TIFFTag.focalLength, TIFFTag.isoSpeed]
        isFromCamera = names && exposure.contains { detail?.entry($0) != nil }
    }

    /// Whether the first directory is that of a DNG: a TIFF reader would show its thumbnail.
    public static func isDNG(_ source: some ByteSource) throws(ImageFileError) -> Bool {
        try TIFFStream(reading: source).mainDirectories(limit: 1).directories.contains { $0.entry(dngVersion) != nil }
    }

    /// The file with `edits` applied where it stands: no strip moves, and what goes is overwritten with zeros.
    ///
    /// Throws `unsupported` for removing all metadata of a DNG, whose own tags decide how it looks.
    public func pieces(applying edits: [MetadataEdit], source: some ByteSource) throws(ImageFileError) -> [Piece] {
        let plan = try EditPlan(edits) { () throws(ImageFileError) in try metadata(in: source) }
        var editor = try TIFFEditor(TIFFStream(reading: source), mainDirectoriesMax: Self.pagesMax)
        var resources: [UInt8]?
        if plan.kept != nil {
            guard !pages.contains(where: { $0.directory.entry(Self.dngVersion) != nil }) else {
                throw .unsupported("metadata and looks of a DNG are one")
            }
            try editor.keepOnly(TIFFMetadata.keptTags(plan))
        } else if !plan.dropped.isEmpty {
            var tags = TIFFMetadata.tagsWithoutDropped(plan, of: pages.flatMap { $0.directory.entries.map(\.tag) })
            resources = try resourcesWithoutIPTC(plan, in: source)
            if resources != nil { tags.insert(TIFFTag.photoshop) }
            try editor.keepOnly(tags)
        }
        if plan.dropsGPS { try editor.dropGPS() }
        let orientation = plan.keepsOrientation ? plan.orientation : 1
        if let orientation { try editor.setOrientation(orientation, inAll: true) }
        let pieces = try editor.pieces()
        guard !plan.tags.isEmpty || resources != nil else { return pieces }
        let edited = PieceSource(pieces, of: source)
        return edited.resolved(try Self.pieces(applying: plan.tags, resources: resources, to: edited))
    }

    /// The first page's Photoshop resources as they are when IPTC goes, and places if they go too; nil where they stay, and where they
    /// go altogether, as those of several pages do.
    private func resourcesWithoutIPTC(_ plan: EditPlan, in source: some ByteSource) throws(ImageFileError) -> [UInt8]? {
        guard plan.dropped.contains(.iptc), !pages.dropFirst().contains(where: { $0.directory.entry(TIFFTag.photoshop) != nil }) else {
            return nil
        }
        let stream = try TIFFStream(reading: source)
        let old = try stream.bytes(pages[0].directory.entry(TIFFTag.photoshop), limit: Self.metadataBytesMax)
        guard let rest = old.flatMap(PhotoshopResources.withoutIPTC) else { return nil }
        return plan.dropsGPS ? PhotoshopResources.clearingPlaces(rest) : rest
    }

    /// Tags lie in the first directory and what it points at; XMP, IPTC and Photoshop resources are tags of it too.
    private static func pieces(
        applying tags: TagChanges, resources: [UInt8]?, to source: some ByteSource
    ) throws(ImageFileError) -> [Piece] {
        var editor = try TIFFTagEditor(TIFFStream(reading: source), mainDirectoriesMax: pagesMax)
        try replace(try editor.value(TIFFTag.photoshop, in: .image), TIFFTag.photoshop, type: 7, with: resources, in: &editor)
        try tags.apply(to: &editor)
        let xmp = try editor.value(TIFFTag.xmp, in: .image)
        try replace(xmp, TIFFTag.xmp, type: 1, with: try tags.applied(toXMP: xmp?.bytes), in: &editor)
        let photoshop = try editor.value(TIFFTag.photoshop, in: .image)
        let inside = photoshop.flatMap { PhotoshopResources.iptc($0.bytes) }
        let iptc = try editor.value(TIFFTag.iptc, in: .image)
        // Where both are there, both are kept alike.
        if inside != nil {
            try replace(photoshop, TIFFTag.photoshop, type: 7, with: try tags.applied(toPhotoshop: photoshop?.bytes), in: &editor)
        }
        if iptc != nil || inside == nil {
            try replace(iptc, TIFFTag.iptc, type: 7, with: try tags.applied(toIPTCBlock: iptc?.bytes), in: &editor)
        }
        return try editor.pieces()
    }

    private static func replace<Source: ByteSource>(
        _ old: (type: UInt16, bytes: [UInt8])?, _ tag: UInt16, type: UInt16, with new: [UInt8]?, in editor: inout TIFFTagEditor<Source>
    ) throws(ImageFileError) {
        guard var new, new != old?.bytes else { return }
        let type = old?.type ?? type
        // Photoshop writes IPTC as LONG.
        let unit = Int(max(1, tiffTypeBytes(type)))
        new += [UInt8](repeating: 0, count: (unit - new.count % unit) % unit)
        try editor.set(tag, in: .image, type: type, bytes: new)
    }

    /// XMP, Photoshop resources and, made anew from the first directory's descriptive tags, an EXIF block; of maker notes only
    /// those that mean the same in another place are in it, where there is room.
    public func metadata(in source: some ByteSource) throws(ImageFileError) -> EmbeddedMetadata {
        let stream = try TIFFStream(reading: source)
        let first = pages[0].directory
        var found = EmbeddedMetadata()
        (found.exif, found.leftBehind) = try TIFFMetadata.exifBlock(first, stream)
        found.xmp = try stream.bytes(first.entry(TIFFTag.xmp), limit: Self.metadataBytesMax)
        found.photoshop = try stream.bytes(first.entry(TIFFTag.photoshop), limit: Self.metadataBytesMax)
        if found.photoshop == nil, let iptc = try stream.bytes(first.entry(TIFFTag.iptc), limit: Self.metadataBytesMax) {
            found.photoshop = PhotoshopResources.areResources(iptc) ? iptc : PhotoshopResources.wrapping(iptc: iptc)
        }
        return found
    }

    private static func page<Source: ByteSource>(_ directory: TIFFDirectory, _ stream: TIFFStream<Source>) throws(ImageFileError)
        -> Page
    {
        func number(_ tag: UInt16) throws(ImageFileError) -> Int? {
            try stream.integers(directory.entry(tag), limit: 1).first.flatMap(Int.init(exactly:))
        }
        let isTiled = directory.entry(TIFFTag.tileOffsets) != nil
        let orientation = try number(TIFFTag.orientation) ?? 1
        let subfile = try number(TIFFTag.newSubfileType) ?? 0
        return Page(
            directory: directory, width: try number(TIFFTag.imageWidth) ?? 0, height: try number(TIFFTag.imageLength) ?? 0,
            bitsPerSample: try stream.integers(directory.entry(TIFFTag.bitsPerSample), limit: 16).map {
                Int(truncatingIfNeeded: $0)
            },
            samplesPerPixel: try number(TIFFTag.samplesPerPixel) ?? 1,
            extraSamples: try stream.integers(directory.entry(TIFFTag.extraSamples), limit: 16).map {
                Int(truncatingIfNeeded: $0)
            },
            compression: try number(TIFFTag.compression) ?? 1,
            photometric: try number(TIFFTag.photometric), fillOrder: try number(TIFFTag.fillOrder) ?? 1,
            orientation: (1...8).contains(orientation) ? orientation : 1, isTiled: isTiled,
            partCount: directory.entry(isTiled ? TIFFTag.tileOffsets : TIFFTag.stripOffsets)?.count ?? 0,
            density: try stream.density(directory), isReduced: subfile & 1 == 1, isMask: subfile & 4 == 4)
    }
}

/// Takes descriptive metadata out of a TIFF directory, where they are mixed with what the picture needs.
enum TIFFMetadata {
    private static let descriptive = Set(EXIFTag.all.filter { $0.directory == .image }.map(\.number))
    private static let fieldBytesMax: UInt64 = 8_192
    /// Of a directory's fields together: no JPEG segment holds more, whatever values may lie over each other.
    private static let fieldsBytesMax = 1 << 16
    /// Of a maker note, so that the rest has room beside it in a JPEG segment.
    private static let noteBytesMax: UInt64 = 48 << 10

    /// What decoding, colour and layout of a page need (TIFF 6.0 and its supplements; libtiff's own codecs and data types).
    private static let structural: Set<UInt16> = {
        let ranges: [ClosedRange<UInt16>] = [
            254...268, 273...284, 286...299, 301...301, 317...349, 512...521, 529...532, 32995...32998, 33421...33422,
            34016...34032,
            37439...37439, 50674...50674,
        ]
        return Set(ranges.joined())
    }()

    /// The tags of a main directory that `plan` keeps.
    static func keptTags(_ plan: EditPlan) -> Set<UInt16> {
        var tags = structural
        if plan.keeps(.exif) { tags.formUnion(descriptive.union([TIFFTag.exif, TIFFTag.gps])) }
        if plan.keeps(.copyright) { tags.formUnion([TIFFTag.artist, TIFFTag.copyright]) }
        if plan.keeps(.xmp) { tags.insert(TIFFTag.xmp) }
        if plan.keeps(.iptc) { tags.formUnion([TIFFTag.iptc, TIFFTag.photoshop]) }
        if plan.keeps(.icc) { tags.insert(TIFFTag.iccProfile) }
        return tags
    }

    /// `tags` without those of the kinds that `plan` drops.
    static func tagsWithoutDropped(_ plan: EditPlan, of tags: [UInt16]) -> Set<UInt16> {
        var kept = Set(tags)
        if plan.dropped.contains(.exif) { kept.subtract(descriptive.union([TIFFTag.exif, TIFFTag.gps]).subtracting(structural)) }
        if plan.dropped.contains(.copyright) { kept.subtract([TIFFTag.artist, TIFFTag.copyright]) }
        if plan.dropped.contains(.xmp) { kept.remove(TIFFTag.xmp) }
        if plan.dropped.contains(.iptc) { kept.subtract([TIFFTag.iptc, TIFFTag.photoshop]) }
        if plan.dropped.contains(.icc) { kept.remove(TIFFTag.iccProfile) }
        return kept
    }

    /// Whether a field of an EXIF block's first directory tells of the picture, and not how it lies in its file: for a file that has a
    /// layout of its own. Private tags of type LONG may be offsets.
    static func describesPicture(_ entry: TIFFEntry) -> Bool {
        if descriptive.contains(entry.tag) { return !EXIFTag.layout.contains(entry.tag) }
        guard !structural.contains(entry.tag) else { return false }
        let blocks = [TIFFTag.exif, TIFFTag.gps, TIFFTag.interoperability, TIFFTag.xmp, TIFFTag.iptc, TIFFTag.photoshop, TIFFTag.iccProfile]
        // A DNG's own, which would make the file one (DNG 1.6, chapter 6).
        let negatives: ClosedRange<UInt16> = 50_706...52_600
        return !blocks.contains(entry.tag) && !negatives.contains(entry.tag) && entry.type != 4 && entry.type != 9
    }

    /// Nil when there is nothing but the resolution and orientation that every scan has.
    static func exifBlock<Source: ByteSource>(
        _ directory: TIFFDirectory, _ stream: TIFFStream<Source>
    ) throws(ImageFileError) -> (block: [UInt8]?, leftBehind: [String]) {
        var builder = EXIFBuilder()
        var leftBehind: [String] = []
        builder.main = try fields(directory.entries.filter { descriptive.contains($0.tag) }, stream)
        let detail = try stream.pointedDirectory(directory.entry(TIFFTag.exif))
        if let detail {
            let without = [TIFFTag.makerNote, TIFFTag.interoperability]
            builder.exif = try fields(detail.entries.filter { !without.contains($0.tag) }, stream)
        }
        if let gps = try stream.pointedDirectory(directory.entry(TIFFTag.gps)) { builder.gps = try fields(gps.entries, stream) }
        if let note = detail?.entry(TIFFTag.makerNote) {
            var whole = builder
            // One that counts offsets from the file's beginning is of no use out of its place.
            if let range = note.value, range.count <= noteBytesMax, let bytes = try MakerNote.whole(range, in: stream.source) {
                whole.exif.append(EXIFBuilder.Field(tag: note.tag, type: 7, bytes: bytes))
            }
            // All of a block that is too large for a JPEG would be lost there, and not the note alone.
            if whole.exif.count > builder.exif.count, JPEGFile.holds(exif: whole.stream()) {
                builder = whole
            } else {
                leftBehind.append("maker note")
            }
        }
        let isEmpty = builder.main.isEmpty && builder.exif.isEmpty && builder.gps.isEmpty
        return (isEmpty ? nil : builder.stream(), leftBehind)
    }

    private static func fields<Source: ByteSource>(
        _ entries: [TIFFEntry], _ stream: TIFFStream<Source>
    ) throws(ImageFileError) -> [EXIFBuilder.Field] {
        var found: [EXIFBuilder.Field] = []
        var tags: Set<UInt16> = []
        var bytesLeft = fieldsBytesMax
        // Types of BigTIFF mean nothing in EXIF.
        for entry in entries where entry.type <= 12 && !tags.contains(entry.tag) {
            guard let bytes = try stream.bytes(entry, limit: fieldBytesMax), !bytes.isEmpty, bytes.count <= bytesLeft else {
                continue
            }
            bytesLeft -= bytes.count
            tags.insert(entry.tag)
            found.append(EXIFBuilder.Field(tag: entry.tag, type: entry.type, bytes: stream.order.converted(bytes, of: entry.tag, type: entry.type, to: .big)))
        }
        return found
    }
}
