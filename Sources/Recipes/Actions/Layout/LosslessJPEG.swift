/// Turns, cuts or greys a JPEG on its blocks, without decoding it.
public struct LosslessJPEG: Hashable, Sendable {
    public enum Operation: String, CaseIterable, Sendable {
        case auto
        case rotate90 = "rotate-90"
        case rotate180 = "rotate-180"
        case rotate270 = "rotate-270"
        case flipHorizontal = "flip-horizontal"
        case flipVertical = "flip-vertical"
        case transpose, transverse, crop, greyscale
        /// Only codes it anew.
        case none

        /// The Orientation that asks a viewer for the same turn.
        var orientation: Int? {
            switch self {
            case .flipHorizontal: 2
            case .rotate180: 3
            case .flipVertical: 4
            case .transpose: 5
            case .rotate90: 6
            case .transverse: 7
            case .rotate270: 8
            case .auto, .crop, .greyscale, .none: nil
            }
        }
    }

    /// What becomes of columns and rows that fill no block.
    public enum Edges: String, CaseIterable, Sendable {
        case refuse, trim
    }

    public enum Progression: String, CaseIterable, Sendable {
        case keep, yes, no
    }

    public enum Copying: String, CaseIterable, Sendable {
        case all, comments, none
    }

    public var operation: Operation
    public var width: Extent?
    public var height: Extent?
    public var left: Extent?
    public var top: Extent?
    public var gravity: Gravity
    public var edges: Edges
    public var progressive: Progression
    public var optimise: Bool
    public var copy: Copying

    public init(
        _ operation: Operation = .auto, width: Extent? = nil, height: Extent? = nil, left: Extent? = nil, top: Extent? = nil,
        gravity: Gravity = .centre, edges: Edges = .refuse, progressive: Progression = .keep, optimise: Bool = true,
        copy: Copying = .all
    ) {
        self.operation = operation
        self.width = width
        self.height = height
        self.left = left
        self.top = top
        self.gravity = gravity
        self.edges = edges
        self.progressive = progressive
        self.optimise = optimise
        self.copy = copy
    }
}

extension LosslessJPEG: ActionBody {
    public init() { self.init(.auto) }

    public static var name: ActionName { .losslessJPEG }
    public static var family: ActionFamily { .layout }
    public static var summary: String { "Turn, cut or grey a JPEG without encoding its pixels again; auto turns as its Orientation says." }
    public static var mainField: String? { "operation" }
    public static var example: String { "lossless-jpeg: {operation: rotate-90, edges: trim}" }
    public var changesPixels: Bool { false }

    public static var fields: [FieldBinding<LosslessJPEG>] {
        [
            FieldBinding("operation", "What is done; none codes anew only.", \.operation),
            FieldBinding("width", "Of a crop; the rest of the picture if not given.", .extent(from: 1), \.width),
            FieldBinding("height", "Of a crop; the rest of the picture if not given.", .extent(from: 1), \.height),
            FieldBinding("left", "Of a crop: distance from the left side.", .extent(from: 0), \.left),
            FieldBinding("top", "Of a crop: distance from the top.", .extent(from: 0), \.top),
            FieldBinding("gravity", "Where a crop lies, unless left and top say so.", \.gravity),
            FieldBinding(
                "edges",
                "Columns and rows that fill no block cannot be turned, and a crop begins at a block: refuse the file, or trim it to its blocks.",
                \.edges),
            FieldBinding("progressive", "Progressive coding, or as the file has it.", \.progressive),
            FieldBinding("optimise", "Tables made for this picture.", .flag, \.optimise),
            FieldBinding("copy", "All metadata, comments only, or none.", \.copy),
        ]
    }

    public var sentence: String {
        var parts: [String]
        switch operation {
        case .auto: parts = ["turn upright without loss"]
        case .crop: parts = ["crop without loss"]
        case .greyscale: parts = ["take the colours away without loss"]
        case .none: parts = ["code anew without loss"]
        case .rotate90, .rotate180, .rotate270, .flipHorizontal, .flipVertical, .transpose, .transverse:
            parts = ["\(operation.rawValue) without loss"]
        }
        if operation == .crop {
            if width != nil || height != nil { parts[0] += " to \(sizeText(width ?? .percent(100), height ?? .percent(100)))" }
            if let left { parts.append("\(left.spoken) from the left") }
            if let top { parts.append("\(top.spoken) from the top") }
        }
        if edges == .trim { parts.append("trimmed to its blocks") }
        if progressive != .keep { parts.append(progressive == .yes ? "progressive" : "not progressive") }
        switch copy {
        case .all: break
        case .comments: parts.append("of its metadata only comments")
        case .none: parts.append("without metadata")
        }
        return parts.joined(separator: ", ")
    }

