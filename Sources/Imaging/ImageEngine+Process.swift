internal import ImageFiles
internal import JobModel
internal import Recipes
internal import Variables

extension ImageEngine {
    /// Runs the recipe: copies what nothing changes, edits what only loses metadata, encodes the rest anew.
    func process(_ order: WorkOrder, _ process: ProcessOrder, _ input: InputFile) throws(ImagingError) -> FinishedWork {
        let kind = try kind(of: input)
        let saves = saveRecipes.indices.map { save in
            ProcessTask(engine: self, order: order, process: process, input: input, kind: kind, save: save, recipe: saveRecipes[save])
        }
        guard process.further.count == saves.count - 1 else {
            throw .file(.unsupported, "the order names \(process.further.count + 1) outputs and the recipe makes \(saves.count)")
        }
        return try acceptingDamage { isTolerant throws(ImagingError) in
            saves.count == 1 ? try saves[0].run(isTolerant: isTolerant) : try SeveralSaves(saves).run(isTolerant: isTolerant)
        }
    }

    /// Does `work` strictly, and once more with what decodes of a damaged file if the job accepts that.
    func acceptingDamage(_ work: (_ isTolerant: Bool) throws(ImagingError) -> FinishedWork) throws(ImagingError) -> FinishedWork {
        do throws(ImagingError) {
            return try work(false)
        } catch {
            guard setup.damage == .accept, case .file(let failure) = error,
                failure.reason == .truncated || failure.reason == .damaged
            else { throw error }
            var finished = try work(true)
            finished.notes.append(.damageAccepted(failure.message))
            return finished
        }
    }
}

/// One `process` order at work, as far as one save of the recipe goes.
struct ProcessTask {
    let engine: ImageEngine
    let order: WorkOrder
    let process: ProcessOrder
    let input: InputFile
    let kind: ImageKind
    /// Which of the recipe's saves, from 0.
    let save: Int
    /// The recipe as if this were its only save.
    let recipe: Recipe

    /// A page of the input and what the recipe changes on it.
    struct PageWork {
        /// From 0.
        var page: Int
        var header: PictureHeader
        var steps: [PixelStep]

        /// Whether the pixels stay as they are stored: no steps, or turns that undo each other.
        var leavesPixels: Bool {
            var rest = steps[...]
            return Turn.leading(&rest) == .none && rest.isEmpty
        }

        /// The same for a picture that is encoded anew though no step changes it: it is turned upright all the same.
        var uprighted: PageWork {
            guard steps.isEmpty, header.orientation != 1 else { return self }
            return PageWork(page: page, header: header, steps: [.orient(header.orientation)])
        }
    }

    /// What the recipe does to single tags of this picture, once that is worked out.
    var tagEdits: [MetadataEdit] = []
    var tagNotes: [WorkNote] = []

    var policy: MetadataPolicy { MetadataPolicy(recipe, recipe.save, tagEdits: tagEdits) }
    var format: OutputFormat { save == 0 ? process.format : process.further[save - 1].format }
    var folder: RawPath? { process.folder(ofSave: save) }
    /// The PDF shows what the first save made.
    var wantsPages: Bool { process.pages && save == 0 }
    var limits: WorkLimits { engine.setup.limits }

    /// Temp files it made are gone again when it throws.
    func run(isTolerant: Bool) throws(ImagingError) -> FinishedWork {
        var result = recipe.isLosslessJPEG ? try runOnBlocks(isTolerant: isTolerant) : nil
        if result == nil { result = try runDirectly(isTolerant: isTolerant) }
        if result == nil { result = try runThroughVips(isTolerant: isTolerant) }
        guard var result else { preconditionFailure("a task that neither failed nor finished") }
        tellInput(in: &result)
        return result
    }

    /// What a report says of the input itself.
    func tellInput(in result: inout FinishedWork) {
        if !kind.matchesExtension(order.input.lowercasedExtension) { result.notes.insert(.contentIs(kind), at: 0) }
        engine.tellCamera(input, kind: kind, in: &result)
    }

