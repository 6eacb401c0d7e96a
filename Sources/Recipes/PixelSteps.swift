/// What the header says of a picture and what decides whether an action changes it.
public struct PictureFacts: Hashable, Sendable {
    /// Stored size in pixels, before `orientation` is applied; at least 1 and below 2^32.
    public var width: Int
    public var height: Int
    /// EXIF orientation 1 to 8; 1 where the file says nothing or nonsense.
    public var orientation: Int
    public var hasAlpha: Bool
    /// Nil when a conversion to any space has something to do: another space, or a profile to convert from.
    public var colourSpace: ColourSpace?

    public init(width: Int, height: Int, orientation: Int = 1, hasAlpha: Bool = false, colourSpace: ColourSpace? = nil) {
        let sides = 1...Int(UInt32.max)
        precondition(sides.contains(width) && sides.contains(height), "a picture of \(width)x\(height) pixels")
        precondition((1...8).contains(orientation), "EXIF orientation \(orientation)")
        self.width = width
        self.height = height
        self.orientation = orientation
        self.hasAlpha = hasAlpha
        self.colourSpace = colourSpace
    }
}

/// One thing to do to the pixels of one picture, every size and place worked out in pixels.
public enum PixelStep: Hashable, Sendable {
    /// Turn upright from this EXIF orientation, 2 to 8. Always first.
    case orient(Int)
    case rotate(QuarterTurn)
    case flip(FlipAxis)
    /// Lies inside the picture.
    case cut(left: Int, top: Int, width: Int, height: Int)
    case resize(width: Int, height: Int)
    /// Put on a canvas of this size with the picture's corner at left and top, which are negative where it is cut off.
    case place(left: Int, top: Int, width: Int, height: Int, background: Colour)
    case greyscale
    case sharpen(sigma: Double)
    case blur(sigma: Double)
    case flatten(background: Colour)
    case convertColour(to: ColourSpace)
}

extension Recipe {
    /// What has to be done to the pixels of this picture; empty when no action changes it and its bytes can be copied.
    ///
    /// Sizes round to the nearest pixel, halves up, and are at least 1. A picture that is changed at all is turned upright first,
    /// asked or not (behaviour.md, What happens to a picture).
    public func steps(for picture: PictureFacts) -> [PixelStep] {
        var work = StepList(picture)
        for action in actions { work.add(action) }
        return work.finished
    }

    /// Size in pixels of what `steps` make of this picture.
    public func outputSize(for picture: PictureFacts) -> (width: Int, height: Int) {
        var work = StepList(picture)
        for action in actions { work.add(action) }
        return work.finished.isEmpty ? (picture.width, picture.height) : (work.width, work.height)
    }
}

/// The steps so far and the upright picture they lead to.
private struct StepList {
    let orientation: Int
    var wantsUpright = false
    var steps: [PixelStep] = []
    var width: Int
    var height: Int
    var hasAlpha: Bool
    var colourSpace: ColourSpace?

    init(_ picture: PictureFacts) {
        orientation = picture.orientation
        (width, height) = orientation >= 5 ? (picture.height, picture.width) : (picture.width, picture.height)
        hasAlpha = picture.hasAlpha
        colourSpace = picture.colourSpace
    }

    var finished: [PixelStep] {
        orientation != 1 && (wantsUpright || !steps.isEmpty) ? [.orient(orientation)] + steps : steps
    }

    mutating func add(_ action: Action) {
        switch action {
        case .autoOrient: wantsUpright = true
        case .rotate(let turn):
            steps.append(.rotate(turn))
            if turn != .half { swap(&width, &height) }
        case .flip(let axis): steps.append(.flip(axis))
        case .crop(let crop): cut(crop)
        case .shrink(let bound):
            switch bound {
            case .longSide(let side): scale(toFit: side, side, enlarge: false)
            case .box(let boxWidth, let boxHeight): scale(toFit: boxWidth, boxHeight, enlarge: false)
            case .percent(let share): resize(pixels(share, of: width), pixels(share, of: height))
            }
        case .fit(let fit): self.fit(fit)
        case .canvas(let canvas):
            place(extent(canvas.width, of: width), extent(canvas.height, of: height), canvas.gravity, canvas.background)
        case .border(let border):
            let line = extent(border.width, of: max(width, height))
            let size = (width: width + 2 * line, height: height + 2 * line)
            steps.append(.place(left: line, top: line, width: size.width, height: size.height, background: border.colour))
            (width, height) = size
        case .greyscale: convert(.grey, by: .greyscale)
        case .sharpen(let sigma): steps.append(.sharpen(sigma: sigma))
        case .blur(let sigma): steps.append(.blur(sigma: sigma))
        case .flatten(let background):
            if hasAlpha { steps.append(.flatten(background: background)) }
            hasAlpha = false
        case .convertColour(let space): convert(space, by: .convertColour(to: space))
        case .strip, .keep, .save: break
        }
    }

