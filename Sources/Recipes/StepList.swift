internal import JobModel
internal import Variables

extension Recipe {
    /// What has to be done to the pixels of this picture before its first save; empty when no action changes it and its bytes can be
    /// copied.
    ///
    /// Sizes round to the nearest pixel, halves up, and are at least 1. A picture that is changed at all is turned upright first,
    /// asked or not (behaviour.md, What happens to a picture). Throws `unanswered` where a text or a length needs what the file has not.
    public func steps(for picture: PictureFacts) throws(RecipeError) -> [PixelStep] { try stages(for: picture)[0] }

    /// What has to be done before each of `saves`, each list going on from what the one before left.
    public func stages(for picture: PictureFacts) throws(RecipeError) -> [[PixelStep]] {
        try worked(for: picture).map(\.steps)
    }

    /// Size in pixels of what the first save writes of this picture.
    public func outputSize(for picture: PictureFacts) throws(RecipeError) -> (width: Int, height: Int) {
        let first = try worked(for: picture)[0]
        guard first.knowsSize else {
            throw RecipeError(.unanswered("width and height are known only when crop has cut off the border"))
        }
        return (first.width, first.height)
    }

    func worked(for picture: PictureFacts) throws(RecipeError) -> [Stage] {
        var list = StepList(picture)
        var stages: [Stage] = []
        for action in actions {
            try list.add(action)
            if action.body is Save { stages.append(list.takeStage()) }
        }
        if stages.isEmpty { stages.append(list.takeStage()) }
        return stages
    }
}

/// What is done before one save.
struct Stage {
    var steps: [PixelStep]
    var width: Int
    var height: Int
    var knowsSize: Bool
    var metadata: [MetadataStep]
}

/// The steps so far and the upright picture they lead to.
public struct StepList {
    private let picture: PictureFacts
    private var isUpright: Bool
    private var steps: [PixelStep] = []
    private var metadata: [MetadataStep] = []
    var wantsUpright = false
    private(set) var width: Int
    private(set) var height: Int
    var hasAlpha: Bool
    private(set) var colourSpace: ColourSpace?
    /// Whether width and height are those of the picture; else only the pixels tell.
    private(set) var knowsSize = true
    /// A size beyond what is allowed that the action at hand asked for.
    private var largest: (width: Int, height: Int)?
    /// Changes of a JPEG's blocks; beside them no step stands.
    var lossless: [LosslessStep] = []

    init(_ picture: PictureFacts) {
        self.picture = picture
        isUpright = picture.orientation == 1
        (width, height) = picture.orientation >= 5 ? (picture.height, picture.width) : (picture.width, picture.height)
        hasAlpha = picture.hasAlpha
        colourSpace = picture.colourSpace
    }

    /// The steps since the last save. Before any step, a picture stays as it is stored, whatever its Orientation.
    ///
    /// Where the size is unknown, the width and height are those of the picture before.
    mutating func takeStage() -> Stage {
        if !isUpright, wantsUpright || !steps.isEmpty {
            steps.insert(.orient(picture.orientation), at: 0)
            isUpright = true
        }
        defer { steps = [] }
        let isTurned = !isUpright && picture.orientation >= 5
        return Stage(
            steps: steps, width: isTurned ? height : width, height: isTurned ? width : height, knowsSize: knowsSize, metadata: metadata)
    }

    mutating func add(_ action: Action) throws(RecipeError) {
        if knowsSize || action.body is any MetadataAction {
            largest = nil
            try action.body.add(to: &self)
            if let largest {
                throw RecipeError(
                    .tooManyPixels(of: action.name.rawValue, width: largest.width, height: largest.height, limit: picture.pixelsMax))
            }
        } else if action.changesPixels {
            steps.append(.later(LaterSteps(action: action, facts: picture)))
        }
    }

    // MARK: What actions are worked out with

