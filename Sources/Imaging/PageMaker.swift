internal import Digests
internal import ImageFiles
internal import JobModel
internal import Recipes

/// Says what the PDF needs to know of a file's pages, and encodes those whose bytes it cannot carry.
struct PageMaker {
    let engine: ImageEngine
    let encoder: PageEncoder
    let isTolerant: Bool

    /// Adds the pages of `source` to `finished`. Spool files it made are gone again when it throws.
    func add(to finished: inout FinishedWork, from source: InputFile, kind: ImageKind, as file: PageFile) throws(ImagingError) {
        // By page; nil for one that is encoded.
        var carried: [PageFacts?] = []
        do throws(ImageFileError) {
            switch try pageFacts(of: source, kind: kind, in: file, hashing: SHA256Stream.self) {
            case .ready(let pages):
                carried = pages
            case .partly(let pages, _):
                carried = pages
            case .needsEncoding: break
            }
        } catch {
            switch error {
            case .unsupported, .unwritable: break
            case .notThisKind, .truncated, .damaged, .unreadable:
                // What decodes of it makes a page all the same, if the user wants that.
                guard isTolerant else { throw ImagingError(error) }
            }
        }
        // Nothing is decoded here, but every reader of the PDF has to.
        var left = engine.setup.limits.pixelsMax
        for case let page? in carried {
            let (area, overflow) = UInt64(page.width).multipliedReportingOverflow(by: UInt64(page.height))
            guard !overflow, area <= left else {
                let limit = engine.setup.limits.pixelsMax
                throw .file(.tooLarge, "\(page.width) x \(page.height) pixels; the limit is \(limit) pixels in all pages")
            }
            left -= area
        }
        let ready = carried.compactMap { $0 }
        if carried.isEmpty || ready.count < carried.count {
            try encode(source, kind: kind, carrying: carried, into: &finished)
        } else {
            finished.pages += ready
            if kind == .png { try noteFrames(of: source, in: &finished) }
        }
    }

    /// - Parameter carried: By page, those that go in as they are; empty where none does.
    private func encode(
        _ source: InputFile, kind: ImageKind, carrying carried: [PageFacts?], into finished: inout FinishedWork
    ) throws(ImagingError) {
        let decoder = try Decoder(
            source, kind: kind, wishes: ReadingWishes(engine.recipe), limits: engine.setup.limits, isTolerant: isTolerant)
        let opened = try decoder.header()
        let metadata = engine.metadata(of: source, kind: kind, header: opened)
        let first = PictureHeader(opened, kind: kind, exif: metadata.exif, pageCount: decoder.pageCount)
        let count = first.isAnimation ? 1 : first.pageCount
        try first.check(engine.setup.limits, pages: count)
        if first.isAnimation { note(.firstFrameOnly(of: first.pageCount), in: &finished) }
        precondition(carried.isEmpty || carried.count == count, "\(carried.count) pages were looked at, \(count) are decoded")
        let isFromCamera = engine.isFromCamera(metadata)
        var number = 0
        do throws(ImagingError) {
            while number < count {
                number += 1
                if !carried.isEmpty, let page = carried[number - 1] {
                    finished.pages.append(page)
                    continue
                }
                let image = try decoder.open(page: number - 1)
                let stored = try decoder.stored(page: number - 1)
                let header = PictureHeader(image, kind: kind, exif: metadata.exif, stored: stored)
                try header.check(engine.setup.limits, pages: 1)
                var notes: [WorkNote] = []
                var facts = try encoder.encode(
                    image, number: number, isLossy: try engine.isLossy(source, kind: kind, stored: stored),
                    smallDepth: header.smallDepth,
                    orientation: header.orientation, notes: &notes)
                facts.isFromCamera = isFromCamera
                // libvips reads no resolution of a WebP; of a TIFF each page states its own.
                if facts.density == nil, kind != .tiff { facts.density = engine.density(metadata) }
                finished.pages.append(facts)
                finished.pixels += UInt64(header.width) * UInt64(header.height)
                for one in notes { note(one, in: &finished) }
            }
            try decoder.checkWarnings()
            for one in decoder.notes { note(one, in: &finished) }
        } catch {
            for made in 1...number { encoder.remove(page: made) }
            throw decoder.verdict(on: error)
        }
    }

