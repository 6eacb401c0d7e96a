internal import CVips
internal import ImageFiles
internal import JobModel
internal import Recipes

/// Puts small pictures side by side on white, each with its name below.
struct ContactSheet {
    private let order: SheetOrder

    private static let paper = [255.0, 255.0, 255.0]
    /// Behind the words that stand for a file that cannot be shown.
    private static let absent = [224.0, 224.0, 224.0]
    private static let gapPixels = 8
    private static let captionPixels = 20
    private static let font = "sans 9"
    private static let captionDPI = 96

    init(_ order: SheetOrder) throws(ImagingError) {
        let cells = UInt64(order.cells.count)
        guard (1...SheetOrder.cellsMax).contains(order.cells.count), SheetOrder.cellSideRange.contains(order.cellSide),
            SheetOrder.columnsRange.contains(order.columns),
            cells * UInt64((order.cellSide + 40) * (order.cellSide + 40)) <= UInt64(SheetOrder.pixelsMax)
        else { throw .file(.tooLarge, "a sheet of \(order.cells.count) cells of \(order.cellSide) pixels") }
        self.order = order
    }

    func image() throws(ImagingError) -> Image {
        var cells: [Image] = []
        for cell in order.cells { cells.append(try self.cell(cell)) }
        let join = try Operation("arrayjoin")
        try join.set("in", cells)
        try join.set("across", min(order.columns, cells.count))
        try join.set("shim", Self.gapPixels)
        try join.set("background", Self.paper)
        let sheet = try join.image()
        return try sheet.embedded(
            left: Self.gapPixels, top: Self.gapPixels, width: sheet.width + 2 * Self.gapPixels, height: sheet.height + 2 * Self.gapPixels,
            background: Self.paper)
    }

    private func cell(_ cell: SheetCell) throws(ImagingError) -> Image {
        let side = order.cellSide
        let height = side + (order.hasCaptions ? Self.captionPixels : 0)
        let picture =
            switch cell.content {
            case .picture(let bytes): try self.picture(bytes)
            case .absent(let why): try absent(why, side: side * 3 / 4)
            }
        let placed = try picture.embedded(
            left: (side - picture.width) / 2, top: (side - picture.height) / 2, width: side, height: height, background: Self.paper)
        guard order.hasCaptions, let caption = try caption(cell.caption, width: side) else { return try placed.inMemory() }
        let top = side + max(0, (Self.captionPixels - caption.height) / 2)
        return try placed.inserting(caption, left: max(0, (side - caption.width) / 2), top: top)
            .area(left: 0, top: 0, width: side, height: height).inMemory()
    }

    /// Three components, 8 bits, no larger than a cell.
    private func picture(_ bytes: [UInt8]) throws(ImagingError) -> Image {
        // The bytes are only lent, so that the picture is whole before they go.
        let outcome: Result<Image, ImagingError> = bytes.withUnsafeBytes { buffer in
            do throws(ImagingError) { return .success(try decoded(buffer)) } catch { return .failure(error) }
        }
        return try outcome.get()
    }

    private func decoded(_ bytes: UnsafeRawBufferPointer) throws(ImagingError) -> Image {
        let load = try Operation("jpegload_source")
        try load.set("source", try PixelSource(borrowing: bytes))
        var rendering = Rendering(try load.image())
        if rendering.image.interpretation != VIPS_INTERPRETATION_sRGB { try rendering.convertSpace("srgb") }
        let (width, height) = (rendering.image.width, rendering.image.height)
        let long = max(width, height)
        if long > order.cellSide {
            rendering.image = try rendering.image.resized(
                width: max(1, width * order.cellSide / long), height: max(1, height * order.cellSide / long))
        }
        return try rendering.image.inMemory()
    }

    /// What stands for a file that cannot be shown: a square that says why.
    private func absent(_ why: String, side: Int) throws(ImagingError) -> Image {
        let block = try Self.block(side, Self.absent)
        guard let words = try caption(why, width: side) else { return block }
        let shaded = try words.linear(Self.absent.map { $0 / 255 }, [0, 0, 0]).cast(to: VIPS_FORMAT_UCHAR).interpreted(as: VIPS_INTERPRETATION_sRGB)
        return try block.inserting(shaded, left: max(0, (side - words.width) / 2), top: max(0, (side - words.height) / 2))
            .area(left: 0, top: 0, width: side, height: side)
    }

    private static func block(_ side: Int, _ colour: [Double]) throws(ImagingError) -> Image {
        let black = try Operation("black")
        try black.set("width", side)
        try black.set("height", side)
        try black.set("bands", 3)
        return try black.image().linear([0, 0, 0], colour).cast(to: VIPS_FORMAT_UCHAR).interpreted(as: VIPS_INTERPRETATION_sRGB)
    }

    /// A name as black letters on white, its middle left out where it is too long; nil for one without anything to see.
    private func caption(_ text: String, width: Int) throws(ImagingError) -> Image? {
        var shown = Array(text.unicodeScalars.filter { $0.properties.generalCategory != .control }.map(Character.init).prefix(200))
        for _ in 0..<8 {
            let line = String(shown)
            if line.allSatisfy(\.isWhitespace) { return nil }
            let render = try Operation("text")
            try render.set("text", text: Self.escaped(line))
            try render.set("font", text: Self.font)
            try render.set("dpi", Self.captionDPI)
            let mask = try render.image()
            if mask.width > width, shown.count > 8 {
                let kept = max(6, shown.count * width / mask.width - 2)
                shown = Array(shown.prefix(kept * 2 / 5)) + ["…"] + Array(shown.suffix(kept - kept * 2 / 5))
                continue
            }
            let letters = try mask.complement()
            let join = try Operation("bandjoin")
            try join.set("in", [letters, letters, letters])
            let line3 = try join.image().interpreted(as: VIPS_INTERPRETATION_sRGB)
            return line3.width > width || line3.height > Self.captionPixels
                ? try line3.area(left: 0, top: 0, width: min(width, line3.width), height: min(Self.captionPixels, line3.height)) : line3
        }
        return nil
    }

    /// The operation reads Pango's markup.
    private static func escaped(_ text: String) -> String {
        text.map { character in
            switch character {
            case "&": "&amp;"
            case "<": "&lt;"
            case ">": "&gt;"
            default: String(character)
            }
        }.joined()
    }
}

extension ImageEngine {
    /// Leaves the sheet as a temp file.
    func sheet(_ order: SheetOrder, name: RawPath) throws(ImagingError) -> FinishedWork {
        let image = try ContactSheet(order).image()
        let encoded = try Encoder(format: order.format, save: Save(format: order.format, quality: order.format == .jpeg ? 88 : nil)).encode(image)
        let path = order.folder.appending(name)
        var output = try OutputFile(path, mode: setup.fileMode)
        try output.write(encoded.bytes)
        let facts = try output.finish(modifiedNanoseconds: nil)
        var finished = FinishedWork()
        finished.files = [MadeFile(temp: path, page: nil, sizeBytes: facts.sizeBytes, digest: facts.digest, isVerbatim: false)]
        return finished
    }
}
