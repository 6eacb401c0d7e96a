public import JobModel

/// An EXIF block: a TIFF stream with IFD0 (the picture), IFD1 (its thumbnail), the Exif and the GPS directory (EXIF 2.32, 4.5).
public struct EXIFBlock: Hashable, Sendable {
    /// The TIFF stream, without `Exif` and two zeros before it.
    public let bytes: [UInt8]
    /// 1 to 8, from IFD0; nil when it is missing or another number.
    public let orientation: Int?
    public let make: String?
    public let model: String?
    /// `YYYY:MM:DD HH:MM:SS` as it stands there.
    public let dateTime: String?
    public let dateTimeOriginal: String?
    public let dateTimeDigitized: String?
    /// Whether it tells a position, not merely that there is a GPS directory.
    public let hasGPS: Bool
    public let hasMakerNote: Bool
    public let hasThumbnail: Bool
    /// Whether a camera took the picture: make or model, and how it was exposed. Scanners name themselves, but no exposure.
    public let isFromCamera: Bool
    public let density: Density?
    let pixelWidth: Int?
    let pixelHeight: Int?
    /// Artist and Copyright, as they stand there.
    let artist: [UInt8]?
    let copyright: [UInt8]?

    /// Throws `notThisKind` for what is no TIFF stream and `damaged` or `truncated` when IFD0 cannot be read; damage further in
    /// hides what lies there.
    public init(parsing bytes: [UInt8]) throws(ImageFileError) {
        let stream = try TIFFStream(reading: MemorySource(bytes))
        let main = try stream.mainDirectories(limit: 2).directories
        let first = main[0]
        let detail = try stream.pointedDirectory(first.entry(TIFFTag.exif))
        self.bytes = bytes
        orientation = try stream.integers(first.entry(TIFFTag.orientation), limit: 1).first.flatMap {
            (1...8).contains($0) ? Int($0) : nil
        }
        make = try stream.text(first.entry(TIFFTag.make))
        model = try stream.text(first.entry(TIFFTag.model))
        dateTime = try stream.text(first.entry(TIFFTag.dateTime))
        dateTimeOriginal = try stream.text(detail?.entry(TIFFTag.dateTimeOriginal))
        dateTimeDigitized = try stream.text(detail?.entry(TIFFTag.dateTimeDigitized))
        hasGPS = try tellsPosition(main + (detail.map { [$0] } ?? []), in: stream)
        hasMakerNote = detail?.entry(TIFFTag.makerNote) != nil
        hasThumbnail = main.count > 1
        let exposureTags = [TIFFTag.exposureTime, TIFFTag.fNumber, TIFFTag.focalLength, TIFFTag.isoSpeed]
        let isExposed = exposureTags.contains { detail?.entry($0) != nil }
        let namesLens = dateTimeOriginal != nil && detail?.entry(TIFFTag.lensModel) != nil
        isFromCamera = (make != nil || model != nil) && (isExposed || namesLens)
        density = try stream.density(first)
        pixelWidth = try stream.integers(detail?.entry(TIFFTag.pixelXDimension), limit: 1).first.flatMap(Int.init(exactly:))
        pixelHeight = try stream.integers(detail?.entry(TIFFTag.pixelYDimension), limit: 1).first.flatMap(Int.init(exactly:))
        artist = try stream.bytes(first.entry(TIFFTag.artist), limit: 4096)
        copyright = try stream.bytes(first.entry(TIFFTag.copyright), limit: 4096)
    }

    /// The block, when there is one and it can be read: a picture with a bad block is still a picture, and decoders only warn.
    static func ifReadable(_ bytes: [UInt8]?) -> EXIFBlock? {
        guard let bytes else { return nil }
        do throws(ImageFileError) {
            return try EXIFBlock(parsing: bytes)
        } catch {
            return nil
        }
    }

    /// PixelXDimension and PixelYDimension, when both are there.
    public var pixelSize: (width: Int, height: Int)? {
        guard let pixelWidth, let pixelHeight else { return nil }
        return (pixelWidth, pixelHeight)
    }