    /// A length in pixels, rounded to the nearest, halves up. Throws when the file has not what it is worked out from, and when it
    /// comes out below `least` or beyond all pictures.
    ///
    /// - Parameter side: what a share is of.
    func length(
        _ extent: Extent, of side: Int, from least: Int = 0, _ field: String, _ action: ActionName
    ) throws(RecipeError) -> Int {
        switch extent {
        case .pixels(let count): return max(least, count)
        case .percent(let share): return max(least, share.pixels(of: side))
        case .computed(let expression):
            let exact: Double
            do throws(VariableError) { exact = try expression.number(in: context(side: side)) } catch {
                throw RecipeError(.unanswered("\(field) of \(action.rawValue): \(error)"))
            }
            let count = exact.rounded(.toNearestOrAwayFromZero)
            guard abs(count) <= Double(sidePixelsMax), Int(count) >= least || least == 1 && exact > 0 else {
                let text = "\(field) of \(action.rawValue): '\(expression.text)' comes out as \(plain(exact)) pixels"
                throw RecipeError(.unanswered("\(text); it has to be from \(least) to \(sidePixelsMax)"))
            }
            return max(least, Int(count))
        }
    }

    /// A text with its variables filled in.
    func text(_ template: TextTemplate, _ field: String, _ action: ActionName) throws(RecipeError) -> String {
        do throws(VariableError) { return try template.rendered(in: context(side: max(width, height))) } catch {
            throw RecipeError(.unanswered("\(field) of \(action.rawValue): \(error)"))
        }
    }

    private func context(side: Int) -> ExpressionContext {
        var values = picture.values
        values.plain[.width] = .number(Double(width))
        values.plain[.height] = .number(Double(height))
        values.plain[.aspect] = .number(Double(width) / Double(height))
        values.plain[.dpi] = .number(picture.dpi)
        return ExpressionContext(values: values, side: Double(side), dpi: picture.dpi)
    }

    // MARK: Steps

    mutating func append(_ step: MetadataStep) { metadata.append(step) }

    /// A step that leaves the size as it is.
    mutating func append(_ step: PixelStep) { steps.append(step) }

    // MARK: Without steps

    /// The Orientation the picture still has.
    var storedOrientation: Int { isUpright ? 1 : picture.orientation }

    /// Takes the picture as turned upright, without a step; what Orientation it had.
    mutating func standUpright() -> Int {
        defer { isUpright = true }
        return storedOrientation
    }

    mutating func swapSides() { (width, height) = (height, width) }

    mutating func setSize(_ newWidth: Int, _ newHeight: Int) { (width, height) = (newWidth, newHeight) }

    /// A step after which the picture has this size.
    mutating func append(_ step: PixelStep, width: Int, height: Int) {
        steps.append(step)
        (self.width, self.height) = (width, height)
        let (pixels, isBeyond) = UInt64(width).multipliedReportingOverflow(by: UInt64(height))
        if isBeyond || pixels > picture.pixelsMax { largest = (width, height) }
    }

    mutating func convert(_ space: ColourSpace, by step: PixelStep) {
        if colourSpace != space { steps.append(step) }
        colourSpace = space
    }

    /// After a step that may leave any colours.
    mutating func forgetColourSpace() { colourSpace = nil }

    mutating func resize(_ newWidth: Int, _ newHeight: Int) {
        guard (newWidth, newHeight) != (width, height) else { return }
        append(.resize(width: newWidth, height: newHeight), width: newWidth, height: newHeight)
    }

    /// The largest size of the same shape inside the box.
    mutating func scale(toFit boxWidth: Int, _ boxHeight: Int, enlarge: Bool) {
        if !enlarge, width <= boxWidth, height <= boxHeight { return }
        if boxWidth * height <= boxHeight * width {
            resize(boxWidth, height.scaled(by: boxWidth, over: width))
        } else {
            resize(width.scaled(by: boxHeight, over: height), boxHeight)
        }
    }