    /// A PDF shows what a PNG shows to those who know of no animation.
    private func noteFrames(of png: InputFile, in finished: inout FinishedWork) throws(ImagingError) {
        do throws(ImageFileError) {
            let count = try PNGFile.frameCount(in: png)
            if count > 1 { note(.firstFrameOnly(of: count), in: &finished) }
        } catch {
            throw ImagingError(error)
        }
    }

    private func note(_ note: WorkNote, in finished: inout FinishedWork) {
        if !finished.notes.contains(note) { finished.notes.append(note) }
    }
}

extension ImageEngine {
    /// Lossless pages of an input as it is; metadata is edited where the recipe strips some.
    func pages(_ order: WorkOrder, _ page: PageOrder, _ input: InputFile) throws(ImagingError) -> FinishedWork {
        let kind = try kind(of: input)
        var finished = try acceptingDamage { isTolerant throws(ImagingError) in
            try pages(order, page, input, kind, isTolerant: isTolerant)
        }
        tellCamera(input, kind: kind, in: &finished)
        return finished
    }

    private func pages(
        _ order: WorkOrder, _ page: PageOrder, _ input: InputFile, _ kind: ImageKind, isTolerant: Bool
    ) throws(ImagingError) -> FinishedWork {
        guard input.byteCount <= setup.limits.fileBytesMax else {
            throw .file(.tooLarge, "\(input.byteCount) bytes; the limit is \(setup.limits.fileBytesMax)")
        }
        let encoder = PageEncoder(
            spool: page.spoolFolder, name: order.tempName, fileMode: setup.fileMode, quality: PageEncoder.qualityOfUnchanged)
        let maker = PageMaker(engine: self, encoder: encoder, isTolerant: isTolerant)
        var finished = FinishedWork()
        if !kind.matchesExtension(order.input.lowercasedExtension) { finished.notes.append(.contentIs(kind)) }

        let edits = page.keepsMetadata ? [] : MetadataPolicy(recipe, recipe.save).editsOfFile
        var pieces: [Piece]?
        if !edits.isEmpty {
            do throws(ImageFileError) {
                let edited = try editMetadata(edits, of: input, kind: kind)
                if !edited.isVerbatim(ofByteCount: input.byteCount) { pieces = edited }
            } catch {
                // Pages of these kinds are encoded anew, without metadata.
                guard case .unsupported = error else { throw ImagingError(error) }
            }
        }
        guard let pieces else {
            try maker.add(to: &finished, from: input, kind: kind, as: .input)
            return finished
        }
        let path = page.spoolFolder.appending(order.tempName)
        var output = try OutputFile(path, mode: setup.fileMode)
        try output.write(pieces, from: input)
        _ = try output.finish(modifiedNanoseconds: nil)
        do throws(ImagingError) {
            try maker.add(to: &finished, from: try InputFile(written: path), kind: kind, as: .spool(order.tempName))
        } catch {
            OutputFile.remove(path)
            throw error
        }
        try keepDensity(of: input, kind: kind, in: &finished)
        if kind == .tiff { takeFromInput(order.tempName, &finished) }
        removeUnused(order.tempName, in: page.spoolFolder, finished)
        return finished
    }

    func spool(_ folder: RawPath?) throws(ImagingError) -> RawPath {
        guard let folder else { throw .file(.unsupported, "the order names no spool folder") }
        return folder
    }

    func removeSpooled(_ pages: [PageFacts], from folder: RawPath?) {
        guard let folder else { return }
        for page in pages {
            var sources = [page.stream.file]
            if case .alpha(let stream, _) = page.mask { sources.append(stream.file) }
            if let profile = page.profile { sources.append(profile.source.file) }
            for case .spool(let name) in sources { OutputFile.remove(folder.appending(name)) }
        }
    }

    /// Edited metadata move no strip of a TIFF: its pages lie in the input too, and no copy has to stay until the last is bound.
    func takeFromInput(_ name: RawPath, _ finished: inout FinishedWork) {
        for page in finished.pages.indices where finished.pages[page].stream.file == .spool(name) {
            finished.pages[page].stream.file = .input
            if finished.pages[page].profile?.source.file == .spool(name) { finished.pages[page].profile?.source.file = .input }
        }
    }

