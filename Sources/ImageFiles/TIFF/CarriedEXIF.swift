/// What of an EXIF block describes a picture and not how its file is built: for a TIFF file that was just encoded, whose own
/// directories take it in.
public struct CarriedEXIF: Hashable, Sendable {
    struct Field: Hashable {
        var tag: UInt16
        var type: UInt16
        /// In the block's byte order.
        var bytes: [UInt8]
    }

    private let order: ByteOrder
    private var image: [Field] = []
    private var exif: [Field] = []
    private var gps: [Field] = []
    /// What has to stay behind: one line each, for a person.
    public private(set) var leftOut: [String] = []

    private static let fieldsMax = 2_000

    /// Throws what `EXIFBlock` throws, and `damaged` for a block whose values lie over each other.
    ///
    /// A maker note is taken only where its offsets count from its own beginning. The preview has no place in a TIFF file, whose
    /// second directory is its second page.
    public init(_ block: [UInt8]) throws(ImageFileError) {
        let stream = try TIFFStream(reading: MemorySource(block))
        order = stream.order
        let main = try stream.mainDirectories(limit: 1).directories[0]
        let detail = try stream.pointedDirectory(main.entry(TIFFTag.exif))
        let position = try stream.pointedDirectory(main.entry(TIFFTag.gps))
        var bytesLeft = block.count
        func fields(_ directory: TIFFDirectory?, _ isWanted: (TIFFEntry) -> Bool) throws(ImageFileError) -> [Field] {
            var found: [UInt16: Field] = [:]
            for entry in directory?.entries ?? [] where isWanted(entry) && found[entry.tag] == nil {
                // Types of BigTIFF mean nothing in EXIF.
                guard entry.type <= 12 || entry.type == 129, let bytes = try stream.bytes(entry, limit: UInt64(block.count)) else { continue }
                bytesLeft -= bytes.count
                guard bytesLeft >= 0, found.count < Self.fieldsMax else { throw .damaged("EXIF values lie over each other") }
                found[entry.tag] = Field(tag: entry.tag, type: entry.type, bytes: bytes)
            }
            return found.values.sorted { $0.tag < $1.tag }
        }
        image = try fields(main, TIFFMetadata.describesPicture)
        exif = try fields(detail) { !Self.ofOtherFiles.contains($0.tag) }
        gps = try fields(position) { _ in true }
        if let index = exif.firstIndex(where: { $0.tag == TIFFTag.makerNote }) {
            let note = try detail?.entry(TIFFTag.makerNote)?.value.flatMap { range throws(ImageFileError) in try MakerNote.whole(range, in: stream.source) }
            if let note {
                exif[index].bytes = note
            } else {
                exif.remove(at: index)
                leftOut.append("maker note")
            }
        }
    }

    /// What tells how a JPEG is coded, and of the rules its file follows: TIFF states its own (EXIF 2.32, 4.6.8: not recorded in
    /// uncompressed files); pointers; the room that Windows leaves to be edited in.
    private static let ofOtherFiles: Set<UInt16> = [
        0x9101, 0x9102, TIFFTag.pixelXDimension, TIFFTag.pixelYDimension, TIFFTag.interoperability, TIFFTag.gps, 0xEA1C,
    ]

    /// The file with all of it in its first directory, and in directories that this points at; behind everything, so no strip moves.
    public func pieces(addedTo source: some ByteSource) throws(ImageFileError) -> [Piece] {
        var editor = try TIFFTagEditor(TIFFStream(reading: source), mainDirectoriesMax: TIFFFile.pagesMax)
        let target = editor.stream.order
        for (directory, fields) in [(EXIFDirectory.image, image), (.exif, exif), (.gps, gps)] {
            try editor.add(
                fields.map { ($0.tag, $0.type, order.converted($0.bytes, of: $0.tag, type: $0.type, to: target)) }, to: directory)
        }
        return try editor.pieces()
    }
}
