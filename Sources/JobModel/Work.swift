/// How much of a damaged file is accepted.
public enum DamagePolicy: String, Sendable {
    case fail
    /// Keep what decodes and mark the output (`--accept-damaged`).
    case accept
}

/// What a picture may cost before it is refused from its header.
public struct WorkLimits: Hashable, Sendable {
    /// Width x height x pages.
    public var pixelsMax: UInt64 = 2_000_000_000
    public var fileBytesMax: UInt64 = 16 << 30
    /// Names of untrusted loaders the user allowed (`--allow-loader svg,pdf,magick,...`).
    public var allowedLoaders: [String] = []
    public init() {}
}

/// What a worker is asked to do with one input.
public enum WorkKind: Hashable, Sendable {
    /// Run the job's recipe and leave temp files (and PDF-ready pages if `pages`).
    case process(ProcessOrder)
    /// Lossless PDF pages of the input as it is (`quire pdf`): page facts, spool files only where the PDF cannot carry the bytes.
    case page(PageOrder)
    /// Read the header and metadata only: what `quire inspect`, `--sort date` and names with sizes need.
    case probe
    /// A JPEG of at most this many pixels a side for the report; damage is tolerated.
    case thumbnail(sidePixelsMax: Int)
    /// Make the canary set, run it through the job's recipe and tell one digest of all that came out: hosts with equal
    /// digests make equal bytes (architecture, section 5). The order's input is not looked at.
    case fingerprint(FingerprintOrder)
    /// Run the job's program once.
    case program(ProgramOrder)
    /// Put small pictures together on a sheet, a temp file in its folder. The order's input is not looked at.
    case sheet(SheetOrder)
}

extension WorkKind {
    /// Where the files that a report names begin; nil where none are made. Those of further saves may lie elsewhere.
    public var folder: RawPath? {
        switch self {
        case .process(let order): order.folder
        case .sheet(let order): order.folder
        case .page, .probe, .thumbnail, .fingerprint, .program: nil
        }
    }

    /// Every folder that outputs are made in, each once.
    public var outputFolders: [RawPath] {
        switch self {
        case .process(let order): Set([order.folder].compactMap(\.self) + order.further.map(\.folder)).sorted()
        case .sheet(let order): [order.folder]
        case .page, .probe, .thumbnail, .fingerprint, .program: []
        }
    }

    /// Where pages lie that no output holds; nil where none are made.
    public var spoolFolder: RawPath? {
        switch self {
        case .process(let order): order.spoolFolder
        case .page(let order): order.spoolFolder
        case .program(let order): order.spoolFolder
        case .probe, .thumbnail, .fingerprint, .sheet: nil
        }
    }
}

/// Where an output goes: the worker writes a temp file into `folder` and never makes a final name.
public struct ProcessOrder: Hashable, Sendable {
    /// Folder that the final name will stand in; it exists. Nil when only the PDF is wanted.
    public var folder: RawPath?
    /// Format of the output, resolved from the input's extension when the recipe says keep.
    public var format: OutputFormat
    /// Whether pages for the PDF are wanted, with `spoolFolder` for bytes that no output holds.
    public var pages: Bool
    public var spoolFolder: RawPath?
    /// Whether the input's digest is wanted (`--manifest`, `--identity digest`).
    public var digestInput: Bool
    /// Whether outputs get a stated time instead of that of their writing.
    public var keepTimes: Bool
    /// The stated times by save, from 0, where a recipe moves them; empty leaves the input's. In nanoseconds since 1970.
    public var movedTimes: [Int64] = []
    /// Where the recipe's saves behind its first go, in their order.
    public var further: [SaveTarget] = []
    /// Where the input stands in the job and its folders; only where the recipe asks for it, since on other hosts its path is scratch.
    public var place: InputPlace?

    public init(folder: RawPath?, format: OutputFormat, pages: Bool, spoolFolder: RawPath?, digestInput: Bool, keepTimes: Bool) {
        self.folder = folder
        self.format = format
        self.pages = pages
        self.spoolFolder = spoolFolder
        self.digestInput = digestInput
        self.keepTimes = keepTimes
    }

    /// The time that outputs of a save get, counted from 0, in nanoseconds since 1970; nil leaves that of their writing.
    public func outputTime(ofSave save: Int, input: InputIdentity) -> Int64? {
        guard keepTimes else { return nil }
        return movedTimes.indices.contains(save) ? movedTimes[save] : input.modifiedNanoseconds
    }

    /// Where files of a save go, counted from 0; nil where it makes none.
    public func folder(ofSave save: Int) -> RawPath? {
        if save == 0 { return folder }
        return further.indices.contains(save - 1) ? further[save - 1].folder : nil
    }
}

/// What the texts of a recipe can ask of an input's place.
public struct InputPlace: Hashable, Sendable {
    /// Below its INPUT folder; the bare name for an INPUT that is a file.
    public var relative: RawPath
    /// The real name of the INPUT folder, or of the folder a file INPUT lies in; may be empty for the root.
    public var inputFolderName: RawPath
    /// Place in the job, from 1.
    public var index: Int
    /// Place in its folder, from 1.
    public var folderIndex: Int

