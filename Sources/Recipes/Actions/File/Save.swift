public import JobModel

/// How the result is written. A nil field takes the format's default or, for TIFF, the input's own compression.
public struct Save: Hashable, Sendable {
    /// Nil keeps the input's format by the fixed table of behaviour.md.
    public var format: OutputFormat?
    /// 1 to 100 for lossy formats.
    public var quality: Int?
    public var progressive: Bool
    public var lossless: Bool
    public var tiffCompression: TIFFCompression?
    /// 0 to 9 for PNG.
    public var pngCompression: Int?
    public var allFrames: Bool
    /// Of JPEG and AVIF; nil is 4:2:0 below quality 90 and 4:4:4 from there on.
    public var subsampling: ChromaSubsampling?
    /// Of the file, in bytes; the quality is lowered until it fits.
    public var sizeMax: ByteSize?
    /// By how much smaller than `sizeMax` a file may be for the search to stop, in percent.
    public var tolerancePercent: Double
    /// The lowest quality that `sizeMax` may lead to; nil is `Save.defaultQualityMin`.
    public var qualityMin: Int?
    public var sizeMissed: MissedSize
    /// Of a palette PNG; nil is none.
    public var colours: PaletteSize?
    /// Of a palette PNG, in percent.
    public var ditherPercent: Double
    public var nearLossless: Bool
    /// 0 to 9; nil is the format's own.
    public var effort: Int?
    public var layout: TIFFLayout
    public var metadata: SavedMetadata
    /// What this output is called, as `--name` says it; nil for the job's own way.
    public var name: String?
    /// A folder below `-o`, or an absolute one, for this save's outputs.
    public var folder: String?

    public init(
        format: OutputFormat? = nil, quality: Int? = nil, progressive: Bool = false, lossless: Bool = false,
        tiffCompression: TIFFCompression? = nil, pngCompression: Int? = nil, allFrames: Bool = false, name: String? = nil,
        folder: String? = nil, subsampling: ChromaSubsampling? = nil, sizeMax: ByteSize? = nil, tolerancePercent: Double = 5,
        qualityMin: Int? = nil, sizeMissed: MissedSize = .fail, colours: PaletteSize? = nil, ditherPercent: Double = 100,
        nearLossless: Bool = false, effort: Int? = nil, layout: TIFFLayout = .strips, metadata: SavedMetadata = .all
    ) {
        self.format = format
        self.quality = quality
        self.progressive = progressive
        self.lossless = lossless
        self.tiffCompression = tiffCompression
        self.pngCompression = pngCompression
        self.allFrames = allFrames
        self.subsampling = subsampling
        self.sizeMax = sizeMax
        self.tolerancePercent = tolerancePercent
        self.qualityMin = qualityMin
        self.sizeMissed = sizeMissed
        self.colours = colours
        self.ditherPercent = ditherPercent
        self.nearLossless = nearLossless
        self.effort = effort
        self.layout = layout
        self.metadata = metadata
        self.name = name
        self.folder = folder
    }

    public static let defaultQuality = 85
    public static let defaultQualityMin = 20
    /// 12 megapixels in some 4 seconds; libheif's own 4 takes six times as long for a tenth less.
    public static let defaultAVIFEffort = 2
}

/// How many pixels share one pair of colour values.
public enum ChromaSubsampling: String, CaseIterable, Sendable {
    case full = "444"
    /// Two side by side; JPEG only.
    case half = "422"
    /// Two by two.
    case quarter = "420"
}

/// What becomes of a picture that is larger than `size-max` even at the lowest quality.
public enum MissedSize: String, CaseIterable, Sendable {
    /// The file fails.
    case fail
    /// The smallest one is kept, with a note.
    case keep
}

/// The palettes that libvips makes.
public enum PaletteSize: String, CaseIterable, Sendable {
    case two = "2", four = "4", sixteen = "16", all = "256"

    /// Bits a pixel.
    public var depth: Int {
        switch self {
        case .two: 1
        case .four: 2
        case .sixteen: 4
        case .all: 8
        }
    }
}

/// How the pixels of a TIFF lie in it.
public enum TIFFLayout: String, CaseIterable, Sendable {
    case strips, tiles
    /// Tiles, with ever smaller copies behind them.
    case pyramid
}

/// What of the metadata one output gets, of what `strip` and `keep` leave for all.
public enum SavedMetadata: String, CaseIterable, Sendable {
    case all
    case withoutPlace = "no-gps"
    case none
}

public enum TIFFCompression: String, CaseIterable, Sendable {
    case none, lzw, deflate, packbits, jpeg
    case ccittG4 = "g4"
}

extension Save: ActionBody {
    public init() { self.init(format: nil) }

    public static var name: ActionName { .save }
    public static var family: ActionFamily { .file }
    public static var summary: String {
        "How the result is written, as the actions before it left it; without one the result is written at the end."
    }
    public static var mainField: String? { "format" }
    public static var example: String { "save: {format: jpeg, quality: 80, in: web}" }
    public var changesPixels: Bool { false }

