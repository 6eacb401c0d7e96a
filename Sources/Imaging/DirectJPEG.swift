internal import CJPEG
internal import ImageFiles
internal import JobModel
internal import Recipes

extension ProcessTask {
    /// Runs the commonest orders without libvips: a plain JPEG that is turned, made smaller or only copied.
    ///
    /// libvips spends two milliseconds of its own on any picture (images.md, section 14). Nil for whatever is unusual or
    /// damaged in any way: libvips takes it, and it alone judges files. Which way a file goes depends on nothing but the
    /// file and the recipe, so the same bytes come out everywhere.
    func runDirectly(isTolerant: Bool) throws(ImagingError) -> FinishedWork? {
        guard kind == .jpeg, format == .jpeg, !isTolerant, let bytes = input.wholeBytes,
            input.byteCount <= limits.fileBytesMax
        else { return nil }
        let file: JPEGFile
        let metadata: EmbeddedMetadata
        let profile: [UInt8]?
        do throws(ImageFileError) {
            file = try JPEGFile(reading: input)
            guard file.isPlain else { return nil }
            metadata = try file.metadata(in: input)
            profile = try file.iccProfile(in: input)
        } catch {
            return nil
        }
        let header = PictureHeader(file)
        try header.check(limits, pages: 1)
        let facts = facts(header, page: 0, of: 1, density: file.density, metadata)
        let asked = PageWork(page: 0, header: header, steps: try recipe.steps(of: facts))
        return try withTagEdits(facts, metadata).runDirectly(asked, file, bytes, metadata, profile)
    }

    private func runDirectly(
        _ asked: PageWork, _ file: JPEGFile, _ bytes: UnsafeRawBufferPointer, _ metadata: EmbeddedMetadata, _ profile: [UInt8]?
    ) throws(ImagingError) -> FinishedWork? {
        let header = asked.header
        if staysAsItIs([asked]) { return try keepPixels([asked], isTolerant: false) }
        let work = asked.uprighted

        var rest = work.steps[...]
        let turn = Turn.leading(&rest)
        if rest.isEmpty, recipe.turnsWithoutLoss, let turned = try turnWithoutLoss(file, bytes, turn) { return turned }
        var size = (width: header.width, height: header.height)
        if case .resize(let width, let height)? = rest.first {
            size = turn.swapsSides ? (height, width) : (width, height)
            rest = rest.dropFirst()
        }
        // A picture that is not made smaller is held whole.
        guard rest.isEmpty, !(policy.dropsProfile && header.hasProfile), size.width * size.height <= pixelsHeldMax else {
            return nil
        }
        guard header.hasProfile == (profile != nil) else { return nil }

        let shrink = Rendering.jpegShrink(from: header, to: size)
        guard var pixels = Pixels(decoding: bytes, shrink: shrink, width: size.width, height: size.height) else { return nil }
        if turn != .none {
            guard let turned = pixels.turned(turn) else { return nil }
            pixels = turned
        }
        let scale = (x: Double(size.width) / Double(header.width), y: Double(size.height) / Double(header.height))
        let density = file.density.flatMap { $0.scaled(scale.x, scale.y, swapsSides: turn.swapsSides) }
        let blocks = try blocks(
            from: metadata, width: pixels.width, height: pixels.height, scale: turn.swapsSides ? (scale.y, scale.x) : scale)
        let encoder = Encoder(format: .jpeg, save: recipe.save)
        var finished = FinishedWork()
        finished.notes = tagNotes
        finished.pixels = UInt64(header.width) * UInt64(header.height)
        let kept = policy.dropsProfile ? nil : profile
        let made: (encoded: MemorySource, pieces: [Piece])
        do throws(ImagingError) {
            made = try encoder.file(with: blocks, density, notes: &finished.notes) { quality throws(ImagingError) in
                let encoded = pixels.encoded(
                    quality: quality, isProgressive: encoder.save.progressive, subsampling: encoder.save.subsampling,
                    density: density, profile: kept)
                guard let encoded else { throw .operation("jpeg", text: "libjpeg gave up") }
                return encoded
            }
        } catch {
            if case .operation = error { return nil }
            throw error
        }
        do throws(ImagingError) {
            try store(made.pieces, of: made.encoded, in: try outputFolder(), page: 0, isOnly: true, into: &finished)
        } catch {
            for made in finished.files { OutputFile.remove(made.temp) }
            throw error
        }
        return finished
    }
}

extension ProcessTask {
    /// A JPEG of which the recipe asks for no more than a turn, up to this save; nil where it asks for more, or where blocks do not
    /// allow it.
    func turnedWithoutLoss(_ works: [PageWork]) throws(ImagingError) -> FinishedWork? {
        guard kind == .jpeg, format == .jpeg, recipe.turnsWithoutLoss, works.count == 1, let bytes = input.wholeBytes else { return nil }
        var rest = works[0].uprighted.steps[...]
        let turn = Turn.leading(&rest)
        guard rest.isEmpty else { return nil }
        let file: JPEGFile
        do throws(ImageFileError) { file = try JPEGFile(reading: input) } catch { return nil }
        return file.isPlain ? try turnWithoutLoss(file, bytes, turn) : nil
    }

