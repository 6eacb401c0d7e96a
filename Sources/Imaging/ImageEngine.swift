private import Glibc
private import ImageFiles
public import JobModel
private import LinuxSystem
public import Recipes

/// Runs orders on images with libvips, one at a time.
///
/// There is one engine in a process, used by one thread: libvips keeps its settings and its error text per process.
/// Whatever is wrong with a file is part of its report.
public struct ImageEngine {
    let recipe: Recipe
    /// The recipe as if each of its saves were the only one, in their order.
    let saveRecipes: [Recipe]
    let setup: WorkSetup
    /// Whether variables that a picture does not have get some value: so it is for canaries.
    var fillsGaps = false
    let assets: SharedAssets

    /// Starts libvips and reads the recipe.
    public init(setup: WorkSetup) throws(ImagingError) {
        let recipe: Recipe
        do {
            recipe = try Recipe(canonical: setup.recipe)
        } catch {
            throw .unusable("the job's recipe cannot be read: \(error)")
        }
        try self.init(recipe: recipe, setup: setup)
    }

    /// As `init(setup:)` with the recipe read already.
    public init(recipe: Recipe, setup: WorkSetup) throws(ImagingError) {
        guard !recipe.runsCommands || environmentVariable("QUIRE_ALLOW_COMMANDS")?.bytes == Array("yes".utf8) else {
            throw .unusable("the recipe runs another program (command), which was not allowed where this worker was started")
        }
        try Vips.start(allowedLoaders: setup.limits.allowedLoaders)
        self.recipe = recipe
        saveRecipes = recipe.saves.indices.map { recipe.upTo(save: $0) }
        self.setup = setup
        assets = SharedAssets(setup.assets)
    }

    /// `libvips 8.14.1`: what decodes and encodes here.
    public static var version: String { "libvips \(Vips.version)" }

    /// Where libvips has its modules: what a bundle of this worker has to hold too.
    public static var moduleFolder: String { Vips.moduleFolder }

    /// Does what the order asks. A failure of the file is the report's outcome, and its temp files are gone then.
    public func perform(_ order: WorkOrder) -> WorkReport {
        let start = Clock.now
        _ = Vips.takeWarnings()
        let outcome: WorkOutcome
        do throws(ImagingError) {
            var finished = try finish(order)
            for warning in Vips.takeWarnings() { finished.notes.append(.decoderWarning(warning)) }
            outcome = .finished(finished)
        } catch {
            outcome = Self.outcome(of: error)
        }
        Vips.clearErrors()
        return WorkReport(attempt: order.attempt, outcome: outcome, usage: Clock.usage(since: start))
    }

    private func finish(_ order: WorkOrder) throws(ImagingError) -> FinishedWork {
        if case .fingerprint(let fingerprint) = order.kind { return try self.fingerprint(fingerprint, names: order.tempName) }
        if case .sheet(let sheet) = order.kind { return try self.sheet(sheet, name: order.tempName) }
        let input = try InputFile(order)
        var finished: FinishedWork
        switch order.kind {
        case .process(let process): finished = try self.process(order, process, input)
        case .page(let page): finished = try self.pages(order, page, input)
        case .probe: finished = try probe(input)
        case .thumbnail(let side): finished = try thumbnail(input, side: side)
        case .program: throw .file(.unsupported, "programs are run by a minder, not by a worker for pictures")
        case .fingerprint, .sheet: preconditionFailure("taken above, without an input")
        }
        if order.kind.digestsInput, finished.inputDigest == nil { finished.inputDigest = try input.digest() }
        return finished
    }

    /// The kind of an input by its content; of a camera's raw file that looks like a TIFF only a DNG says what it is, of others
    /// the extension tells.
    func kind(of input: InputFile) throws(ImagingError) -> ImageKind {
        guard input.byteCount > 0 else { throw .file(.notImage, "the file is empty") }
        let prefix: [UInt8]
        do throws(ImageFileError) {
            prefix = try input.read(ByteRange(offset: 0, count: min(input.byteCount, UInt64(ImageKind.sniffBytes))))
        } catch {
            throw ImagingError(error)
        }
        guard let kind = ImageKind.of(prefix: prefix, lowercasedExtension: input.path.lowercasedExtension) else {
            let isZero = prefix.allSatisfy { $0 == 0 }
            throw .file(
                .notImage, isZero ? "the file begins with zeros only" : "the first bytes are those of no known image format")
        }
        return kind == .tiff && RawMetadata.isDNG(input) ? .raw : kind
    }

    private static func outcome(of error: ImagingError) -> WorkOutcome {
        switch error {
        case .file(let failure): .failed(failure)
        case .storage(let fault): .notStored(fault)
        case .operation(let name, let text):
            switch DecoderVerdict.reason(for: text) {
            case .memory: .failed(TaskFailure(.memory, "\(name): \(text)"))
            case .tooLarge: .failed(TaskFailure(.tooLarge, "\(name): \(text)"))
            default: .failed(TaskFailure(.unsupported, "\(name): \(text)"))
            }
        case .unusable(let text): .failed(TaskFailure(.unsupported, text))
        }
    }
}

extension ImagingError {
    /// What a recipe cannot do to one picture fails that file.
    init(_ error: RecipeError) {
        if case .tooManyPixels = error.problem {
            self = .file(.tooLarge, "\(error)")
        } else {
            self = .file(.unsupported, "\(error)")
        }
    }
}

extension Recipe {
    /// As `steps(for:)`; what the picture does not have is a failure of its file.
    func steps(of facts: PictureFacts) throws(ImagingError) -> [PixelStep] {
        do throws(RecipeError) { return try steps(for: facts) } catch { throw ImagingError(error) }
    }
}

extension WorkKind {
    fileprivate var digestsInput: Bool {
        switch self {
        case .process(let order): order.digestInput
        case .page(let order): order.digestInput
        case .probe, .thumbnail, .fingerprint, .program, .sheet: false
        }
    }
}

/// What an attempt cost this process.
private enum Clock {
    struct Reading {
        var cpuMicroseconds: UInt64
        var wallMicroseconds: UInt64
        var peakMemoryBytes: UInt64
    }

    static var now: Reading {
        var used = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &used)
        var wall = timespec()
        clock_gettime(CLOCK_MONOTONIC, &wall)
        let cpu = (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1_000_000 + Int(used.ru_utime.tv_usec + used.ru_stime.tv_usec)
        return Reading(
            cpuMicroseconds: UInt64(cpu), wallMicroseconds: UInt64(wall.tv_sec * 1_000_000 + wall.tv_nsec / 1000),
            peakMemoryBytes: UInt64(used.ru_maxrss) * 1024)
    }

    static func usage(since start: Reading) -> WorkUsage {
        let end = now
        return WorkUsage(
            cpuMicroseconds: end.cpuMicroseconds - start.cpuMicroseconds,
            wallMicroseconds: end.wallMicroseconds - start.wallMicroseconds, peakMemoryBytes: end.peakMemoryBytes)
    }
}