    public static var fields: [FieldBinding<Save>] {
        [
            FieldBinding("format", "Keep stays with the input's format.", \.format, absent: "keep"),
            FieldBinding(
                "quality", "Of JPEG, WebP, AVIF, JPEG 2000 and JPEG in TIFF; 85 where pixels change.", .whole(1...100), \.quality),
            FieldBinding("size-max", "Of the file: the quality is lowered until it fits.", .byteSize, \.sizeMax),
            FieldBinding("tolerance", "By how many percent below size-max a file is good enough.", .number(0...50), \.tolerancePercent).silentAtDefault(),
            FieldBinding("quality-min", "The lowest quality size-max may lead to; 20 if not given.", .whole(1...100), \.qualityMin),
            FieldBinding("size-missed", "Where even that is too large: fail, or keep the smallest.", \.sizeMissed).silentAtDefault(),
            FieldBinding(
                "subsampling", "Of the colours of JPEG and AVIF; auto is 420 below quality 90.", \.subsampling, absent: "auto"
            ).silentAtDefault(),
            FieldBinding("progressive", "Progressive JPEG, interlaced PNG.", .flag, \.progressive),
            FieldBinding("lossless", "Lossless WebP or JPEG 2000.", .flag, \.lossless),
            FieldBinding("near-lossless", "WebP whose smallest differences may be smoothed, the less the higher the quality.", .flag, \.nearLossless).silentAtDefault(),
            FieldBinding("effort", "How long the encoder tries: WebP 0 to 6, AVIF (2 if not given) and palettes of PNG 0 to 9.", .whole(0...9), \.effort),
            FieldBinding("compression", "Of TIFF; the input's own if not given.", \.tiffCompression),
            FieldBinding("layout", "Of TIFF: strips, tiles, or tiles in several sizes.", \.layout).silentAtDefault(),
            FieldBinding("colours", "At most so many, in a palette of a PNG.", \.colours),
            FieldBinding("dither", "Of a palette, in percent.", .number(0...100), \.ditherPercent).silentAtDefault(),
            FieldBinding("png-compression", "Effort; 6 where pixels change.", .whole(0...9), \.pngCompression),
            FieldBinding("all-frames", "All frames of an animation, not only the first.", .flag, \.allFrames),
            FieldBinding("metadata", "Of this output, of what strip and keep leave.", \.metadata).silentAtDefault(),
            FieldBinding("name", "What this output is called, such as '{stem}_small.{ext}'; else as --name says.", .text(bytesMax: 4000), \.name),
            FieldBinding("in", "A folder below that of -o, for this output.", .text(bytesMax: 4000), \.folder),
        ]
    }

    public var sentence: String {
        var parts = [format.map { "save as \($0.rawValue)" } ?? "save in the input's own format"]
        let isLossyByName = format != .png && format != .gif && !lossless
        if isLossyByName, let quality { parts.append("quality \(quality)") }
        if let sizeMax {
            parts.append("at most \(sizeMax.bytes) bytes")
            if let qualityMin { parts.append("quality not below \(qualityMin)") }
            if sizeMissed == .keep { parts.append("else the smallest") }
        }
        if let subsampling { parts.append("subsampling \(subsampling.rawValue)") }
        if progressive { parts.append("progressive") }
        if lossless { parts.append("lossless") }
        if nearLossless { parts.append("nearly lossless") }
        if let effort { parts.append("effort \(effort)") }
        if layout != .strips { parts.append("in \(layout.rawValue)") }
        if let colours { parts.append("\(colours.rawValue) colours") }
        if let tiffCompression { parts.append("TIFF compression \(tiffCompression.rawValue)") }
        if format == .png, let pngCompression { parts.append("compression \(pngCompression)") }
        if allFrames { parts.append("all frames") }
        switch metadata {
        case .all: break
        case .withoutPlace: parts.append("without the place")
        case .none: parts.append("without metadata")
        }
        if let name { parts.append("named \(name)") }
        if let folder { parts.append("in \(folder)") }
        return parts.joined(separator: ", ")
    }

    public var problem: RecipeProblem? {
        if let problem = Self.problem(ofFolder: folder) { return problem }
        if let qualityMin {
            guard sizeMax != nil else { return .contradiction("quality-min has a meaning with size-max only") }
            let most = quality ?? Self.defaultQuality
            if qualityMin > most { return .contradiction("quality-min is \(qualityMin), but the quality starts at \(most)") }
        }
        if sizeMax == nil, tolerancePercent != Save().tolerancePercent {
            return .contradiction("tolerance has a meaning with size-max only")
        }
        if sizeMax == nil, sizeMissed != .fail { return .contradiction("size-missed has a meaning with size-max only") }
        if colours == nil, ditherPercent != Save().ditherPercent { return .contradiction("dither has a meaning with colours only") }
        if sizeMax?.bytes == 0 { return .contradiction("size-max is 0 bytes") }
        if format == .avif, lossless {
            return .contradiction("an avif is never quite lossless; use webp or jp2, or quality: 100")
        }
        if format == .avif, subsampling == .half { return .contradiction("avif has subsampling 444 or 420") }
        if format == .webp, let effort, effort > 6 { return .contradiction("effort of webp goes from 0 to 6") }
        if lossless, nearLossless { return .contradiction("give lossless or near-lossless, not both") }
        return nil
    }

    /// Variables in a folder would be a part of its name: what is below it must be known before any input is looked at.
    static func problem(ofFolder folder: String?) -> RecipeProblem? {
        guard let folder, folder.contains("{") else { return nil }
        return .contradiction("'in' takes no variables; they stand in name, which may make folders too: name: '{year}/{stem}.{ext}'")
    }

    public func add(to list: inout StepList) {}
}