    private func runThroughVips(isTolerant: Bool) throws(ImagingError) -> FinishedWork {
        let decoder = try Decoder(input, kind: kind, wishes: ReadingWishes(recipe), limits: limits, isTolerant: isTolerant)
        let opened = try OpenedPicture(self, decoder)
        let takesFrames = takesFrames(of: opened)
        try opened.check(limits, takesFrames: takesFrames)
        let works = try works(on: opened)
        let task = try withTagEdits(on: opened)
        if staysAsItIs(works), let kept = try task.keepPixels(works, isTolerant: isTolerant) { return kept }
        try task.checkEncoding()
        return try task.encode(works.map(\.uprighted), decoder, opened.metadata, takesFrames: takesFrames)
    }

    /// Whether all frames of an animation shall be in the output; of a PNG's nothing here reads but the first.
    func takesFrames(of opened: OpenedPicture) -> Bool {
        opened.first.isAnimation && kind != .png && recipe.save.allFrames && (format == .gif || format == .webp)
    }

    /// What the recipe does to each page up to this save.
    func works(on opened: OpenedPicture) throws(ImagingError) -> [PageWork] {
        var works: [PageWork] = []
        for (page, header) in opened.headers.enumerated() {
            let facts = facts(header, page: page, of: opened.first.pageCount, density: opened.densities[page], opened.metadata)
            works.append(PageWork(page: page, header: header, steps: try recipe.steps(of: facts)))
        }
        return works
    }

    /// Whether neither format, coding nor any page's pixels change.
    func staysAsItIs(_ works: [PageWork]) -> Bool {
        kind.outputFormat == format && input.byteCount <= recipe.save.sizeMax?.bytes ?? .max && !recipe.reencodes(as: format)
            && works.allSatisfy(\.leavesPixels)
    }

    // MARK: Pixels untouched

    /// Copies the input with at most its metadata edited; nil where the file's structure does not allow the edit.
    func keepPixels(_ works: [PageWork], isTolerant: Bool) throws(ImagingError) -> FinishedWork? {
        var edits = policy.editsOfFile
        // Turned twice into what it was stored as: only the tag has to go.
        if works.contains(where: { !$0.steps.isEmpty }) { edits.append(.setOrientation(1)) }
        var pieces: [Piece] = [.copy(ByteRange(offset: 0, count: input.byteCount))]
        var notes: [WorkNote] = []
        do throws(ImageFileError) {
            if !isTolerant { try input.checkCompleteness(kind: kind) }
            if !edits.isEmpty { pieces = try editMetadata(edits, of: input, kind: kind) }
            pieces = try stating(pieces, of: input, kind: kind, &notes)
        } catch {
            // Nobody who writes a tag expects another picture.
            if case .unsupported = error, tagEdits.isEmpty { return nil }
            throw ImagingError(error)
        }
        var finished = FinishedWork()
        finished.notes = tagNotes + notes
        let isVerbatim = pieces.isVerbatim(ofByteCount: input.byteCount)
        if !isVerbatim { try noteDamagedPictureTable(pieces, &finished.notes) }
        var made: (path: RawPath, file: PageFile)?
        if let folder {
            let path = folder.appending(name(of: 0))
            let facts = try write(path) { output throws(ImagingError) in try output.write(pieces, from: input) }
            finished.files = [
                MadeFile(
                    temp: path, page: nil, sizeBytes: facts.sizeBytes, digest: facts.digest, isVerbatim: isVerbatim, save: save)
            ]
            if isVerbatim, process.digestInput { finished.inputDigest = facts.digest }
            made = (path, .output(0))
        } else if wantsPages, !isVerbatim {
            let path = try engine.spool(process.spoolFolder).appending(order.tempName)
            _ = try write(path) { output throws(ImagingError) in try output.write(pieces, from: input) }
            made = (path, .spool(order.tempName))
        }
        guard wantsPages else { return finished }
        do throws(ImagingError) {
            let maker = try pageMaker(isTolerant: isTolerant, quality: PageEncoder.qualityOfUnchanged)
            if isVerbatim {
                try maker.add(to: &finished, from: input, kind: kind, as: made?.file ?? .input)
            } else if let made {
                try maker.add(to: &finished, from: try InputFile(written: made.path), kind: kind, as: made.file)
                try engine.keepDensity(of: input, kind: kind, in: &finished)
                if case .spool(let name) = made.file {
                    if kind == .tiff { engine.takeFromInput(name, &finished) }
                    engine.removeUnused(name, in: try outputFolder(), finished)
                }
            }
        } catch {
            if let made { OutputFile.remove(made.path) }
            throw error
        }
        return finished
    }

