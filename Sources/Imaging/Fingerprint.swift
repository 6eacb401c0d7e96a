private import Digests
internal import JobModel
internal import LinuxSystem
internal import Recipes
private import WireProtocol

extension ImageEngine {
    /// Runs the canary set as the job's orders would run, and digests all files and page facts that come out.
    ///
    /// A canary that fails counts with its reason, one that this libvips cannot make with its absence: hosts that differ in
    /// what they can do at all differ here too. Warnings and times do not count.
    func fingerprint(_ order: FingerprintOrder, names: RawPath) throws(ImagingError) -> FinishedWork {
        var stream = SHA256Stream()
        stream.update(Array("quire fingerprint 1\n".utf8))
        var pixels: UInt64 = 0
        for canary in Canary.set(stripWidths: recipe.canaryStripWidths) {
            stream.update(Array("\(canary.name) ".utf8))
            let bytes: [UInt8]
            do throws(ImagingError) {
                bytes = try canary.make()
            } catch {
                stream.update(Array("absent\n".utf8))
                continue
            }
            let (told, decoded) = try run(canary, bytes, order, names)
            stream.update(told)
            pixels += decoded
        }
        _ = Vips.takeWarnings()
        var finished = FinishedWork()
        finished.fingerprint = stream.finish()
        finished.pixels = pixels
        return finished
    }

    /// What a canary came to, in bytes. A disk that does not take it is no difference between hosts: that is thrown.
    private func run(
        _ canary: Canary, _ bytes: [UInt8], _ order: FingerprintOrder, _ names: RawPath
    ) throws(ImagingError) -> (told: [UInt8], pixels: UInt64) {
        let path = order.folder.appending(RawPath(bytes: names.bytes + Array("-\(canary.name)".utf8)))
        var file = try OutputFile(path, mode: 0o600)
        try file.write(bytes)
        // A fixed time: a recipe may write it into the picture.
        _ = try file.finish(modifiedNanoseconds: 946_684_800_000_000_000)
        defer { OutputFile.remove(path) }

        let work: WorkOrder
        do throws(SystemError) {
            work = WorkOrder(
                attempt: Attempt(task: TaskIndex(0), number: 1), input: path, identity: try FileOperation.facts(of: path).identity,
                kind: kind(for: path, order), tempName: RawPath(bytes: names.bytes + Array("-made".utf8)))
        } catch {
            throw OutputFile.fault(error)
        }
        var judge = self
        judge.fillsGaps = true
        switch judge.perform(work).outcome {
        case .notStored(let fault): throw .storage(fault)
        case .failed(let failure): return (Array("failed \(failure.reason.rawValue)\n".utf8), 0)
        case .finished(let finished):
            removeMade(finished, in: order.folder)
            return (finished.whatCounts.wireBytes, finished.pixels)
        }
    }

    private func kind(for path: RawPath, _ order: FingerprintOrder) -> WorkKind {
        switch order.work {
        case .page: return .page(PageOrder(spoolFolder: order.folder, digestInput: false))
        case .process(let files, let pages):
            var process = ProcessOrder(
                folder: files ? order.folder : nil, format: saveRecipes[0].outputFormat(forExtension: path.lowercasedExtension),
                pages: pages, spoolFolder: pages ? order.folder : nil, digestInput: false, keepTimes: false)
            // Where a host keeps its canaries is not to be seen in a text.
            process.place = InputPlace(relative: path.lastComponent, inputFolderName: RawPath("canaries"), index: 1, folderIndex: 1)
            process.further = saveRecipes.dropFirst().map {
                SaveTarget(folder: order.folder, format: $0.outputFormat(forExtension: path.lowercasedExtension))
            }
            return .process(process)
        }
    }

    private func removeMade(_ finished: FinishedWork, in folder: RawPath) {
        for file in finished.files { OutputFile.remove(file.temp) }
        removeSpooled(finished.pages, from: folder)
    }
}

extension FinishedWork {
    /// Without paths, warnings and effort: equal for equal bytes.
    fileprivate var whatCounts: FinishedWork {
        var kept = FinishedWork()
        kept.files = files.map { file in
            var file = file
            file.temp = file.temp.lastComponent
            return file
        }
        kept.pages = pages
        return kept
    }
}

extension Recipe {
    private static let stripWidthMax = 32_768

    /// Widths of long narrow canaries that this recipe makes smaller: a little, and by more than shrink-on-load does alone.
    ///
    /// `--shrink 1600` leaves a small picture as it is, and then nothing would be known of how a host shrinks.
    var canaryStripWidths: [Int] {
        var width = Canary.side.width
        if resizes(width) { return [] }
        while width < Self.stripWidthMax {
            width *= 2
            if resizes(width) { return [width, min(width * 4, Self.stripWidthMax)] }
        }
        return []
    }

    private func resizes(_ width: Int) -> Bool {
        do throws(RecipeError) {
            return try steps(for: PictureFacts(width: width, height: Canary.stripHeight, colourSpace: .srgb)).contains { step in
                if case .resize = step { true } else { false }
            }
        } catch {
            // A text or a length that asks for more than a canary has: whether it shrinks is not known.
            return false
        }
    }
}