    public init(relative: RawPath, inputFolderName: RawPath, index: Int, folderIndex: Int) {
        self.relative = relative
        self.inputFolderName = inputFolderName
        self.index = index
        self.folderIndex = folderIndex
    }
}

/// Where one more output of the same picture goes.
public struct SaveTarget: Hashable, Sendable {
    /// Folder that the final name will stand in; it exists.
    public var folder: RawPath
    public var format: OutputFormat

    public init(folder: RawPath, format: OutputFormat) {
        self.folder = folder
        self.format = format
    }
}

/// The names of an attempt's files before they have their final ones: `NAME`, `NAME-2` for the second page, `NAME-s2` for the
/// second save of the recipe and `NAME-s2-3` for the third page of that.
public enum TempName {
    /// - Parameters:
    ///   - save: from 0.
    ///   - page: from 0.
    public static func name(_ attempt: RawPath, save: Int, page: Int) -> RawPath {
        let ofSave = save == 0 ? "" : "-s\(save + 1)"
        let ofPage = page == 0 ? "" : "-\(page + 1)"
        return RawPath(bytes: attempt.bytes + Array((ofSave + ofPage).utf8))
    }

    /// Which save a file is of, from 0, by its name.
    public static func save(of name: RawPath, attempt: RawPath) -> Int {
        let rest = name.bytes.dropFirst(attempt.bytes.count)
        guard rest.starts(with: "-s".utf8) else { return 0 }
        let digits = rest.dropFirst(2).prefix { (0x30...0x39).contains($0) }
        return max(1, Int(String(decoding: digits, as: UTF8.self)) ?? 1) - 1
    }
}

public struct PageOrder: Hashable, Sendable {
    public var spoolFolder: RawPath
    public var digestInput: Bool
    /// Whether the recipe's changes to metadata stay away too: they were made to the file before.
    public var keepsMetadata: Bool
    public init(spoolFolder: RawPath, digestInput: Bool, keepsMetadata: Bool = false) {
        self.spoolFolder = spoolFolder
        self.digestInput = digestInput
        self.keepsMetadata = keepsMetadata
    }
}

/// What a fingerprint is taken of: the job's orders as they would be for canaries.
public struct FingerprintOrder: Hashable, Sendable {
    /// An existing folder for scratch; all files made in it are gone when the report comes.
    public var folder: RawPath
    public var work: Work

    public enum Work: Hashable, Sendable {
        /// As `WorkKind.process`, with output files, pages, or both.
        case process(files: Bool, pages: Bool)
        /// As `WorkKind.page`.
        case page
    }

    public init(folder: RawPath, work: Work) {
        self.folder = folder
        self.work = work
    }
}

/// One attempt at one input, as the head orders it and the agent hands it to a worker.
public struct WorkOrder: Hashable, Sendable {
    public var attempt: Attempt
    public var input: RawPath
    /// What the plan saw; a worker that finds something else fails the task as `changed`.
    public var identity: InputIdentity
    public var kind: WorkKind
    /// Name for this attempt's temp and spool files, without a slash; see `TempName` for those behind the first.
    public var tempName: RawPath

    public init(attempt: Attempt, input: RawPath, identity: InputIdentity, kind: WorkKind, tempName: RawPath) {
        self.attempt = attempt
        self.input = input
        self.identity = identity
        self.kind = kind
        self.tempName = tempName
    }
}

/// A whole output file, still under its temp name.
public struct MadeFile: Hashable, Sendable {
    public var temp: RawPath
    /// 1, 2, 3... for a multi-page input whose pages became files of their own, and for a program's declared outputs their
    /// place among them; nil for a single output.
    public var page: Int?
    public var sizeBytes: UInt64
    public var digest: Digest256
    /// True when the bytes equal the input's.
    public var isVerbatim: Bool
    /// Which of the recipe's saves made it, from 0.
    public var save: Int

    public init(temp: RawPath, page: Int?, sizeBytes: UInt64, digest: Digest256, isVerbatim: Bool, save: Int = 0) {
        self.save = save
        self.temp = temp
        self.page = page
        self.sizeBytes = sizeBytes
        self.digest = digest
        self.isVerbatim = isVerbatim
    }
}

/// Something the user should hear of a file that succeeded; counted in the totals and listed in reports.
public enum WorkNote: Hashable, Sendable {
    /// The content is of another kind than the extension says.
    case contentIs(ImageKind)
    /// `--accept-damaged` kept what decoded.
    case damageAccepted(String)
    case alphaFlattened
    /// Only the first of this many frames or pages was used.
    case firstFrameOnly(of: Int)
    /// Bits a component were reduced to 8.
    case depthReduced
    case metadataDropped(String)
    case decoderWarning(String)
    case embeddedPreviewUsed
    /// A camera's raw file without a preview fit to be looked at was developed, though nobody asked for that.
    case developedForLackOfPreview
    /// A medical picture of deep greys names no window: its smallest value became black, its largest white.
    case valuesStretched
    /// Larger than the recipe's `size-max` at the lowest quality, and kept all the same.
    case sizeMissed(String)
    /// The TIFF compression asked for cannot hold this picture.
    case compressionReplaced(String)
    /// `geotag` wrote this place.
    case geotagged(GeotagFact)
    /// Why `geotag` wrote none.
    case notGeotagged(String)
}