    /// Pictures behind the first are not where a damaged table says, before the edit or behind it.
    private func noteDamagedPictureTable(_ pieces: [Piece], _ notes: inout [WorkNote]) throws(ImagingError) {
        guard kind == .jpeg, pieces.byteCount != input.byteCount else { return }
        do throws(ImageFileError) {
            guard !policy.dropsTrailer, try JPEGFile(reading: input).hasDamagedPictureTable(in: input) else { return }
            notes.append(.decoderWarning("the table of the pictures behind the first (MPF) cannot be read; it stays as it is"))
        } catch {
            throw ImagingError(error)
        }
    }

    // MARK: Pixels encoded anew

    private func encode(
        _ works: [PageWork], _ decoder: Decoder, _ metadata: EmbeddedMetadata, takesFrames: Bool
    ) throws(ImagingError) -> FinishedWork {
        var finished = FinishedWork()
        finished.notes = tagNotes
        if works[0].header.isAnimation, !takesFrames { finished.notes.append(.firstFrameOnly(of: works[0].header.pageCount)) }
        do throws(ImagingError) {
            for work in works {
                var rendering: Rendering
                do throws(ImagingError) {
                    rendering = try Rendering(decoder, work, takesFrames: takesFrames, assets: engine.assets, keepsNumbers: keepsNumbers(of: work))
                    try encode(
                        &rendering, work, metadata, stored: try decoder.stored(page: work.page), isOnly: works.count == 1,
                        into: &finished)
                } catch {
                    throw decoder.verdict(on: error)
                }
                finished.pixels += rendering.pixelsDecoded
                for note in rendering.notes where !finished.notes.contains(note) { finished.notes.append(note) }
            }
            try decoder.checkWarnings()
            finished.notes += decoder.notes
        } catch {
            for file in finished.files { OutputFile.remove(file.temp) }
            engine.removeSpooled(finished.pages, from: process.spoolFolder)
            throw error
        }
        return finished
    }

    /// Whether the file made holds pixels of all numbers: a profile is taken off those of 8 and 16 bits alone.
    func keepsNumbers(of work: PageWork) -> Bool { format == .tiff && !(policy.dropsProfile && work.header.hasProfile) }

    func encode(
        _ rendering: inout Rendering, _ work: PageWork, _ metadata: EmbeddedMetadata, stored: StoredCoding, isOnly: Bool,
        into finished: inout FinishedWork
    ) throws(ImagingError) {
        let folder = try outputFolder()
        try rendering.conform(to: format, dropsProfile: policy.dropsProfile)
        if format == .png, recipe.save.colours != nil { try rendering.conform(to: .webp, dropsProfile: false) }
        try rendering.clearMetadata()
        var blocks = try blocks(
            from: metadata, width: rendering.image.width, height: rendering.image.height, scale: rendering.resolutionScale)
        let encoder = Encoder(
            format: format, save: recipe.save, inputCompression: stored.compression,
            smallDepth: work.smallDepth, statesResolution: !policy.dropsOthers,
            milliDPI: policy.milliDPI)
        var lost = try encoder.prepare(&rendering, &blocks)
        if format != .jpeg, !blocks.extendedXMP.isEmpty { lost.append(.metadataDropped("XMP beyond 64 KiB")) }
        if blocks.exif != nil { lost += metadata.leftBehind.map { .metadataDropped($0) } }
        for note in lost where !finished.notes.contains(note) { finished.notes.append(note) }
        let file = try encoder.file(of: rendering.image, with: blocks, notes: &finished.notes)
        let encoded = file.encoded
        let pieces = try policy.writingTags(into: file.pieces, of: encoded, as: format)
        try store(pieces, of: encoded, in: folder, page: work.page, isOnly: isOnly, into: &finished)
    }

    /// The metadata that a picture encoded anew gets.
    func blocks(
        from original: EmbeddedMetadata, width: Int, height: Int, scale: (x: Double, y: Double)
    ) throws(ImagingError) -> EmbeddedMetadata {
        do throws(ImageFileError) {
            return try policy.blocks(from: original, width: width, height: height, scale: scale)
        } catch {
            throw ImagingError(error)
        }
    }

