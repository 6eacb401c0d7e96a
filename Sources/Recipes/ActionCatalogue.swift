import JobModel

/// Every action once: what the parser, the canonical encoding, the help and the error messages all read.
public enum ActionCatalogue {
    /// In the order of the help; `description(of:)` relies on one entry for every `ActionName`.
    public static let actions: [ActionDescription] = ActionName.allCases.map(description)

    public static func description(of name: ActionName) -> ActionDescription {
        switch name {
        case .autoOrient: ActionDescription(name, "Turn the picture as its Orientation says and reset the tag.")
        case .rotate:
            ActionDescription(
                name, "Turn the picture clockwise.", main: "degrees",
                [Field("degrees", "By how much.", .choice(QuarterTurn.allCases.map { "\($0.rawValue)" }), .required)])
        case .flip:
            ActionDescription(
                name, "Mirror the picture.", main: "axis",
                [Field("axis", "Which sides change places.", .choice(words(FlipAxis.self)), .required)])
        case .crop:
            ActionDescription(
                name, "Cut out a part of the picture.", main: "size",
                box(percent: true) + [
                    gravity("Where the part lies, unless left and top say so."),
                    Field("left", "Distance from the left side.", .extent(from: 0), .optional),
                    Field("top", "Distance from the top.", .extent(from: 0), .optional),
                ])
        case .shrink:
            ActionDescription(
                name, "Make the picture smaller; it is never enlarged.", main: "to",
                [Field("to", "The bound.", .bound, .required)])
        case .fit:
            ActionDescription(
                name, "Bring the picture to a size.", main: "size",
                box(percent: false) + [
                    Field(
                        "mode", "Fill and cut off, fit and fill up, or only fit.", .choice(words(Fit.Mode.self)), .fixed("cover")),
                    gravity("Which part stays or where the picture stands."), background,
                    Field("enlarge", "Whether small pictures grow.", .flag, .fixed("yes")),
                ])
        case .canvas:
            ActionDescription(
                name, "Put the picture, unscaled, on a canvas; what stands out is cut off.", main: "size",
                box(percent: true) + [gravity("Where the picture stands."), background])
        case .border:
            ActionDescription(
                name, "Put a border around the picture.", main: "width",
                [
                    Field("width", "On every side; a share is of the long side.", .extent(from: 1), .required),
                    Field("colour", "Of the border.", .colour, .fixed(Colour.black.text)),
                ])
        case .greyscale: ActionDescription(name, "Take the colours away.")
        case .sharpen:
            ActionDescription(
                name, "Sharpen the picture.", main: "sigma",
                [Field("sigma", "Radius of the mask in pixels.", .number(0.01...10), .fixed("0.5"))])
        case .blur:
            ActionDescription(
                name, "Blur the picture.", main: "sigma",
                [Field("sigma", "Radius of the Gaussian in pixels.", .number(0.01...1000), .fixed("1"))])
        case .flatten:
            ActionDescription(name, "Put a transparent picture on a background.", main: "background", [background])
        case .convertColour:
            ActionDescription(
                name, "Convert the colours, through the profile where there is one.", main: "to",
                [Field("to", "The colour space.", .choice(words(ColourSpace.self)), .required)])
        case .strip:
            ActionDescription(
                name, "Drop metadata without changing how the picture looks.", main: "what",
                [Field("what", "Nothing, the place only, or everything.", .choice(words(StripPolicy.self)), .required)])
        case .keep:
            ActionDescription(
                name, "Keep only these kinds of metadata.", main: "kinds",
                [Field("kinds", "What stays.", .choices(words(MetadataKind.self)), .required)])
        case .save: save
        }
    }

    private static let save = ActionDescription(
        .save, "How the result is written; the last action.", main: "format",
        [
            Field("format", "Keep stays with the input's format.", .choice(["keep"] + words(OutputFormat.self)), .fixed("keep")),
            Field("quality", "Of JPEG, WebP and JPEG in TIFF; 85 where pixels change.", .whole(1...100), .optional),
            Field("progressive", "Progressive JPEG, interlaced PNG.", .flag, .fixed("no")),
            Field("lossless", "Lossless WebP.", .flag, .fixed("no")),
            Field("compression", "Of TIFF; the input's own if not given.", .choice(words(TIFFCompression.self)), .optional),
            Field("png-compression", "Effort; 6 where pixels change.", .whole(0...9), .optional),
            Field("all-frames", "All frames of an animation, not only the first.", .flag, .fixed("no")),
        ])

    private static let background = Field("background", "Colour behind the picture.", .colour, .fixed(Colour.white.text))

    private static func gravity(_ summary: String) -> Field {
        Field("gravity", summary, .choice(words(Gravity.self)), .fixed(Gravity.centre.rawValue))
    }

    private static func box(percent: Bool) -> [Field] {
        let side: FieldKind = percent ? .extent(from: 1) : .whole(1...sidePixelsMax)
        return [
            Field("size", "Width and height in one: 800x600.", .size(percent: percent), .optional),
            Field("width", "Instead of size, with height.", side, .optional),
            Field("height", "Instead of size, with width.", side, .optional),
        ]
    }

    private static func words<Choice: CaseIterable & RawRepresentable<String>>(_ type: Choice.Type) -> [String] {
        type.allCases.map(\.rawValue)
    }

    private typealias Field = FieldDescription
}

/// The name of an action in a recipe file.
public enum ActionName: String, CaseIterable, Sendable {
    case autoOrient = "auto-orient"
    case rotate, flip, crop, shrink, fit, canvas, border, greyscale, sharpen, blur, flatten
    case convertColour = "convert-colour"
    case strip, keep, save
}

public struct ActionDescription: Sendable {
    public let name: ActionName
    /// One sentence.
    public let summary: String
    /// The field that `name: value` sets; nil for an action without fields.
    public let mainField: String?
    public let fields: [FieldDescription]

    init(_ name: ActionName, _ summary: String, main: String? = nil, _ fields: [FieldDescription] = []) {
        self.name = name
        self.summary = summary
        self.mainField = main
        self.fields = fields
    }
}

public struct FieldDescription: Sendable {
    public enum Presence: Hashable, Sendable {
        case required
        /// May be left away, which has a meaning of its own.
        case optional
        /// Left away it is this, in the field's own spelling.
        case fixed(String)
    }

    public let name: String
    /// One sentence.
    public let summary: String
    public let kind: FieldKind
    public let presence: Presence

    init(_ name: String, _ summary: String, _ kind: FieldKind, _ presence: Presence) {
        self.name = name
        self.summary = summary
        self.kind = kind
        self.presence = presence
    }
}
