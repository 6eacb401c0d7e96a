internal import ImageFiles
internal import JobModel
internal import Recipes

/// A JPEG with its blocks transformed and its metadata true again: tag, sizes, resolution and preview follow the picture.
struct JPEGTransformation {
    let file: JPEGFile
    let source: any ByteSource
    let policy: MetadataPolicy
    /// Whether damage is refused.
    var isStrict = true
    /// Whether comments stay though other things of no known kind go.
    var keepsComments = false

    /// What comes out of `transforms`, one after the other.
    struct Result {
        var encoded: MemorySource
        /// Metadata put into it.
        var pieces: [Piece]
        var frame: JPEGFile.Frame
        var notes: [WorkNote]
    }

    /// One after the other, each on what the one before it left.
    ///
    /// - Parameters:
    ///   - bytes: The whole file.
    ///   - resetsOrientation: Whether the picture stands upright now.
    func applying(
        _ transforms: [BlockTransform], to bytes: UnsafeRawBufferPointer,
        resetsOrientation: Bool
    ) throws(ImagingError) -> Result {
        guard let first = transforms.first else { preconditionFailure("a JPEG without a transform is copied") }
        var coded = try first.applied(to: bytes, isStrict: isStrict)
        for transform in transforms.dropFirst() { coded = try transform.applied(toBytes: coded, isStrict: isStrict) }
        do throws(ImageFileError) {
            return try assembled(MemorySource(coded), transforms, resetsOrientation: resetsOrientation)
        } catch {
            throw ImagingError(error)
        }
    }

    private func assembled(
        _ coded: MemorySource, _ transforms: [BlockTransform], resetsOrientation: Bool
    ) throws(ImageFileError) -> Result {
        let made = try JPEGFile(reading: coded)
        let turn = transforms.reduce(Turn.none) { $0.then($1.turn) }
        let isGrey = made.frame.components.count < file.frame.components.count
        var notes: [WorkNote] = []
        let head = try head(swapsSides: turn.swapsSides, isGrey: isGrey, &notes)
        if !file.segments.contains(where: { $0.kind == .mpf }), try hasTrailer() {
            note(.metadataDropped("what stands behind the picture"), &notes)
        }
        let tables = try made.segments.filter(\.kind.isCoding).map { segment throws(ImageFileError) in
            try coded.read(segment.range)
        }
        let scans = try coded.read(ByteRange(offset: made.scanOffset, count: coded.byteCount - made.scanOffset))
        let whole = MemorySource(head + tables.joined() + scans)

        let original = try file.metadata(in: source)
        let orientation = resetsOrientation ? 1 : nil
        let preview = file.exif?.thumbnail.flatMap { Preview(of: transforms, file.frame).applied(to: $0) }
        var (x, y) = (1.0, 1.0)
        if turn.swapsSides, let density = file.exif?.density {
            x = Double(density.verticalMilliDPI) / Double(density.horizontalMilliDPI)
            y = 1 / x
        }
        let size = (made.frame.width, made.frame.height)
        var blocks = try policy.blocks(
            from: original, width: size.0, height: size.1, scale: (x, y), orientation: orientation, thumbnail: preview)
        if let exif = blocks.exif, !JPEGFile.holds(exif: exif), preview != nil {
            blocks = try policy.blocks(from: original, width: size.0, height: size.1, scale: (x, y), orientation: orientation)
        }
        let pieces = try JPEGFile(reading: whole).replacingMetadata(blocks, source: whole)
        return Result(encoded: whole, pieces: pieces, frame: made.frame, notes: notes)
    }

    /// SOI and what stands beside pixels and metadata blocks: resolution, profile, colour transform, and what vendors put there.
    private func head(swapsSides: Bool, isGrey: Bool, _ notes: inout [WorkNote]) throws(ImageFileError) -> [UInt8] {
        var head: [UInt8] = [0xFF, 0xD8]
        for segment in file.segments {
            let keeps: Bool
            switch segment.kind {
            case .jfif: keeps = true
            case .icc:
                keeps = !isGrey
                if isGrey { note(.metadataDropped("ICC profile that does not fit the picture"), &notes) }
            case .adobe: keeps = !isGrey
            case .comment: keeps = keepsComments || !policy.dropsOthers
            case .otherApplication: keeps = !policy.dropsOthers
            case .gopro: keeps = !policy.dropsTrailer
            // It points at pictures behind this one, which show it as it was.
            case .mpf:
                keeps = false
                note(.metadataDropped("pictures behind the first"), &notes)
            // Put back by their own rules; what decoding needs is written anew.
            case .exif, .xmp, .extendedXMP, .photoshop, .coding, .stray: keeps = false
            }
            guard keeps else { continue }
            var bytes = try source.read(segment.range)
            // Version, unit, two bytes across, two down.
            if segment.kind == .jfif, swapsSides, segment.payload.count >= 7 {
                let across = bytes.count - Int(segment.payload.count) + 3
                bytes.replaceSubrange(across..<(across + 4), with: bytes[(across + 2)..<(across + 4)] + bytes[across..<(across + 2)])
            }
            head += bytes
        }
        return head
    }

