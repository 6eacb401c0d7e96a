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
        return (first.width, first.height)
    }

    private func worked(for picture: PictureFacts) throws(RecipeError) -> [(steps: [PixelStep], width: Int, height: Int)] {
        var list = StepList(picture)
        var stages: [(steps: [PixelStep], width: Int, height: Int)] = []
        for action in actions {
            try action.body.add(to: &list)
            if action.body is Save { stages.append(list.takeStage()) }
        }
        if stages.isEmpty { stages.append(list.takeStage()) }
        return stages
    }
}

/// The steps so far and the upright picture they lead to.
public struct StepList {
    private let picture: PictureFacts
    private var isUpright: Bool
    private var steps: [PixelStep] = []
    var wantsUpright = false
    private(set) var width: Int
    private(set) var height: Int
    var hasAlpha: Bool
    private(set) var colourSpace: ColourSpace?

    init(_ picture: PictureFacts) {
        self.picture = picture
        isUpright = picture.orientation == 1
        (width, height) = picture.orientation >= 5 ? (picture.height, picture.width) : (picture.width, picture.height)
        hasAlpha = picture.hasAlpha
        colourSpace = picture.colourSpace
    }

    /// The steps since the last save. Before any step, a picture stays as it is stored, whatever its Orientation.
    mutating func takeStage() -> (steps: [PixelStep], width: Int, height: Int) {
        if !isUpright, wantsUpright || !steps.isEmpty {
            steps.insert(.orient(picture.orientation), at: 0)
            isUpright = true
        }
        defer { steps = [] }
        return isUpright ? (steps, width, height) : (steps, picture.width, picture.height)
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

    /// A step that leaves the size as it is.
    mutating func append(_ step: PixelStep) { steps.append(step) }

    /// A step after which the picture has this size.
    mutating func append(_ step: PixelStep, width: Int, height: Int) {
        steps.append(step)
        (self.width, self.height) = (width, height)
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

    mutating func place(_ newWidth: Int, _ newHeight: Int, _ gravity: Gravity, _ background: Colour) {
        guard (newWidth, newHeight) != (width, height) else { return }
        let offset = gravity.offset(newWidth - width, newHeight - height)
        append(
            .place(left: offset.left, top: offset.top, width: newWidth, height: newHeight, background: background), width: newWidth,
            height: newHeight)
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