    /// A right-angle turn loses nothing where all blocks are whole; nil where they are not, or where libjpeg objects to the file.
    private func turnWithoutLoss(
        _ file: JPEGFile, _ bytes: UnsafeRawBufferPointer, _ turn: Turn
    ) throws(ImagingError) -> FinishedWork? {
        guard file.frame.remainder(of: turn) == (0, 0), BlockTransform.memoryBytes(file.frame) <= coefficientBytesMax else {
            return nil
        }
        let coding = BlockTransform.Coding(isProgressive: file.isProgressive || recipe.save.progressive)
        let result: JPEGTransformation.Result
        do throws(ImagingError) {
            result = try JPEGTransformation(file: file, source: input, policy: policy)
                .applying([BlockTransform(turn: turn, coding: coding)], to: bytes, resetsOrientation: true)
        } catch {
            return nil
        }
        return try storeTransformed(result)
    }

    /// Writes what came out of a transform.
    func storeTransformed(_ result: JPEGTransformation.Result) throws(ImagingError) -> FinishedWork {
        var finished = FinishedWork()
        finished.pixels = UInt64(result.frame.width) * UInt64(result.frame.height)
        finished.notes = tagNotes + result.notes
        do throws(ImagingError) {
            try store(result.pieces, of: result.encoded, in: try outputFolder(), page: 0, isOnly: true, into: &finished)
        } catch {
            for made in finished.files { OutputFile.remove(made.temp) }
            throw error
        }
        return finished
    }
}

/// A turn that nobody asked to be without loss takes no more memory than encoding anew.
private let coefficientBytesMax: UInt64 = 256 << 20

/// 32 megapixels of three bytes; larger results stream through libvips.
private let pixelsHeldMax = 32 << 20

extension JPEGFile {
    /// 8-bit baseline or progressive, grey or YCbCr: what libjpeg decodes to grey or RGB without guessing.
    fileprivate var isPlain: Bool {
        (0xC0...0xC2).contains(frame.sofMarker) && frame.precision == 8 && frame.width > 0 && frame.height > 0
            && (frame.components.count == 1 || frame.components.count == 3 && adobeTransform != 0)
    }
}

extension Density {
    fileprivate func scaled(_ x: Double, _ y: Double, swapsSides: Bool) -> Density? {
        let horizontal = (Double(horizontalMilliDPI) * x).rounded()
        let vertical = (Double(verticalMilliDPI) * y).rounded()
        guard let across = UInt32(exactly: horizontal), let down = UInt32(exactly: vertical) else { return nil }
        return swapsSides
            ? Density(horizontalMilliDPI: down, verticalMilliDPI: across)
            : Density(horizontalMilliDPI: across, verticalMilliDPI: down)
    }
}

/// Decoded pixels of the C codec, freed with their owner.
struct Pixels: ~Copyable {
    private var pixels: quire_pixels

    init?(decoding file: UnsafeRawBufferPointer, shrink: Int, width: Int, height: Int) {
        var made = quire_pixels()
        let status = quire_jpeg_decode(
            file.assumingMemoryBound(to: UInt8.self).baseAddress, file.count, Int32(shrink), Int32(width), Int32(height), &made)
        guard status == 0 else { return nil }
        pixels = made
    }

    private init(owning pixels: quire_pixels) { self.pixels = pixels }

    deinit {
        var last = pixels
        quire_pixels_free(&last)
    }

    var width: Int { Int(pixels.width) }
    var height: Int { Int(pixels.height) }

    func turned(_ turn: Turn) -> Pixels? {
        var source = pixels
        var made = quire_pixels()
        guard quire_pixels_turn(&source, turn.mirrored ? 1 : 0, Int32(turn.quarters), &made) == 0 else { return nil }
        return Pixels(owning: made)
    }

    func encoded(
        quality: Int, isProgressive: Bool, subsampling: ChromaSubsampling? = nil, density: Density?, profile: [UInt8]?
    ) -> MemorySource? {
        pixels.encoded(quality: quality, isProgressive: isProgressive, subsampling: subsampling, density: density, profile: profile)
    }
}

extension quire_pixels {
    func encoded(
        quality: Int, isProgressive: Bool, subsampling: ChromaSubsampling?, density: Density?, profile: [UInt8]?
    ) -> MemorySource? {
        let jfif = JFIFDensity(density)
        let columns: Int32 =
            switch subsampling {
            case nil: 0
            case .full: 1
            case .half, .quarter: 2
            }
        var source = self
        let embedded = profile ?? []
        return embedded.withUnsafeBufferPointer { profile in
            var options = quire_jpeg_options(
                quality: Int32(min(100, max(1, quality))), is_progressive: isProgressive ? 1 : 0,
                chroma_columns: columns, chroma_rows: subsampling == .half ? 1 : columns, density_unit: Int32(jfif.unit),
                density_x: Int32(jfif.x), density_y: Int32(jfif.y), profile: profile.baseAddress, profile_count: profile.count)
            var file: UnsafeMutablePointer<UInt8>?
            var count = 0
            guard quire_jpeg_encode(&source, &options, &file, &count) == 0, let file else { return nil }
            defer { quire_bytes_free(file) }
            return MemorySource(Array(UnsafeBufferPointer(start: file, count: count)))
        }
    }
}