    /// Cuts out what of this rectangle lies inside the picture; its corner must.
    mutating func cut(left: Int, top: Int, width newWidth: Int, height newHeight: Int) {
        let size = (width: min(newWidth, width - left), height: min(newHeight, height - top))
        guard size != (width, height) else { return }
        append(.cut(left: left, top: top, width: size.width, height: size.height), width: size.width, height: size.height)
    }

    /// Puts the picture on a canvas of this size; where it fills it there is nothing to do.
    mutating func place(left: Int, top: Int, width newWidth: Int, height newHeight: Int, _ background: Paint) {
        guard (newWidth, newHeight) != (width, height) else { return }
        switch background {
        case .colour(let colour):
            append(.place(left: left, top: top, width: newWidth, height: newHeight, background: colour), width: newWidth, height: newHeight)
        case .transparent:
            append(
                .layout(.place(left: left, top: top, width: newWidth, height: newHeight, .transparent)), width: newWidth, height: newHeight)
            if left > 0 || top > 0 || left + width < newWidth || top + height < newHeight { hasAlpha = true }
        }
    }

    /// A side worked out in fractions, rounded up so that nothing is cut off. Throws for one beyond all pictures.
    func side(_ exact: Double, _ action: ActionName) throws(RecipeError) -> Int {
        // Angles and roots leave a trace above whole numbers.
        let count = (exact - 1e-6).rounded(.up)
        guard count <= Double(sidePixelsMax) else {
            throw RecipeError(.unanswered("\(action.rawValue) would make a side of \(plain(count)) pixels; \(sidePixelsMax) are the most"))
        }
        return max(1, Int(count))
    }

    // MARK: Sizes only pixels tell

    /// A step after which nobody knows the size before it is done: actions behind it are worked out then.
    mutating func append(trim step: LayoutStep) { appendUnsized(.layout(step)) }

    /// A step after which only the pixels tell how large the picture is.
    mutating func appendUnsized(_ step: PixelStep) {
        steps.append(step)
        knowsSize = false
        colourSpace = nil
    }
}

extension Double {
    /// This many percent of a side, in pixels.
    func pixels(of side: Int) -> Int {
        // Bounded, since a hundred canvases of 10,000% each would leave the range of Int.
        Int(Swift.min(Double(side) * self / 100, Double(sidePixelsMax)).rounded(.toNearestOrAwayFromZero))
    }
}

extension Int {
    /// This side times a ratio, at least 1.
    func scaled(by dividend: Int, over divisor: Int) -> Int { Swift.max(1, (2 * self * dividend + divisor) / (2 * divisor)) }
}

extension Gravity {
    /// The same, by percentages where they are given.
    func offset(_ spareWidth: Int, _ spareHeight: Int, _ alignX: Double?, _ alignY: Double?) -> (left: Int, top: Int) {
        let usual = offset(spareWidth, spareHeight)
        func share(_ percent: Double, _ spare: Int) -> Int { Int((Double(spare) * percent / 100).rounded()) }
        return (alignX.map { share($0, spareWidth) } ?? usual.left, alignY.map { share($0, spareHeight) } ?? usual.top)
    }

    static func spoken(_ gravity: Gravity, _ alignX: Double?, _ alignY: Double?) -> String {
        if alignX == nil, alignY == nil { return gravity.rawValue }
        return [alignX.map { "\(plain($0))% from the left" }, alignY.map { "\(plain($0))% from the top" }].compactMap { $0 }
            .joined(separator: " and ")
    }

    /// Where something stands in a room that is larger by these amounts; with negative amounts, how much is cut off there.
    func offset(_ spareWidth: Int, _ spareHeight: Int) -> (left: Int, top: Int) {
        let left: Int
        switch self {
        case .west, .northWest, .southWest: left = 0
        case .east, .northEast, .southEast: left = spareWidth
        case .centre, .north, .south: left = spareWidth / 2
        }
        switch self {
        case .north, .northWest, .northEast: return (left, 0)
        case .south, .southWest, .southEast: return (left, spareHeight)
        case .centre, .west, .east: return (left, spareHeight / 2)
        }
    }
}
