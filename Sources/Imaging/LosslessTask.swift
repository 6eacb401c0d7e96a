internal import ImageFiles
internal import JobModel
internal import Recipes

extension ProcessTask {
    /// Does what `lossless-jpeg` asks for, or fails: nothing is ever encoded anew instead.
    func runOnBlocks(isTolerant: Bool) throws(ImagingError) -> FinishedWork {
        guard kind == .jpeg else {
            let instead = "use auto-orient, rotate, flip, crop or greyscale, which encode anew"
            throw .file(.unsupported, "a \(kind.rawValue) file; lossless-jpeg changes JPEGs only: \(instead)")
        }
        guard format == .jpeg else {
            throw .file(.unsupported, "a JPEG whose name asks for \(format.rawValue); lossless-jpeg needs --format jpeg")
        }
        guard input.byteCount <= min(limits.fileBytesMax, fileBytesMax) else {
            throw .file(.tooLarge, "\(input.byteCount) bytes; lossless-jpeg takes files up to \(min(limits.fileBytesMax, fileBytesMax))")
        }
        let file: JPEGFile
        let metadata: EmbeddedMetadata
        do throws(ImageFileError) {
            file = try JPEGFile(reading: input)
            metadata = try file.metadata(in: input)
        } catch { throw ImagingError(error) }
        let header = PictureHeader(file)
        try header.check(limits, pages: 1)
        let need = BlockTransform.memoryBytes(file.frame)
        guard need <= memoryBytesMax else {
            throw .file(.tooLarge, "its coefficients take \(need >> 20) MiB; lossless-jpeg takes up to \(memoryBytesMax >> 20)")
        }
        let (steps, worked) = try transforms(of: file.frame, facts(header, page: 0, of: 1, density: file.density, metadata))
        let coding = BlockTransform.Coding(
            isProgressive: steps.lazy.compactMap(\.isProgressive).last ?? file.isProgressive,
            isArithmetic: file.isArithmetic, isOptimised: steps.allSatisfy(\.isOptimised))
        let copiesComments = steps.contains { $0.copy == .comments } && !steps.contains { $0.copy == .none }
        var transforms = worked
        if transforms.isEmpty, coding.isProgressive == file.isProgressive, !copiesComments,
            let kept = try keepPixels([PageWork(page: 0, header: header, steps: [])], isTolerant: isTolerant)
        {
            return kept
        }
        if transforms.isEmpty { transforms.append(BlockTransform()) }
        for index in transforms.indices { transforms[index].coding = coding }
        let transformation = JPEGTransformation(
            file: file, source: input, policy: policy, isStrict: !isTolerant, keepsComments: copiesComments)
        let isTurned = steps.contains { $0.orientations != nil }
        var whole: [UInt8] = []
        if input.wholeBytes == nil { whole = try input.chunk(ByteRange(offset: 0, count: input.byteCount)) }
        var result: JPEGTransformation.Result?
        var failure: ImagingError?
        whole.withUnsafeBytes { read in
            do throws(ImagingError) {
                result = try transformation.applying(transforms, to: input.wholeBytes ?? read, resetsOrientation: isTurned)
            } catch { failure = error }
        }
        if let failure { throw failure }
        guard let result else { preconditionFailure("neither result nor failure") }
        return try storeTransformed(result)
    }

    /// What the recipe does to a picture of this frame, and what it comes to on its blocks: each step on what the one before it left.
    private func transforms(
        of frame: JPEGFile.Frame, _ facts: PictureFacts
    ) throws(ImagingError) -> (steps: [LosslessStep], transforms: [BlockTransform]) {
        var frame = frame
        var steps: [LosslessStep] = []
        var transforms: [BlockTransform] = []
        var rest = recipe.losslessSteps(for: facts)
        while let step = try next(&rest) {
            steps.append(step)
            guard step.changesBlocks else { continue }
            let transform = try step.transform(of: frame)
            transforms.append(transform)
            frame = transform.result(of: frame)
            rest.settle(width: frame.width, height: frame.height)
        }
        return (steps, transforms)
    }