    public var problem: RecipeProblem? {
        let isCut = width != nil || height != nil || left != nil || top != nil
        if operation == .crop, !isCut { return .missingField("width or height", of: Self.name.rawValue, accepted: Extent.accepted) }
        if operation != .crop, isCut { return .contradiction("width, height, left and top are of operation: crop") }
        return nil
    }

    public func add(to list: inout StepList) throws(RecipeError) {
        var step = LosslessStep(
            trims: edges == .trim, isGrey: operation == .greyscale, isProgressive: progressive == .keep ? nil : progressive == .yes,
            isOptimised: optimise, copy: copy, isCodedAnew: operation == .none || operation == .greyscale)
        if operation == .auto || operation.orientation != nil {
            step.orientations = [list.standUpright(), operation.orientation ?? 1].filter { $0 != 1 }
            if (operation.orientation ?? 1) >= 5 { list.swapSides() }
        } else if operation == .crop {
            step.area = try area(&list)
            step.storedOrientation = list.storedOrientation
        }
        list.lossless.append(step)
    }

    private func area(_ list: inout StepList) throws(RecipeError) -> LosslessStep.Area {
        func length(_ extent: Extent?, of side: Int, from least: Int, _ field: String) throws(RecipeError) -> Int? {
            guard let extent else { return nil }
            return try list.length(extent, of: side, from: least, field, Self.name)
        }
        let (wide, high) = (list.width, list.height)
        let left = min(try length(self.left, of: wide, from: 0, "left") ?? 0, wide - 1)
        let top = min(try length(self.top, of: high, from: 0, "top") ?? 0, high - 1)
        var area = LosslessStep.Area(left: left, top: top, width: wide - left, height: high - top)
        if let width = try length(width, of: wide, from: 1, "width") { area.width = min(width, area.width) }
        if let height = try length(height, of: high, from: 1, "height") { area.height = min(height, area.height) }
        let offset = gravity.offset(wide - area.width, high - area.height)
        if self.left == nil { area.left = offset.left }
        if self.top == nil { area.top = offset.top }
        list.setSize(area.width, area.height)
        return area
    }
}

/// What `lossless-jpeg` does to one picture, in plain numbers.
public struct LosslessStep: Hashable, Sendable {
    public struct Area: Hashable, Sendable {
        public var left: Int
        public var top: Int
        public var width: Int
        public var height: Int
    }

    public var trims: Bool
    public var isGrey: Bool
    /// Nil as the file is.
    public var isProgressive: Bool?
    public var isOptimised: Bool
    public var copy: LosslessJPEG.Copying
    /// Whether it is coded again though nothing else is done.
    public var isCodedAnew: Bool
    /// Turns one after the other, each as the Orientation (2 to 8) that asks for it. The picture stands upright afterwards; nil
    /// leaves it as it is stored, with its tag.
    public var orientations: [Int]?
    /// Of the upright picture.
    public var area: Area?
    /// The Orientation the picture still has when `area` is cut out.
    public var storedOrientation = 1
}

extension Recipe {
    /// Whether JPEGs are changed on their blocks, and other files refused.
    public var isLosslessJPEG: Bool { actions.contains { $0.body is LosslessJPEG } }

    /// What is done to the blocks of this picture.
    public func losslessSteps(for picture: PictureFacts) -> LosslessSteps { LosslessSteps(self, picture) }
}

/// The steps of a recipe on one JPEG's blocks, one by one: how large a step leaves the picture, only its blocks tell.
public struct LosslessSteps {
    private var actions: ArraySlice<Action>
    private var list: StepList

    fileprivate init(_ recipe: Recipe, _ picture: PictureFacts) {
        actions = recipe.actions.filter { $0.body is LosslessJPEG }[...]
        list = StepList(picture)
    }

    /// The next step, worked out for the size the last one left; nil after the last.
    public mutating func next() throws(RecipeError) -> LosslessStep? {
        guard let action = actions.popFirst() else { return nil }
        try action.body.add(to: &list)
        return list.lossless.last
    }

    /// Tells how large the last step left the picture as it is stored, in pixels.
    public mutating func settle(width: Int, height: Int) {
        if list.storedOrientation >= 5 { list.setSize(height, width) } else { list.setSize(width, height) }
    }
}