    /// The block with tags patched in place, so that no value moves and maker notes keep offset and bytes.
    ///
    /// The length stays, but for an Orientation that was missing, is not 1 and finds no room: then IFD0 is written again at the
    /// end. Dropped GPS and thumbnail are overwritten with zeros, not merely unlinked. A block whose parts overlap cannot
    /// be edited so; of it an Orientation alone remains.
    ///
    /// - Parameter thumbnail: Takes the place of the one that is there, instead of dropping it; the block may grow by it.
    public func edited(
        orientation: Int? = nil, pixelSize: (Int, Int)? = nil, dropThumbnail: Bool = false, thumbnail: [UInt8]? = nil,
        dropGPS: Bool = false
    ) -> [UInt8] {
        do throws(ImageFileError) {
            let source = MemorySource(bytes)
            var editor = try TIFFEditor(TIFFStream(reading: source), mainDirectoriesMax: 8)
            if dropThumbnail {
                if let thumbnail, try editor.replaceThumbnail(thumbnail) {} else { try editor.dropThumbnail() }
            }
            if dropGPS { try editor.dropGPS() }
            if let orientation { try editor.setOrientation(orientation, inAll: false) }
            if let pixelSize { editor.setPixelSize(width: pixelSize.0, height: pixelSize.1) }
            return try editor.pieces().joined(from: source)
        } catch {
            return Self.orientationOnly(orientation ?? self.orientation ?? 1)
        }
    }

    /// The preview, where the second directory holds one that is a JPEG.
    public var thumbnail: [UInt8]? {
        do throws(ImageFileError) {
            let stream = try TIFFStream(reading: MemorySource(bytes))
            let main = try stream.mainDirectories(limit: 2).directories
            guard main.count > 1,
                let offset = try stream.integers(main[1].entry(TIFFTag.thumbnailOffset), limit: 1).first,
                let count = try stream.integers(main[1].entry(TIFFTag.thumbnailByteCount), limit: 1).first
            else { return nil }
            let range = ByteRange(offset: offset, count: count)
            guard stream.source.contains(range), count > 2 else { return nil }
            let picture = try stream.source.read(range)
            return picture.starts(with: [0xFF, 0xD8]) ? picture : nil
        } catch {
            return nil
        }
    }

    /// The smallest block that states a resolution.
    public static func resolutionOnly(_ density: Density) -> [UInt8] {
        func ratio(_ milliDPI: UInt32) -> [UInt8] { ByteOrder.big.bytes(milliDPI, byteCount: 4) + ByteOrder.big.bytes(1000, byteCount: 4) }
        var builder = EXIFBuilder()
        builder.main = [
            EXIFBuilder.Field(tag: TIFFTag.xResolution, type: 5, bytes: ratio(density.horizontalMilliDPI)),
            EXIFBuilder.Field(tag: TIFFTag.yResolution, type: 5, bytes: ratio(density.verticalMilliDPI)),
            .short(TIFFTag.resolutionUnit, 2),
        ]
        return builder.stream()
    }

    /// The smallest block that says how to turn the picture.
    public static func orientationOnly(_ orientation: Int) -> [UInt8] {
        EXIFBuilder.minimal(orientation: orientation, artist: nil, copyright: nil)
    }
}

/// Whether a GPS directory that one of these points at names a place: GPSLatitude to GPSLongitude, a destination, or an area.
func tellsPosition<Source: ByteSource>(
    _ directories: [TIFFDirectory], in stream: TIFFStream<Source>
) throws(ImageFileError) -> Bool {
    var pointed = PointedDirectories(stream)
    for directory in directories {
        guard let pointer = directory.entry(TIFFTag.gps), let gps = try pointed.directory(pointer) else { continue }
        let places: Set<UInt16> = [1, 2, 3, 4, 0x13, 0x14, 0x15, 0x16, 0x1C]
        if gps.entries.contains(where: { places.contains($0.tag) }) { return true }
    }
    return false
}
