private import Glibc
internal import ImageFiles
internal import JobModel
internal import LinuxSystem
internal import Recipes

extension Rendering {
    /// Lets another program make a new picture of this one, through two files in a folder of their own.
    ///
    /// The program dies with this worker, which the agent ends when the file's time is up.
    mutating func run(_ command: CommandStep) throws(ImagingError) {
        let folder = try Self.makeFolder()
        defer { Self.remove(folder) }
        let ending = command.exchange == .jpeg ? "jpg" : command.exchange.rawValue
        let (source, target) = (folder.appending("in.\(ending)"), folder.appending("out.\(ending)"))
        try write(source, as: command.exchange)
        let words = command.words.map { word in
            Self.replacing("{out}", by: target, in: Self.replacing("{in}", by: source, in: Array(word.utf8)))
        }
        try Self.perform(words, named: command.words[0], in: folder)
        try take(target, named: command.words[0])
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
        try operation.set("filename", text: path.display)
        try operation.run()
    }

    private static func perform(_ words: [[UInt8]], named name: String, in folder: RawPath) throws(ImagingError) {
        let complaints = folder.appending("errors")
        var text = ""
        let end: ProcessEnd
        do throws(SystemError) {
            let program = try find(RawPath(bytes: words[0]))
            let errors = try OpenFile(complaints, .create(mode: 0o600))
            var plan = ProcessPlan(program)
            plan.name = words[0]
            plan.arguments = Array(words.dropFirst())
            plan.environment = ProcessPlan.inheritedEnvironment(without: ["QUIRE_ALLOW_COMMANDS"])
            plan.folder = folder
            plan.descriptors = [nil, nil, errors.descriptor]
            plan.diesWithThread = true
            var process = try ChildProcess(starting: plan)
            end = try process.wait()
            let reader = try OpenFile(complaints, .read)
            text = String(decoding: try reader.read(count: Self.complaintBytesMax, at: 0), as: UTF8.self)
        } catch {
            throw .file(.unsupported, "command '\(name)' cannot be run: \(error)")
        }
        guard end == .exited(code: 0) else {
            let told = text.split(separator: "\n").first.map { ": \($0)" } ?? ""
            throw .file(.unsupported, "command '\(name)' \(end)\(told)")
        }
    }

    private mutating func take(_ path: RawPath, named name: String) throws(ImagingError) {
        let made: InputFile
        do throws(ImagingError) { made = try InputFile(written: path) } catch {
            throw .file(.unsupported, "command '\(name)' ended well but wrote no {out}")
        }
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
        let decoder = try Decoder(made, kind: kind, wishes: ReadingWishes(Recipe(actions: [])), limits: WorkLimits(), isTolerant: false)
        do throws(ImagingError) {
            let opened = try decoder.open()
            try PictureHeader(opened, kind: kind, exif: nil).check(WorkLimits(), pages: 1)
            image = try opened.inMemory()
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

    // MARK: Files and words

    private static let complaintBytesMax = 500

    private static func replacing(_ place: String, by path: RawPath, in word: [UInt8]) -> [UInt8] {
        let wanted = Array(place.utf8)
        var result: [UInt8] = []
        var rest = word[...]
        while !rest.isEmpty {
            if rest.starts(with: wanted) {
                result += path.bytes
                rest = rest.dropFirst(wanted.count)
            } else {
                result.append(rest.removeFirst())
            }
        }
        return result
    }

    /// As a shell finds it: a name without a slash on the PATH.
    private static func find(_ name: RawPath) throws(SystemError) -> RawPath {
        if name.bytes.contains(0x2F) { return name }
        let folders = environmentVariable("PATH")?.bytes ?? Array("/usr/bin:/bin".utf8)
        for folder in folders.split(separator: 0x3A) {
            let path = RawPath(bytes: Array(folder)).appending(name)
            if access(path.display, X_OK) == 0 { return path }
        }
        throw SystemError("find on the PATH", name.display, code: ENOENT)
    }

    private static func makeFolder() throws(ImagingError) -> RawPath {
        let parent = environmentVariable("TMPDIR") ?? RawPath("/tmp")
        var template = parent.appending("quire-command-XXXXXX").bytes.map { CChar(bitPattern: $0) } + [0]
        guard mkdtemp(&template) != nil else { throw .storage(StorageFault(code: errno, call: "mkdtemp")) }
        return RawPath(bytes: template.dropLast().map { UInt8(bitPattern: $0) })
    }

    private static func remove(_ folder: RawPath) {
        do throws(SystemError) { try FileOperation.removeTree(folder) } catch {
            let text = "quire-worker: \(folder.display) stays behind: \(error)\n"
            _ = Glibc.write(STDERR_FILENO, text, text.utf8.count)
        }
    }
}
