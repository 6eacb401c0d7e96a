internal import ImageFiles
internal import JobModel
internal import LinuxSystem
internal import Recipes

extension Rendering {
    /// Lets another program make a new picture of this one, through two files in a folder of their own.
    ///
    /// The agent ends this worker when the file's time is up, and the program goes with it.
    mutating func run(_ command: CommandStep) throws(ImagingError) {
        let (name, ending) = (command.words[0], command.exchange == .jpeg ? "jpg" : command.exchange.rawValue)
        let (source, target) = (RawPath("in.\(ending)"), RawPath("out.\(ending)"))
        let run: CommandRun
        do throws(SystemError) {
            run = try CommandRun(command.words, source: source, target: target, fileBytesMax: limits.fileBytesMax)
        } catch {
            throw Self.cannotRun(name, error)
        }
        let outcome = Result { () throws(ImagingError) in
            try write(run.folder.appending(source), as: command.exchange)
            try Self.perform(run, named: name)
            try take(run.folder.appending(target), named: name)
        }
        do throws(SystemError) { try run.close() } catch { throw Self.cannotRun(name, error) }
        try outcome.get()
    }

    private static func cannotRun(_ name: String, _ error: SystemError) -> ImagingError {
        .file(.unsupported, "command '\(name)' cannot be run: \(error)")
    }

    private static func perform(_ run: CommandRun, named name: String) throws(ImagingError) {
        let ending: CommandRun.Ending
        do throws(SystemError) { ending = try run.run() } catch { throw cannotRun(name, error) }
        guard let end = ending.end else {
            throw .file(.memory, "command '\(name)': the process that watches over it was killed, perhaps for want of memory")
        }
        guard end == .exited(code: 0) else {
            throw .file(.unsupported, "command '\(name)' \(end)\(ending.complaint.isEmpty ? "" : ": \(ending.complaint)")")
        }
    }

    private mutating func write(_ path: RawPath, as exchange: Command.Exchange) throws(ImagingError) {
        // The picture is upright by now; a program that honours the tag would turn it again.
        image = try image.withOwnHeader()
        image.remove("exif-data")
        if image.has("orientation") { image.setNumber("orientation", 1) }
        let operation: Operation
        switch exchange {
        case .png:
            try conform(to: .png, dropsProfile: false)
            operation = try Operation("pngsave")
            try operation.set("compression", 1)
        case .tiff: operation = try Operation("tiffsave")
        case .jpeg:
            try conform(to: .jpeg, dropsProfile: false)
            operation = try Operation("jpegsave")
            try operation.set("Q", 95)
        }
        try operation.set("in", image)
        let file: OpenFile
        do throws(SystemError) { file = try OpenFile(path, .create(mode: 0o600)) } catch {
            throw .storage(StorageFault(code: error.code, call: error.call))
        }
        // By its descriptor: libvips takes names for text, and what stands in brackets at their end for options.
        try operation.set("filename", text: "/proc/self/fd/\(file.descriptor)")
        try operation.run()
        withExtendedLifetime(file) {}
    }

    private mutating func take(_ path: RawPath, named name: String) throws(ImagingError) {
        let isFile: Bool
        // Opening a named pipe would wait for somebody who writes.
        do throws(SystemError) { isFile = try FileOperation.factsIfPresent(of: path)?.type == .regular } catch {
            throw .file(.unsupported, "command '\(name)' left an {out} that cannot be read: \(error)")
        }
        guard isFile else { throw .file(.unsupported, "command '\(name)' ended well but wrote no {out}") }
        let made = try InputFile(written: path)
        let prefix: [UInt8]
        do throws(ImageFileError) {
            prefix = try made.read(ByteRange(offset: 0, count: min(made.byteCount, UInt64(ImageKind.sniffBytes))))
        } catch {
            throw ImagingError(error)
        }
        guard let kind = ImageKind.of(prefix: prefix, lowercasedExtension: path.lowercasedExtension) else {
            throw .file(.unsupported, "command '\(name)' wrote no picture into {out}")
        }
        let profile = image.blob("icc-profile-data")
        let decoder = try Decoder(made, kind: kind, wishes: ReadingWishes(Recipe(actions: [])), limits: limits, isTolerant: false)
        do throws(ImagingError) {
            let opened = try decoder.open()
            try PictureHeader(opened, kind: kind, exif: nil).check(limits, pages: 1)
            image = try opened.inMemory()
            try makeShowable()
        } catch {
            throw decoder.verdict(on: error)
        }
        // PNG and JPEG tools often drop the profile; the numbers are still meant in it where the colours are as many.
        if let profile, !image.has("icc-profile-data"), ICCHeader.isUsable(profile, componentCount: image.colourBands) {
            image = try image.withOwnHeader()
            image.setBlob("icc-profile-data", profile)
        }
        becomeWhole()
    }
}
