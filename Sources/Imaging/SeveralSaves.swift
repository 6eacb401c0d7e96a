internal import ImageFiles
internal import JobModel
internal import Recipes

/// What the headers of a file say, page by page; an animation counts as one.
struct OpenedPicture {
    let headers: [PictureHeader]
    /// What each page states.
    let densities: [Density?]
    let metadata: EmbeddedMetadata
    var first: PictureHeader { headers[0] }

    /// - Parameter task: any of the file's.
    init(_ task: ProcessTask, _ decoder: Decoder) throws(ImagingError) {
        let opened = try decoder.header()
        metadata = task.engine.metadata(of: task.input, kind: task.kind, header: opened)
        let first = PictureHeader(
            opened, kind: task.kind, exif: metadata.exif, stored: try decoder.stored(), pageCount: decoder.pageCount)
        var headers = [first]
        var densities = [PageEncoder.density(of: opened)]
        if !first.isAnimation {
            // Before any is opened: a header may claim a million pages.
            try first.check(task.limits, pages: first.pageCount)
            for page in 1..<max(1, first.pageCount) {
                let image = try decoder.header(page: page)
                let header = PictureHeader(image, kind: task.kind, exif: nil, stored: try decoder.stored(page: page))
                try header.check(task.limits, pages: 1)
                headers.append(header)
                densities.append(PageEncoder.density(of: image))
            }
        }
        self.headers = headers
        self.densities = densities
    }

    func check(_ limits: WorkLimits, takesFrames: Bool) throws(ImagingError) {
        try first.check(limits, pages: first.isAnimation && !takesFrames ? 1 : first.pageCount)
    }
}

/// A recipe with more than one save at work on one file: decoded once, saved as it is at each save's place in the list.
struct SeveralSaves {
    /// In the order of the recipe; at least two.
    private let saves: [ProcessTask]

    init(_ saves: [ProcessTask]) {
        precondition(saves.count > 1, "\(saves.count) saves are no several")
        self.saves = saves
    }

    /// One save that is to be encoded, and what is done to each page up to it.
    private struct Open {
        var task: ProcessTask
        var works: [ProcessTask.PageWork]
    }

    /// Temp files it made are gone again when it throws.
    func run(isTolerant: Bool) throws(ImagingError) -> FinishedWork {
        let task = saves[0]
        let decoder = try Decoder(
            task.input, kind: task.kind, wishes: ReadingWishes(task.engine.recipe), limits: task.limits, isTolerant: isTolerant)
        let opened = try OpenedPicture(task, decoder)
        var finished = FinishedWork()
        do throws(ImagingError) {
            var encoded: [Open] = []
            for task in saves {
                let works = try task.works(on: opened)
                let task = try task.withTagEdits(on: opened)
                if task.staysAsItIs(works), let kept = try task.keepPixels(works, isTolerant: isTolerant) {
                    add(kept, to: &finished)
                } else if !isTolerant, let turned = try task.turnedWithoutLoss(works) {
                    add(turned, to: &finished)
                } else {
                    try task.checkEncoding()
                    for note in task.tagNotes where !finished.notes.contains(note) { finished.notes.append(note) }
                    encoded.append(Open(task: task, works: works.map(\.uprighted)))
                }
            }
            // Frames of an animation stand one below the other, so first frames alone are another decode.
            for takesFrames in [false, true] {
                let group = encoded.filter { $0.task.takesFrames(of: opened) == takesFrames }
                if group.isEmpty { continue }
                try opened.check(task.limits, takesFrames: takesFrames)
                if opened.first.isAnimation, !takesFrames { finished.notes.append(.firstFrameOnly(of: opened.first.pageCount)) }
                for page in opened.headers.indices {
                    try encode(group, page, of: opened, decoder, takesFrames: takesFrames, into: &finished)
                }
            }
            if !encoded.isEmpty {
                try decoder.checkWarnings()
                finished.notes += decoder.notes
            }
        } catch {
            for file in finished.files { OutputFile.remove(file.temp) }
            task.engine.removeSpooled(finished.pages, from: task.process.spoolFolder)
            throw error
        }
        task.tellInput(in: &finished)
        return finished
    }

    /// Encodes one page for each save of `group`, each from the pixels of the one before.
    private func encode(
        _ group: [Open], _ page: Int, of opened: OpenedPicture, _ decoder: Decoder, takesFrames: Bool,
        into finished: inout FinishedWork
    ) throws(ImagingError) {
        do throws(ImagingError) {
            let assets = group[0].task.engine.assets
            let keepsNumbers = group.allSatisfy { open in
                open.task.keepsNumbers(of: open.works[page]) && open.works[page].steps.allSatisfy(\.worksOnAllNumbers)
            }
            var rendering = try Rendering(
                decoder, group[0].works[page], takesFrames: takesFrames, assets: assets, keepsNumbers: keepsNumbers)
            finished.pixels += rendering.pixelsDecoded
            for (place, open) in group.enumerated() {
                let work = open.works[page]
                if place > 0 {
                    let done = group[place - 1].works[page].steps.count
                    for step in work.steps.dropFirst(done) { try rendering.apply(step) }
                }
                // Each save, and the steps behind it, read these pixels: they are made once.
                if place < group.count - 1 { try rendering.settle() }
                var copy = rendering
                try open.task.encode(
                    &copy, work, opened.metadata, stored: try decoder.stored(page: page), isOnly: opened.headers.count == 1,
                    into: &finished)
                for note in copy.notes where !finished.notes.contains(note) { finished.notes.append(note) }
            }
        } catch {
            throw decoder.verdict(on: error)
        }
    }

    private func add(_ kept: FinishedWork, to finished: inout FinishedWork) {
        precondition(finished.files.isEmpty || kept.pages.isEmpty, "pages are those of the first save")
        finished.files += kept.files
        finished.pages += kept.pages
        finished.pixels += kept.pixels
        finished.inputDigest = finished.inputDigest ?? kept.inputDigest
        for note in kept.notes where !finished.notes.contains(note) { finished.notes.append(note) }
    }
}
