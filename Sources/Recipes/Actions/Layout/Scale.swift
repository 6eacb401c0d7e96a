/// Brings the picture to a size, larger or smaller.
public struct Scale: ActionBody {
    public var width: Extent?
    public var height: Extent?
    /// Of both sides, instead of lengths.
    public var percent: Double?
    public var constrain = true
    public var downOnly = false

    public init() {}

    public init(width: Extent? = nil, height: Extent? = nil, percent: Double? = nil, constrain: Bool = true, downOnly: Bool = false) {
        (self.width, self.height, self.percent, self.constrain, self.downOnly) = (width, height, percent, constrain, downOnly)
    }

    public static var name: ActionName { .scale }
    public static var family: ActionFamily { .layout }
    public static var summary: String { "Make the picture smaller or larger." }
    public static var mainField: String? { "size" }
    public static var example: String { "scale: {size: 240x240, down-only: yes}" }

    public static var fields: [FieldBinding<Scale>] {
        [
            FieldBinding(
                "size", "Width and height in one: 800x600.", .size(percent: true), .optional, read: { _ in nil },
                write: { scale, value in
                    guard case .size(let width, let height) = value else { return }
                    (scale.width, scale.height) = (width, height)
                }),
            FieldBinding("width", "Alone, the height follows.", .extent(from: 1), \.width),
            FieldBinding("height", "Alone, the width follows.", .extent(from: 1), \.height),
            FieldBinding("percent", "Of both sides, instead of lengths.", .number(0.01...10_000), \.percent),
            FieldBinding("constrain", "Whether the picture keeps its shape and fits into the size; without, it is bent to it.", .flag, \.constrain),
            FieldBinding("down-only", "Whether small pictures stay as they are.", .flag, \.downOnly),
        ]
    }

    public init(fields: ActionFields) throws(RecipeError) {
        if fields.has("size"), fields.has("width") || fields.has("height") {
            throw RecipeError(.contradiction("scale takes either size or width and height, not both"))
        }
        self.init()
        fields.fill(&self)
        if let problem { throw RecipeError(problem) }
    }

    public var problem: RecipeProblem? {
        let hasLength = width != nil || height != nil
        if hasLength, percent != nil { return .contradiction("scale takes either a size or percent, not both") }
        if !hasLength, percent == nil { return .missingField("size, width, height or percent", of: Self.name.rawValue, accepted: "800x600 or 50%x50%") }
        return nil
    }

    public var sentence: String {
        let limit = downOnly ? ", never enlarging" : ""
        if let percent { return "scale to \(plain(percent))%\(limit)" }
        switch (width, height) {
        case (let width?, let height?): return "scale \(constrain ? "into" : "exactly to") \(sizeText(width, height))\(limit)"
        case (let width?, nil): return "scale to a width of \(width.spoken)\(limit)"
        case (nil, let height?): return "scale to a height of \(height.spoken)\(limit)"
        case (nil, nil): return "leave the size as it is"
        }
    }

    public func add(to list: inout StepList) throws(RecipeError) {
        if let percent {
            guard !downOnly || percent < 100 else { return }
            return list.resize(max(1, percent.pixels(of: list.width)), max(1, percent.pixels(of: list.height)))
        }
        // Bounded by what a side may have, so that only the other one counts.
        let width = try width.map { width throws(RecipeError) in try list.length(width, of: list.width, from: 1, "width", Self.name) }
        let height = try height.map { height throws(RecipeError) in try list.length(height, of: list.height, from: 1, "height", Self.name) }
        if constrain || width == nil || height == nil {
            list.scale(toFit: width ?? sidePixelsMax, height ?? sidePixelsMax, enlarge: !downOnly)
        } else if let width, let height {
            list.resize(downOnly ? min(width, list.width) : width, downOnly ? min(height, list.height) : height)
        }
    }
}
