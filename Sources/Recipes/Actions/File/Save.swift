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
    /// What this output is called, as `--name` says it; nil for the job's own way.
    public var name: String?
    /// A folder below `-o`, or an absolute one, for this save's outputs.
    public var folder: String?

    public init(
        format: OutputFormat? = nil, quality: Int? = nil, progressive: Bool = false, lossless: Bool = false,
        tiffCompression: TIFFCompression? = nil, pngCompression: Int? = nil, allFrames: Bool = false, name: String? = nil,
        folder: String? = nil
    ) {
        self.format = format
        self.quality = quality
        self.progressive = progressive
        self.lossless = lossless
        self.tiffCompression = tiffCompression
        self.pngCompression = pngCompression
        self.allFrames = allFrames
        self.name = name
        self.folder = folder
    }

    public static let defaultQuality = 85
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
            FieldBinding("quality", "Of JPEG, WebP and JPEG in TIFF; 85 where pixels change.", .whole(1...100), \.quality),
            FieldBinding("progressive", "Progressive JPEG, interlaced PNG.", .flag, \.progressive),
            FieldBinding("lossless", "Lossless WebP.", .flag, \.lossless),
            FieldBinding("compression", "Of TIFF; the input's own if not given.", \.tiffCompression),
            FieldBinding("png-compression", "Effort; 6 where pixels change.", .whole(0...9), \.pngCompression),
            FieldBinding("all-frames", "All frames of an animation, not only the first.", .flag, \.allFrames),
            FieldBinding("name", "What this output is called, such as '{stem}_small.{ext}'; else as --name says.", .text(bytesMax: 4000), \.name),
            FieldBinding("in", "A folder below that of -o, for this output.", .text(bytesMax: 4000), \.folder),
        ]
    }

    public var sentence: String {
        var parts = [format.map { "save as \($0.rawValue)" } ?? "save in the input's own format"]
        let isLossyByName = format != .png && format != .gif && !lossless
        if isLossyByName, let quality { parts.append("quality \(quality)") }
        if progressive { parts.append("progressive") }
        if lossless { parts.append("lossless") }
        if let tiffCompression { parts.append("TIFF compression \(tiffCompression.rawValue)") }
        if format == .png, let pngCompression { parts.append("compression \(pngCompression)") }
        if allFrames { parts.append("all frames") }
        if let name { parts.append("named \(name)") }
        if let folder { parts.append("in \(folder)") }
        return parts.joined(separator: ", ")
    }

    public func add(to list: inout StepList) {}
}