    /// The file with the resolution the recipe asks for; where it has no place for one, as a GIF, that is noted.
    private func stating(
        _ pieces: [Piece], of source: some ByteSource, kind: ImageKind, _ notes: inout [WorkNote]
    ) throws(ImageFileError) -> [Piece] {
        guard let milliDPI = policy.milliDPI else { return pieces }
        do throws(ImageFileError) {
            return try stateResolution(milliDPI, in: pieces, of: source, kind: kind)
        } catch {
            guard case .unsupported = error else { throw error }
            notes.append(.metadataDropped("resolution"))
            return pieces
        }
    }

    /// Writes an encoded picture and adds it, and its pages for the PDF, to what was made.
    func store(
        _ pieces: [Piece], of encoded: MemorySource, in folder: RawPath, page: Int, isOnly: Bool,
        into finished: inout FinishedWork
    ) throws(ImagingError) {
        let name = name(of: page)
        let path = folder.appending(name)
        var notes: [WorkNote] = []
        let stated: [Piece]
        do throws(ImageFileError) {
            stated = format.takesResolutionWhenEncoded ? pieces : try stating(pieces, of: encoded, kind: format.kind, &notes)
        } catch {
            throw ImagingError(error)
        }
        for note in notes where !finished.notes.contains(note) { finished.notes.append(note) }
        let facts = try write(path) { output throws(ImagingError) in try output.write(stated, from: encoded) }
        let file: PageFile
        if self.folder != nil {
            file = .output(finished.files.count)
            finished.files.append(
                MadeFile(
                    temp: path, page: isOnly ? nil : page + 1, sizeBytes: facts.sizeBytes, digest: facts.digest, isVerbatim: false,
                    save: save))
        } else {
            file = .spool(name)
        }
        guard wantsPages else { return }
        do throws(ImagingError) {
            let quality = recipe.save.quality ?? Save.defaultQuality
            let maker = try pageMaker(isTolerant: false, quality: quality, name: name)
            try maker.add(to: &finished, from: try InputFile(written: path), kind: format.kind, as: file)
            if self.folder == nil { engine.removeUnused(name, in: folder, finished) }
        } catch {
            if self.folder == nil { OutputFile.remove(path) }
            throw error
        }
    }

    /// Where encoded files go: beside their final name, or into the spool when only the PDF wants them.
    func outputFolder() throws(ImagingError) -> RawPath {
        if let folder { return folder }
        return try engine.spool(process.spoolFolder)
    }

    private func write(
        _ path: RawPath, _ body: (inout OutputFile) throws(ImagingError) -> Void
    ) throws(ImagingError) -> (sizeBytes: UInt64, digest: Digest256) {
        var output = try OutputFile(path, mode: engine.setup.fileMode)
        try body(&output)
        guard !process.keepTimes || recipe.fileTimeShift == nil || !process.movedTimes.isEmpty else {
            throw .file(.unsupported, "time-shift: the file's time would leave what file systems hold")
        }
        guard !process.keepTimes || order.identity.holdsTime else {
            throw .file(.unsupported, "--keep-times: the input was changed before 1678 or after 2261, which cannot be kept; touch it")
        }
        return try output.finish(modifiedNanoseconds: process.outputTime(ofSave: save, input: order.identity))
    }

    private func name(of page: Int) -> RawPath { TempName.name(order.tempName, save: save, page: page) }

    private func pageMaker(isTolerant: Bool, quality: Int, name: RawPath? = nil) throws(ImagingError) -> PageMaker {
        let encoder = PageEncoder(
            spool: try engine.spool(process.spoolFolder), name: name ?? order.tempName, fileMode: engine.setup.fileMode,
            quality: quality)
        return PageMaker(engine: engine, encoder: encoder, isTolerant: isTolerant)
    }
}

extension ProcessTask.PageWork {
    /// Bits a component of a picture of fewer than 8, as long as no step makes values between its own.
    var smallDepth: Int? {
        var depth = header.smallDepth
        for step in steps {
            if case .tone(.mode(.bilevel, _)) = step {
                depth = 1
            } else if !step.keepsValues {
                depth = nil
            }
        }
        return depth
    }
}
