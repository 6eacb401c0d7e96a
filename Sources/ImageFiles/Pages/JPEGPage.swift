import JobModel

extension PageFactsReader {
    /// The whole file is the stream, so that extracting it gives the input back, with whatever follows the picture.
    func jpeg() throws(ImageFileError) -> PageFactsResult {
        let jpeg = try JPEGFile(reading: source)
        let frame = jpeg.frame
        guard [0xC0, 0xC1, 0xC2].contains(frame.sofMarker) else {
            return .needsEncoding("JPEG coding process \(frame.sofMarker - 0xC0), which PDF readers do not decode")
        }
        guard frame.precision == 8 else { return .needsEncoding("JPEG samples of \(frame.precision) bits") }
        guard frame.height > 0 else { return .needsEncoding("a JPEG whose height stands behind its data") }
        let colour: PageColour
        switch frame.components.count {
        case 1: colour = .grey
        case 3: colour = .rgb
        case 4: colour = .cmyk
        default: return .needsEncoding("a JPEG of \(frame.components.count) components")
        }
        var walker = JPEGScanWalker()
        let stream = try stream([whole]) { window, offset in
            let skipped = jpeg.scanOffset > offset ? min(jpeg.scanOffset - offset, UInt64(window.count)) : 0
            if skipped < UInt64(window.count) {
                walker.feed(UnsafeRawBufferPointer(rebasing: window[Int(skipped)...]), at: offset + skipped)
            }
        }
        guard walker.isIntact else { throw .damaged("another picture begins before this one ends") }
        guard let end = walker.end else { throw .truncated("the file ends before its picture does") }
        let ids = frame.components.map(\.id)
        // The filter's default is YCbCr for three components; decoders know RGB by these names where no marker says so.
        let isNamedRGB = ids == Array("RGB".utf8) && jpeg.adobeTransform == nil && !jpeg.hasJFIF
        let coding = PageCoding.jpeg(
            invertedCMYK: colour == .cmyk && jpeg.adobeTransform != nil, colourTransform: isNamedRGB ? 0 : nil)
        let profile: PageProfile?
        if let ranges = try jpeg.profileRanges(in: source) {
            profile = try self.profile(ranges, componentCount: colour.componentCount)
        } else {
            profile = nil
        }
        return .ready([
            PageFacts(
                width: frame.width, height: frame.height, bitsPerComponent: 8, colour: colour, coding: coding, stream: stream,
                profile: profile, orientation: jpeg.exif?.orientation ?? 1, density: jpeg.density,
                isFromCamera: jpeg.exif?.isFromCamera ?? false, carriesGPS: try tellsPosition(jpeg, end: end))
        ])
    }

    private func tellsPosition(_ jpeg: JPEGFile, end: UInt64) throws(ImageFileError) -> Bool {
        if jpeg.exif?.hasGPS == true || !jpeg.segments(of: .gopro).isEmpty { return true }
        for segment in jpeg.segments(of: .xmp) {
            if XMPPacket.tellsPosition(try source.read(segment.payload)) { return true }
        }
        var parts: [[UInt8]] = []
        for segment in jpeg.segments(of: .extendedXMP) { parts.append(try source.read(segment.payload)) }
        if !parts.isEmpty, JPEGExtendedXMP.tellsPlace(parts) { return true }
        return try siblingTellsPosition(behind: end)
    }

    /// Whether the first picture behind the primary one has a position (multi-picture format, gain maps).
    private func siblingTellsPosition(behind end: UInt64) throws(ImageFileError) -> Bool {
        let searched = try source.read(ByteRange(offset: end, count: min(65_536, source.byteCount - end)))
        guard let start = searched.firstPosition(of: [0xFF, 0xD8, 0xFF]) else { return false }
        do throws(ImageFileError) {
            return try JPEGFile(reading: SourceTail(source, from: end + UInt64(start))).exif?.hasGPS ?? false
        } catch .unreadable(let reason) {
            throw .unreadable(reason)
        } catch {
            // What follows a picture may be anything.
            return false
        }
    }
}

/// A source without its beginning.
private struct SourceTail<Base: ByteSource>: ByteSource {
    private let base: Base
    private let start: UInt64

    init(_ base: Base, from start: UInt64) {
        precondition(start <= base.byteCount, "a tail from \(start) of a source of \(base.byteCount) bytes")
        self.base = base
        self.start = start
    }

    var byteCount: UInt64 { base.byteCount - start }

    func read(_ range: ByteRange) throws(ImageFileError) -> [UInt8] {
        guard contains(range) else { throw .truncated("the file ends before its structure does") }
        return try base.read(ByteRange(offset: start + range.offset, count: range.count))
    }
}
