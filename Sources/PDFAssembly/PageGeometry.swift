import JobModel

/// Where a picture stands on its page; all lengths in thousandths of a page unit (1/72 inch times `userUnit`).
struct PageLayout: Hashable, Sendable {
    var width: Int
    var height: Int
    var userUnit: Int
    /// The upright picture's lower left corner and size.
    var x: Int
    var y: Int
    var pictureWidth: Int
    var pictureHeight: Int
}

/// Turns pixels, resolution and the user's wishes into page sizes, in integers only (behaviour.md, The PDF).
struct PageGeometry: Sendable {
    private let pageSize: PageSize
    private let margin: Int
    private let dotsPerInch: Int?

    /// Sides of a page that every viewer shows (ISO 32000-1, annex C), in thousandths of a unit.
    static let sideMax = 14_400_000
    static let sideMin = 3_000

    static let a4 = PageLayout(
        width: 595_276, height: 841_890, userUnit: 1, x: 0, y: 0, pictureWidth: 595_276, pictureHeight: 841_890)

    /// The long side of a picture that states no size of its own: 297 mm.
    private static let longSide = 841_890
    /// Resolutions that scanners state and that mean a physical size, in thousandths of a dot per inch.
    private static let scannerMilliDPI: ClosedRange<UInt32> = 100_000...2_400_000

    init(_ settings: PDFSettings) throws(PDFError) {
        pageSize = settings.pageSize
        margin = settings.margin.milliPoints
        dotsPerInch = settings.dotsPerInch
        guard (0...Self.sideMax).contains(margin) else { throw .invalidSettings("a margin of \(margin) thousandths of a point") }
        if let dotsPerInch, !(1...100_000).contains(dotsPerInch) { throw .invalidSettings("\(dotsPerInch) dots per inch") }
        switch settings.pageSize {
        case .auto: break
        case .paper(let width, let height):
            let sides = [width.milliPoints, height.milliPoints]
            guard sides.allSatisfy({ (Self.sideMin...1_000_000_000).contains($0) }) else {
                throw .invalidSettings("a paper of \(sides[0]) by \(sides[1]) thousandths of a point")
            }
            guard sides.allSatisfy({ $0 - 2 * margin >= 1_000 }) else {
                throw .invalidSettings("the margin leaves no room on the paper")
            }
        }
    }

    /// The page of a picture whose facts were found valid.
    func layout(of facts: PageFacts) -> PageLayout {
        let isTurned = facts.orientation >= 5
        let pixels = isTurned ? (facts.height, facts.width) : (facts.width, facts.height)
        let density = facts.density.map {
            isTurned ? ($0.verticalMilliDPI, $0.horizontalMilliDPI) : ($0.horizontalMilliDPI, $0.verticalMilliDPI)
        }
        let shape = Self.shape(pixels, facts.isFromCamera ? nil : density)
        switch pageSize {
        case .auto:
            let picture: (Int, Int)
            if let dotsPerInch {
                picture = (scaled(pixels.0, 72_000, over: dotsPerInch), scaled(pixels.1, 72_000, over: dotsPerInch))
            } else if let density, !facts.isFromCamera, Self.scannerMilliDPI.contains(density.0),
                Self.scannerMilliDPI.contains(density.1)
            {
                picture = (scaled(pixels.0, 72_000_000, over: Int(density.0)), scaled(pixels.1, 72_000_000, over: Int(density.1)))
            } else {
                picture = Self.fit(shape, into: (Self.longSide, Self.longSide))
            }
            return Self.page((picture.0 + 2 * margin, picture.1 + 2 * margin), picture)
        case .paper(let width, let height):
            var paper = (width.milliPoints, height.milliPoints)
            if (shape.0 > shape.1 && paper.0 < paper.1) || (shape.0 < shape.1 && paper.0 > paper.1) { paper = (paper.1, paper.0) }
            return Self.page(paper, Self.fit(shape, into: (paper.0 - 2 * margin, paper.1 - 2 * margin)))
        }
    }

    /// A blank page for a placeholder, when no page before it gives its size.
    var blank: PageLayout {
        switch pageSize {
        case .auto: Self.a4
        case .paper(let width, let height):
            Self.page((width.milliPoints, height.milliPoints), (width.milliPoints, height.milliPoints))
        }
    }

    /// The content stream that paints image `/I` upright: EXIF orientation as a matrix (pdf.md, section 3.1).
    static func content(_ layout: PageLayout, orientation: Int) -> [UInt8] {
        let (x, y, w, h) = (layout.x, layout.y, layout.pictureWidth, layout.pictureHeight)
        let matrix =
            switch orientation {
            case 2: [-w, 0, 0, h, x + w, y]
            case 3: [-w, 0, 0, -h, x + w, y + h]
            case 4: [w, 0, 0, -h, x, y + h]
            case 5: [0, -h, -w, 0, x + w, y + h]
            case 6: [0, -h, w, 0, x, y + h]
            case 7: [0, h, w, 0, x, y]
            case 8: [0, h, -w, 0, x + w, y]
            default: [w, 0, 0, h, x, y]
            }
        var text = ObjectText()
        text.put("q ")
        for value in matrix {
            text.put(thousandths: value)
            text.put(" ")
        }
        text.put("cm /I Do Q")
        return text.bytes
    }

    /// Width to height of the upright picture; pixels that are not square count with their shape.
    private static func shape(_ pixels: (Int, Int), _ density: (UInt32, UInt32)?) -> (Int, Int) {
        guard let density, density.0 != density.1 else { return pixels }
        let (low, high) = (min(density.0, density.1), max(density.0, density.1))
        guard low >= 1, high <= 100_000_000, high / low < 10 else { return pixels }
        return (pixels.0 * Int(density.1), pixels.1 * Int(density.0))
    }

    /// The largest size of this shape within `room`, in both directions at least one thousandth.
    private static func fit(_ shape: (Int, Int), into room: (Int, Int)) -> (Int, Int) {
        if UInt128(shape.0) * UInt128(room.1) >= UInt128(shape.1) * UInt128(room.0) {
            (room.0, scaled(room.0, shape.1, over: shape.0))
        } else {
            (scaled(room.1, shape.0, over: shape.1), room.1)
        }
    }

    /// Centres the picture; scales a page beyond 14,400 units by a user unit, and widens one below 3.
    private static func page(_ page: (Int, Int), _ picture: (Int, Int)) -> PageLayout {
        let unit = max(1, (max(page.0, page.1) + sideMax - 1) / sideMax)
        func inUnits(_ length: Int) -> Int { max(1, scaled(length, 1, over: unit)) }
        let size = (min(sideMax, max(sideMin, inUnits(page.0))), min(sideMax, max(sideMin, inUnits(page.1))))
        let image = (min(size.0, inUnits(picture.0)), min(size.1, inUnits(picture.1)))
        return PageLayout(
            width: size.0, height: size.1, userUnit: unit, x: (size.0 - image.0) / 2, y: (size.1 - image.1) / 2,
            pictureWidth: image.0, pictureHeight: image.1)
    }
}

/// `value * factor / divisor` rounded to the nearest, at least 1; all are positive and the result fits by the limits on them.
private func scaled(_ value: Int, _ factor: Int, over divisor: Int) -> Int {
    max(1, Int((UInt128(value) * UInt128(factor) + UInt128(divisor / 2)) / UInt128(divisor)))
}