    /// Whether something other than padding stands behind the picture, as the film of a motion photo, that nobody asked to drop.
    private func hasTrailer() throws(ImageFileError) -> Bool {
        guard !policy.dropsTrailer, let end = try file.endOfImage(in: source), end < source.byteCount else { return false }
        return try source.read(ByteRange(offset: end, count: min(source.byteCount - end, 1 << 16))).contains { $0 != 0 }
    }

    private func note(_ note: WorkNote, _ notes: inout [WorkNote]) {
        if !notes.contains(note) { notes.append(note) }
    }
}

extension BlockTransform {
    func applied(toBytes file: [UInt8], isStrict: Bool) throws(ImagingError) -> [UInt8] {
        var result: [UInt8]?
        var failure: ImagingError?
        file.withUnsafeBytes { buffer in
            do throws(ImagingError) { result = try applied(to: buffer, isStrict: isStrict) } catch { failure = error }
        }
        if let failure { throw failure }
        guard let result else { preconditionFailure("neither result nor failure") }
        return result
    }
}

extension JPEGFile.Segment.Kind {
    fileprivate var isCoding: Bool {
        if case .coding = self { true } else { false }
    }
}

/// The preview in an EXIF block, made to show what its picture shows.
private struct Preview {
    let transforms: [BlockTransform]
    /// Of the picture.
    let frame: JPEGFile.Frame

    /// What a camera stores is a fiftieth of this; a few bytes can claim to be any number of pixels.
    private static let pixelsMax = 1 << 20
    /// A preview that cannot be turned without loss is encoded again at this quality.
    private static let quality = 90

    init(of transforms: [BlockTransform], _ frame: JPEGFile.Frame) {
        self.transforms = transforms
        self.frame = frame
    }

    /// Nil where it cannot be had: it would show what the picture no longer is.
    func applied(to preview: [UInt8]) -> [UInt8]? {
        guard transforms.allSatisfy({ $0.area == nil }) else { return nil }
        var picture = preview
        for (index, transform) in transforms.enumerated() {
            guard let next = changed(picture, by: transform, isFirst: index == 0) else { return nil }
            picture = next
        }
        return picture
    }

    /// Whether the preview stands where its picture lies: some programs store it turned already.
    private func liesOtherwise(_ preview: JPEGFile.Frame) -> Bool {
        (frame.width < frame.height) != (preview.width < preview.height) && frame.width != frame.height
    }

    private func changed(_ picture: [UInt8], by transform: BlockTransform, isFirst: Bool) -> [UInt8]? {
        var transform = transform
        transform.trims = false
        transform.coding = BlockTransform.Coding()
        do throws(ImageFileError) {
            let frame = try JPEGFile(reading: MemorySource(picture)).frame
            guard frame.width > 0, frame.height > 0, frame.width * frame.height <= Self.pixelsMax else { return nil }
            if isFirst, liesOtherwise(frame) { return nil }
            if frame.remainder(of: transform.turn, isGrey: transform.isGrey) != (0, 0) {
                return transform.isGrey ? nil : encodedAgain(picture, turned: transform.turn, frame)
            }
        } catch {
            return nil
        }
        do throws(ImagingError) { return try transform.applied(toBytes: picture, isStrict: false) } catch { return nil }
    }

    private func encodedAgain(_ picture: [UInt8], turned turn: Turn, _ frame: JPEGFile.Frame) -> [UInt8]? {
        picture.withUnsafeBytes { bytes in
            guard let pixels = Pixels(decoding: bytes, shrink: 1, width: frame.width, height: frame.height),
                let turned = pixels.turned(turn)
            else { return nil }
            return turned.encoded(quality: Self.quality, isProgressive: false, density: nil, profile: nil)?.bytes
        }
    }
}