    /// What the picture does not have is a failure of its file.
    private func next(_ steps: inout LosslessSteps) throws(ImagingError) -> LosslessStep? {
        do throws(RecipeError) { return try steps.next() } catch { throw ImagingError(error) }
    }
}

/// Held whole, beside the coefficients of `memoryBytesMax`.
private let fileBytesMax: UInt64 = 1 << 30
private let memoryBytesMax: UInt64 = 2 << 30

extension JPEGFile {
    var isArithmetic: Bool { (0xC9...0xCB).contains(frame.sofMarker) }
}

extension LosslessStep {
    fileprivate var changesBlocks: Bool {
        isCodedAnew || area != nil || orientations.map { !$0.isEmpty } ?? false
    }

    /// What it comes to on a picture of this frame; throws where blocks do not allow it and trimming was not asked for.
    fileprivate func transform(of frame: JPEGFile.Frame) throws(ImagingError) -> BlockTransform {
        var transform = BlockTransform(isGrey: isGrey, trims: trims)
        if isGrey, frame.components.count == 1 { transform.isGrey = false }
        if isGrey, frame.components.count > 3 {
            throw .file(.unsupported, "a picture of \(frame.components.count) inks; use greyscale, which encodes anew")
        }
        for orientation in orientations ?? [] { transform.turn = transform.turn.then(Turn(orientation: orientation)) }
        let rest = frame.remainder(of: transform.turn, isGrey: transform.isGrey)
        let grid = frame.blockGrid(isGrey: transform.isGrey)
        if rest != (0, 0) {
            guard trims else {
                let parts = [
                    rest.columns > 0 ? "\(rest.columns) columns at its right" : nil,
                    rest.rows > 0 ? "\(rest.rows) rows at its bottom" : nil,
                ].compactMap { $0 }.joined(separator: " and ")
                let cure = "'edges: trim' cuts them off, rotate and flip encode anew"
                throw .file(
                    .unsupported,
                    "\(frame.width) x \(frame.height) pixels in blocks of \(grid.width) x \(grid.height), so \(parts) cannot be turned: \(cure)")
            }
            guard frame.width > rest.columns, frame.height > rest.rows else {
                throw .file(.unsupported, "\(frame.width) x \(frame.height) pixels are less than a block; use rotate or flip")
            }
        }
        if let area { transform.area = try stored(area, of: frame) }
        return transform
    }

    /// The area in the picture as it is stored, its corner at one of a block.
    private func stored(_ area: Area, of frame: JPEGFile.Frame) throws(ImagingError) -> BlockTransform.PixelArea {
        let turn = Turn(orientation: storedOrientation)
        var (width, height) = turn.swapsSides ? (frame.height, frame.width) : (frame.width, frame.height)
        var found = BlockTransform.PixelArea(left: area.left, top: area.top, width: area.width, height: area.height)
        for _ in 0..<turn.quarters {
            found = BlockTransform.PixelArea(
                left: found.top, top: width - found.left - found.width, width: found.height, height: found.width)
            (width, height) = (height, width)
        }
        if turn.mirrored { found.left = width - found.left - found.width }
        let grid = frame.blockGrid()
        let over = (x: found.left % grid.width, y: found.top % grid.height)
        if over != (0, 0) {
            guard trims else {
                let place = "the part begins at \(found.left), \(found.top) as stored"
                let corner = "\(found.left - over.x), \(found.top - over.y)"
                throw .file(
                    .unsupported,
                    "\(place), which is no corner of its blocks of \(grid.width) x \(grid.height): 'edges: trim' begins at \(corner)")
            }
            found.left -= over.x
            found.top -= over.y
            found.width += over.x
            found.height += over.y
        }
        return found
    }
}