    /// Removes a spool file that pages were made from when they were all encoded into files of their own.
    func removeUnused(_ name: RawPath, in folder: RawPath, _ finished: FinishedWork) {
        let isUsed = finished.pages.contains { $0.stream.file == .spool(name) }
        if !isUsed { OutputFile.remove(folder.appending(name)) }
    }

    func isFromCamera(_ metadata: EmbeddedMetadata) -> Bool {
        guard let exif = metadata.exif else { return false }
        do throws(ImageFileError) { return try EXIFBlock(parsing: exif).isFromCamera } catch { return false }
    }

    fileprivate func density(_ metadata: EmbeddedMetadata) -> Density? {
        guard let exif = metadata.exif else { return nil }
        do throws(ImageFileError) { return try EXIFBlock(parsing: exif).density } catch { return nil }
    }

    /// A page has the size of a scan or of a photo by what its input was, also where the recipe strips what tells.
    func tellCamera(_ input: InputFile, kind: ImageKind, in finished: inout FinishedWork) {
        guard finished.pages.contains(where: { $0.density != nil && !$0.isFromCamera }), isFromCamera(input, kind: kind)
        else { return }
        for page in finished.pages.indices { finished.pages[page].isFromCamera = true }
    }

    /// EXIF that an edit took away may have been what stated the resolution; unchanged pixels keep their size on paper.
    func keepDensity(of input: InputFile, kind: ImageKind, in finished: inout FinishedWork) throws(ImagingError) {
        guard finished.pages.count == 1, finished.pages[0].density == nil else { return }
        do throws(ImageFileError) {
            if kind == .jpeg { finished.pages[0].density = try JPEGFile(reading: input).density }
            if kind == .png { finished.pages[0].density = try PNGFile(reading: input).density }
        } catch {
            throw ImagingError(error)
        }
    }

    private func isFromCamera(_ input: InputFile, kind: ImageKind) -> Bool {
        switch kind {
        case .tiff:
            do throws(ImageFileError) { return try TIFFFile(reading: input).isFromCamera } catch { return false }
        case .heif, .avif, .jp2, .j2k, .jxl:
            do throws(ImagingError) {
                let header = try Decoder(input, kind: kind, wishes: ReadingWishes(), limits: setup.limits, isTolerant: true).open()
                return isFromCamera(metadata(of: input, kind: kind, header: header))
            } catch {
                return false
            }
        case .raw: return true
        case .jpeg, .png, .webp, .gif, .bmp, .svg, .pdf, .dicom, .psd, .exr, .hdr, .fits, .xcf, .netpbm:
            do throws(ImageFileError) { return isFromCamera(try embeddedMetadata(of: input, kind: kind)) } catch { return false }
        }
    }

    /// Whether a file's coding loses detail, so that JPEG on its page loses little more.
    ///
    /// - Parameter stored: How the page in question is stored: each page of a TIFF has a compression of its own.
    func isLossy(_ input: InputFile, kind: ImageKind, stored: StoredCoding) throws(ImagingError) -> Bool {
        switch kind {
        case .jpeg, .heif, .avif, .jp2, .j2k, .jxl, .raw: true
        case .webp: try isLossyWebP(input)
        case .tiff: stored.compression == .jpeg
        case .png, .gif, .bmp, .svg, .pdf, .dicom, .psd, .exr, .hdr, .fits, .xcf, .netpbm: false
        }
    }

    /// A WebP is lossless where its first bitstream chunk is `VP8L` (RFC 9649, 2.5 and 2.7).
    private func isLossyWebP(_ input: InputFile) throws(ImagingError) -> Bool {
        var offset: UInt64 = 12
        while offset + 8 <= input.byteCount {
            let head = try input.chunk(ByteRange(offset: offset, count: 8))
            switch String(decoding: head[..<4], as: UTF8.self) {
            case "VP8L": return false
            case "VP8 ": return true
            // Frames hold a 16-byte header and then chunks of their own.
            case "ANMF": offset += 24
            default:
                let size = head[4...].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
                offset += 8 + size + (size & 1)
            }
        }
        return true
    }
}
