internal import ImageFiles
internal import JobModel
internal import LinuxSystem
internal import Recipes

extension ImageEngine {
    /// Runs the recipe: copies what nothing changes, edits what only loses metadata, encodes the rest anew.
    func process(_ order: WorkOrder, _ process: ProcessOrder, _ input: InputFile) throws(ImagingError) -> FinishedWork {
        let work = try ProcessTask(self, order, process, input)
        guard setup.damage == .accept else { return try work.run(isTolerant: false) }
        do throws(ImagingError) {
            return try work.run(isTolerant: false)
        } catch {
            guard case .file(let failure) = error, failure.reason == .truncated || failure.reason == .damaged else { throw error }
            var finished = try work.run(isTolerant: true)
            finished.notes.append(.damageAccepted(failure.message))
            return finished
        }
    }
}

/// One `process` order at work.
struct ProcessTask {
    let engine: ImageEngine
    let order: WorkOrder
    let process: ProcessOrder
    let input: InputFile
    let kind: ImageKind
    let policy: MetadataPolicy
    let metadata: EmbeddedMetadata

    init(_ engine: ImageEngine, _ order: WorkOrder, _ process: ProcessOrder, _ input: InputFile) throws(ImagingError) {
        self.engine = engine
        self.order = order
        self.process = process
        self.input = input
        kind = try engine.kind(of: input)
        policy = MetadataPolicy(engine.recipe)
        metadata = engine.metadata(of: input, kind: kind)
    }

    /// A page of the input and what the recipe changes on it.
    struct PageWork {
        var page: Int
        var header: PictureHeader
        var steps: [PixelStep]
    }

    func run(isTolerant: Bool) throws(ImagingError) -> FinishedWork {
        let decoder = try Decoder(input, kind: kind, limits: engine.setup.limits, isTolerant: isTolerant)
        let first = PictureHeader(try decoder.open(), kind: kind, exif: metadata.exif)
        let takesFrames = first.isAnimation && engine.recipe.save.allFrames && (process.format == .gif || process.format == .webp)
        try first.check(engine.setup.limits, pages: first.isAnimation && !takesFrames ? 1 : first.pageCount)

        var works = [PageWork(page: 0, header: first, steps: engine.recipe.steps(for: first.facts))]
        if !first.isAnimation, first.pageCount > 1 {
            guard first.pageCount <= pagesMax else { throw .file(.tooLarge, "\(first.pageCount) pages; the limit is \(pagesMax)") }
            for page in 1..<first.pageCount {
                let header = PictureHeader(try decoder.open(page: page), kind: kind, exif: nil)
                try header.check(engine.setup.limits, pages: 1)
                works.append(PageWork(page: page, header: header, steps: engine.recipe.steps(for: header.facts)))
            }
        }

        var finished: FinishedWork
        if kind.outputFormat == process.format, !engine.recipe.reencodes(as: process.format), !first.isAnimation || takesFrames || works[0].steps.isEmpty,
            works.allSatisfy(\.leavesPixels), let kept = try keepPixels(works) {
            finished = kept
        } else {
            finished = try encode(works, decoder, takesFrames: takesFrames)
        }
        if !kind.matchesExtension(order.input.lowercasedExtension) { finished.notes.insert(.contentIs(kind), at: 0) }
        return finished
    }

    // MARK: Pixels untouched

    /// Copies the input with at most its metadata edited; nil where the file's structure does not allow the edit.
    private func keepPixels(_ works: [PageWork]) throws(ImagingError) -> FinishedWork? {
        var edits = policy.editsOfFile
        // Turned twice into what it was stored as: only the tag has to go.
        if works.contains(where: { !$0.steps.isEmpty }) { edits.append(.setOrientation(1)) }
        var pieces: [Piece] = [.copy(ByteRange(offset: 0, count: input.byteCount))]
        do throws(ImageFileError) {
            if kind == .jpeg, try JPEGFile(reading: input).endOfImage(in: input) == nil {
                throw ImageFileError.truncated("the JPEG has no end marker")
            }
            if !edits.isEmpty { pieces = try editMetadata(edits, of: input, kind: kind) }
        } catch {
            if case .unsupported = error { return nil }
            throw ImagingError(error)
        }
        var finished = FinishedWork()
        let isVerbatim = pieces.isVerbatim(ofByteCount: input.byteCount)
        if let folder = process.folder {
            let path = folder.appending(order.tempName)
            var output = try OutputFile(path, mode: engine.setup.fileMode)
            try output.write(pieces, from: input)
            let facts = try output.finish(modifiedNanoseconds: process.keepTimes ? input.modifiedNanoseconds : nil)
            finished.files = [MadeFile(temp: path, page: nil, sizeBytes: facts.sizeBytes, digest: facts.digest, isVerbatim: isVerbatim)]
            if isVerbatim, process.digestInput { finished.inputDigest = facts.digest }
        }
        return finished
    }

    // MARK: Pixels encoded anew

    private func encode(_ works: [PageWork], _ decoder: Decoder, takesFrames: Bool) throws(ImagingError) -> FinishedWork {
        var finished = FinishedWork()
        for work in works {
            var rendering: Rendering
            do throws(ImagingError) {
                rendering = try Rendering(decoder, page: work.page, header: work.header, steps: work.steps)
                let bytes = try encode(&rendering, work)
                let path = (process.folder ?? RawPath("")).appending(name(of: work.page))
                var output = try OutputFile(path, mode: engine.setup.fileMode)
                try output.write(bytes)
                let facts = try output.finish(modifiedNanoseconds: process.keepTimes ? input.modifiedNanoseconds : nil)
                finished.files.append(
                    MadeFile(
                        temp: path, page: works.count > 1 ? work.page + 1 : nil, sizeBytes: facts.sizeBytes, digest: facts.digest,
                        isVerbatim: false))
            } catch {
                removeFiles(finished.files)
                throw decoder.verdict(on: error)
            }
            finished.pixels += rendering.pixelsDecoded
            finished.notes += rendering.notes
        }
        return finished
    }

    private func encode(_ rendering: inout Rendering, _ work: PageWork) throws(ImagingError) -> [UInt8] {
        try rendering.conform(to: process.format, dropsProfile: policy.dropsProfile)
        try rendering.clearMetadata(resolutionScale: 1)
        let encoder = Encoder(format: process.format, save: engine.recipe.save)
        return try encoder.encode(rendering.image) { bytes in Array(bytes) }
    }

    private func name(of page: Int) -> RawPath {
        page == 0 ? order.tempName : RawPath(bytes: order.tempName.bytes + Array("-\(page + 1)".utf8))
    }

    private func removeFiles(_ files: [MadeFile]) {
        for file in files {
            // The agent sweeps what cannot be removed here.
            try? FileOperation.removeIfPresent(file.temp)
        }
    }
}

extension ProcessTask.PageWork {
    /// Whether the page's pixels stay as they are stored: no steps, or turns that undo each other.
    var leavesPixels: Bool {
        var rest = steps[...]
        return Turn.leading(&rest) == .none && rest.isEmpty
    }
}

/// Pages of one file; a TIFF with more is an attack or a stack that wants another tool.
private let pagesMax = 100_000
