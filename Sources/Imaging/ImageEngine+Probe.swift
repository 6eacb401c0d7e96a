internal import ImageFiles
internal import JobModel
internal import Recipes

extension ImageEngine {
    /// The metadata blocks of a file; what cannot be read as metadata is none, and the decoder judges the picture.
    func metadata(of input: InputFile, kind: ImageKind, header: Image) -> EmbeddedMetadata {
        switch kind {
        case .jpeg, .png, .webp, .tiff, .jp2:
            do throws(ImageFileError) {
                return try embeddedMetadata(of: input, kind: kind)
            } catch {
                return EmbeddedMetadata()
            }
        case .raw:
            if let found = RawMetadata.blocks(of: input) { return found }
            fallthrough
        case .gif, .heif, .avif, .j2k, .jxl, .bmp, .svg, .pdf, .dicom, .psd, .exr, .hdr, .fits, .xcf, .netpbm:
            var exif = header.blob("exif-data")
            if let block = exif, block.starts(with: Array("Exif\0\0".utf8)) { exif = Array(block[6...]) }
            return EmbeddedMetadata(exif: exif, xmp: header.blob("xmp-data"))
        }
    }

    /// What header and metadata say of an input.
    func probe(_ input: InputFile) throws(ImagingError) -> FinishedWork {
        let kind = try kind(of: input)
        let decoder = try Decoder(input, kind: kind, wishes: ReadingWishes(recipe), limits: setup.limits, isTolerant: true)
        let image = try decoder.header()
        let metadata = metadata(of: input, kind: kind, header: image)
        let header = PictureHeader(
            image, kind: kind, exif: metadata.exif, stored: try decoder.stored(), pageCount: decoder.pageCount)
        var finished = FinishedWork()
        if !kind.matchesExtension(input.path.lowercasedExtension) { finished.notes.append(.contentIs(kind)) }
        finished.probe = header.probe(kind, density: PageEncoder.density(of: image), metadata, tagsMax: 500)
        return finished
    }

    /// A small JPEG for a person to recognise the file by; whatever decodes will do, and of a damaged file that is noted.
    func thumbnail(_ input: InputFile, side: Int) throws(ImagingError) -> FinishedWork {
        do throws(ImagingError) {
            return try thumbnail(input, side: side, isTolerant: false)
        } catch {
            guard case .file(let failure) = error, failure.reason == .truncated || failure.reason == .damaged else { throw error }
            var finished = try thumbnail(input, side: side, isTolerant: true)
            finished.notes.append(.damageAccepted(failure.message))
            return finished
        }
    }

    private func thumbnail(_ input: InputFile, side: Int, isTolerant: Bool) throws(ImagingError) -> FinishedWork {
        let kind = try kind(of: input)
        let decoder = try Decoder(input, kind: kind, wishes: ReadingWishes(recipe), limits: setup.limits, isTolerant: isTolerant)
        let opened = try decoder.header()
        let header = PictureHeader(opened, kind: kind, exif: metadata(of: input, kind: kind, header: opened).exif)
        try header.check(setup.limits, pages: 1)
        let small = Recipe(actions: [.autoOrient, .shrink(.longSide(max(1, side)))])
        var finished = FinishedWork()
        do throws(ImagingError) {
            let work = ProcessTask.PageWork(page: 0, header: header, steps: try small.steps(of: header.facts))
            var rendering = try Rendering(decoder, work, takesFrames: false, assets: assets, keepsNumbers: false)
            try rendering.conform(to: .jpeg, dropsProfile: true)
            try rendering.clearMetadata()
            finished.thumbnail = try Encoder(format: .jpeg, save: Save(format: .jpeg, quality: 75)).encode(rendering.image).bytes
            finished.pixels = rendering.pixelsDecoded
        } catch {
            throw decoder.verdict(on: error)
        }
        return finished
    }
}