/// Where a picture was taken, by a track.
public struct GeotagFact: Hashable, Sendable {
    /// `2024-05-31T15:08:09Z`.
    public var time: String
    /// Millionths of a degree; south and west are negative.
    public var microDegreesNorth: Int64
    public var microDegreesEast: Int64
    public var elevationCentimetres: Int64?
    /// To the nearest point of the track.
    public var metresFromPoint: UInt64

    public init(time: String, microDegreesNorth: Int64, microDegreesEast: Int64, elevationCentimetres: Int64?, metresFromPoint: UInt64) {
        self.time = time
        self.microDegreesNorth = microDegreesNorth
        self.microDegreesEast = microDegreesEast
        self.elevationCentimetres = elevationCentimetres
        self.metresFromPoint = metresFromPoint
    }
}

/// What a header and its metadata say of an input.
public struct ProbeFacts: Hashable, Sendable {
    public var kind: ImageKind
    /// Stored size in pixels of the first page.
    public var width: Int
    public var height: Int
    public var pageCount: Int
    public var bands: Int
    public var bitsPerBand: Int
    public var orientation: Int
    public var hasProfile: Bool
    public var hasAlpha: Bool
    /// As people call the components: `grey`, `grey-alpha`, `rgb`, `rgba`, `cmyk`, else `5 components`.
    public var mode: String
    public var density: Density?
    /// `YYYY:MM:DD HH:MM:SS` of DateTimeOriginal, else DateTimeDigitized, else DateTime.
    public var takenAt: String?
    /// EXIF tags by name as libexif prints them, GPS decimal degrees as `GPSLatitude` and `GPSLongitude`, sorted by name;
    /// then IPTC and XMP tags as `iptc:City` and `xmp:dc:title`.
    public var tags: [Tag]

    public struct Tag: Hashable, Sendable {
        public var name: String
        public var value: String
        public init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    public init(
        kind: ImageKind, width: Int, height: Int, pageCount: Int, bands: Int, bitsPerBand: Int, orientation: Int,
        hasProfile: Bool, hasAlpha: Bool, mode: String, density: Density?, takenAt: String?, tags: [Tag]
    ) {
        self.kind = kind
        self.width = width
        self.height = height
        self.pageCount = pageCount
        self.bands = bands
        self.bitsPerBand = bitsPerBand
        self.orientation = orientation
        self.hasProfile = hasProfile
        self.hasAlpha = hasAlpha
        self.mode = mode
        self.density = density
        self.takenAt = takenAt
        self.tags = tags
    }
}

/// What a task that succeeded made.
public struct FinishedWork: Hashable, Sendable {
    public var files: [MadeFile] = []
    public var pages: [PageFacts] = []
    public var notes: [WorkNote] = []
    public var probe: ProbeFacts?
    /// JPEG bytes of a `thumbnail` task.
    public var thumbnail: [UInt8]?
    public var inputDigest: Digest256?
    /// Of a `fingerprint` task.
    public var fingerprint: Digest256?
    /// Stored width x height x pages decoded; 0 when nothing was decoded.
    public var pixels: UInt64 = 0
    public init() {}
}

public enum WorkOutcome: Hashable, Sendable {
    case finished(FinishedWork)
    case failed(TaskFailure)
    /// What was made could not be stored: never the file's fault, so its task stays to be done.
    case notStored(StorageFault)
}

/// A disk or share that did not take an output.
public struct StorageFault: Hashable, Sendable {
    /// As `errno` has it.
    public var code: Int32
    /// The call that failed, as in its manual page.
    public var call: String
    public init(code: Int32, call: String) {
        self.code = code
        self.call = call
    }
}

/// What an attempt cost.
public struct WorkUsage: Hashable, Sendable {
    public var cpuMicroseconds: UInt64
    public var wallMicroseconds: UInt64
    public var peakMemoryBytes: UInt64
    public static let none = WorkUsage(cpuMicroseconds: 0, wallMicroseconds: 0, peakMemoryBytes: 0)

    public init(cpuMicroseconds: UInt64, wallMicroseconds: UInt64, peakMemoryBytes: UInt64) {
        self.cpuMicroseconds = cpuMicroseconds
        self.wallMicroseconds = wallMicroseconds
        self.peakMemoryBytes = peakMemoryBytes
    }
}

/// The end of one attempt, as the worker or (for a worker that died) its agent tells it.
public struct WorkReport: Hashable, Sendable {
    public var attempt: Attempt
    public var outcome: WorkOutcome
    public var usage: WorkUsage
    /// Of a `program` task whose program was started.
    public var program: ProgramResult?

    public init(attempt: Attempt, outcome: WorkOutcome, usage: WorkUsage, program: ProgramResult? = nil) {
        self.attempt = attempt
        self.outcome = outcome
        self.usage = usage
        self.program = program
    }
}