    private mutating func convert(_ space: ColourSpace, by step: PixelStep) {
        if colourSpace != space { steps.append(step) }
        colourSpace = space
    }

    private mutating func resize(_ newWidth: Int, _ newHeight: Int) {
        guard (newWidth, newHeight) != (width, height) else { return }
        steps.append(.resize(width: newWidth, height: newHeight))
        (width, height) = (newWidth, newHeight)
    }

    /// The largest size of the same shape inside the box.
    private mutating func scale(toFit boxWidth: Int, _ boxHeight: Int, enlarge: Bool) {
        if !enlarge, width <= boxWidth, height <= boxHeight { return }
        if boxWidth * height <= boxHeight * width {
            resize(boxWidth, rounded(height * boxWidth, by: width))
        } else {
            resize(rounded(width * boxHeight, by: height), boxHeight)
        }
    }

    private mutating func fit(_ fit: Fit) {
        switch fit.mode {
        case .inside: scale(toFit: fit.width, fit.height, enlarge: fit.enlarge)
        case .contain:
            scale(toFit: fit.width, fit.height, enlarge: fit.enlarge)
            place(fit.width, fit.height, fit.gravity, fit.background)
        case .cover:
            let wider = fit.width * height >= fit.height * width
            let target =
                wider
                ? (fit.width, rounded(height * fit.width, by: width)) : (rounded(width * fit.height, by: height), fit.height)
            if fit.enlarge || (target.0 <= width && target.1 <= height) { resize(target.0, target.1) }
            cut(Crop(width: .pixels(fit.width), height: .pixels(fit.height), gravity: fit.gravity))
        }
    }

    /// A part that stands out of the picture is made smaller; one that lies outside becomes the nearest row or column.
    private mutating func cut(_ crop: Crop) {
        let newWidth = min(extent(crop.width, of: width), width)
        let newHeight = min(extent(crop.height, of: height), height)
        let offset = crop.gravity.offset(width - newWidth, height - newHeight)
        let left = min(crop.left.map { distance($0, of: width) } ?? offset.left, width - 1)
        let top = min(crop.top.map { distance($0, of: height) } ?? offset.top, height - 1)
        let size = (width: min(newWidth, width - left), height: min(newHeight, height - top))
        guard size != (width, height) else { return }
        steps.append(.cut(left: left, top: top, width: size.width, height: size.height))
        (width, height) = size
    }

    private mutating func place(_ newWidth: Int, _ newHeight: Int, _ gravity: Gravity, _ background: Colour) {
        guard (newWidth, newHeight) != (width, height) else { return }
        let offset = gravity.offset(newWidth - width, newHeight - height)
        steps.append(.place(left: offset.left, top: offset.top, width: newWidth, height: newHeight, background: background))
        (width, height) = (newWidth, newHeight)
    }

    private func extent(_ extent: Extent, of side: Int) -> Int { max(1, distance(extent, of: side)) }

    private func distance(_ extent: Extent, of side: Int) -> Int {
        switch extent {
        case .pixels(let count): count
        // Bounded, since a hundred canvases of 10,000% each would leave the range of Int.
        case .percent(let share): Int(min(Double(side) * share / 100, Double(sidePixelsMax)).rounded(.toNearestOrAwayFromZero))
        }
    }

    private func pixels(_ share: Double, of side: Int) -> Int { extent(.percent(share), of: side) }

    private func rounded(_ dividend: Int, by divisor: Int) -> Int { max(1, (2 * dividend + divisor) / (2 * divisor)) }
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
