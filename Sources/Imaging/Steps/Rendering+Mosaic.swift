internal import CVips
internal import Recipes

extension Rendering {
    /// The tiles of one picture that holds them side by side.
    static func tiles(of sheet: Image, across: Int, down: Int) throws(ImagingError) -> [Image] {
        let (across, down) = (min(across, sheet.width), min(down, sheet.height))
        var tiles: [Image] = []
        for row in 0..<down {
            for column in 0..<across {
                let (left, top) = (column * sheet.width / across, row * sheet.height / down)
                tiles.append(
                    try sheet.area(
                        left: left, top: top, width: (column + 1) * sheet.width / across - left,
                        height: (row + 1) * sheet.height / down - top))
            }
        }
        return tiles
    }

    /// Builds the picture from tiles: each cell shows the tile most like it, brought to the cell's colour.
    ///
    /// Nothing is random: of tiles equally alike the first is taken. Transparent pictures are put on white, inks become sRGB, and
    /// the result has 8 bits, as tiles have.
    ///
    /// - Parameter tiles: sRGB of 8 bits, at least one.
    mutating func mosaic(of tiles: [Image], columns: Int, rows: Int, width: Int, height: Int) throws(ImagingError) {
        try makePlain(allowsInk: false)
        try flatten(.white)
        let depth = image.format == VIPS_FORMAT_USHORT ? 1.0 / 257 : 1
        let bands = image.colourBands
        let (columns, rows) = (min(columns, width), min(rows, height))
        // Tiles are compared by so many patches a side; cells of a few pixels have no more to tell than one.
        let patches = image.width >= 4 * columns && image.height >= 4 * rows ? 4 : 1
        let cells = try image.linear([depth], [0]).means(columns: columns * patches, rows: rows * patches)
        // The largest cell; the others leave away a row or column of it.
        let cell = (width: (width + columns - 1) / columns, height: (height + rows - 1) / rows)
        var pictures: [MosaicTile] = []
        for tile in tiles {
            var match = try matched(tile).colours
            if match.format == VIPS_FORMAT_USHORT { match = try match.linear([depth], [0]).rounded(to: VIPS_FORMAT_UCHAR) }
            let small = try match.means(columns: patches, rows: patches)
            let pixels = try match.resized(width: cell.width, height: cell.height).withPixels { [UInt8]($0) }
            pictures.append(MosaicTile(patches: small, pixels: pixels, bands: bands))
        }
        let stride = width * bands
        var made = [UInt8](repeating: 0, count: stride * height)
        for row in 0..<rows {
            for column in 0..<columns {
                var wanted: [Float] = []
                for y in 0..<patches {
                    let start = ((row * patches + y) * columns + column) * patches * bands
                    wanted += cells[start..<(start + patches * bands)]
                }
                let target = MosaicTile.mean(wanted, bands: bands)
                guard let best = pictures.min(by: { $0.distance(to: wanted) < $1.distance(to: wanted) }) else { return }
                let tables = best.tables(for: target)
                let (left, right) = (column * width / columns, (column + 1) * width / columns)
                for y in (row * height / rows)..<((row + 1) * height / rows) {
                    var source = (y - row * height / rows) * cell.width * bands
                    for place in (y * stride + left * bands)..<(y * stride + right * bands) {
                        made[place] = tables[place % bands][Int(best.pixels[source])]
                        source += 1
                    }
                }
            }
        }
        let mosaic = try made.image(width: width, height: height, bands: bands, space: bands == 1 ? "b-w" : "srgb")
        if image.bitsPerBand == 16 { try convertSpace(bands == 1 ? "b-w" : "srgb") }
        // Onto the old picture, for its header.
        image = try image.area(left: 0, top: 0, width: 1, height: 1)
            .embedded(left: 0, top: 0, width: width, height: height, background: nil)
            .inserting(mosaic, left: 0, top: 0)
    }
}

/// A picture that cells of a mosaic may show.
private struct MosaicTile {
    /// A few pixels of it, to compare by.
    let patches: [Float]
    /// As large as a cell.
    let pixels: [UInt8]
    let means: [Float]

    init(patches: [Float], pixels: [UInt8], bands: Int) {
        self.patches = patches
        self.pixels = pixels
        means = Self.mean(patches, bands: bands)
    }

    func distance(to wanted: [Float]) -> Float {
        var sum: Float = 0
        for (one, other) in zip(patches, wanted) { sum += abs(one - other) }
        return sum
    }

    /// What each value becomes, band by band, so that the tile has these means.
    func tables(for target: [Float]) -> [[UInt8]] {
        zip(target, means).map { wanted, own in
            let factor = wanted / max(own, 1)
            return (0..<256).map { UInt8(min(max(Float($0) * factor, 0), 255).rounded()) }
        }
    }

    static func mean(_ values: [Float], bands: Int) -> [Float] {
        (0..<bands).map { band in
            stride(from: band, to: values.count, by: bands).reduce(Float(0)) { $0 + values[$1] } / Float(values.count / bands)
        }
    }
}

extension Image {
    /// The mean of each patch, row by row; of patches smaller than a pixel that pixel.
    fileprivate func means(columns: Int, rows: Int) throws(ImagingError) -> [Float] {
        let (width, height, bands) = (self.width, self.height, self.bands)
        return try cast(to: VIPS_FORMAT_FLOAT).withPixels { bytes in
            let values = bytes.bindMemory(to: Float.self)
            var means: [Float] = []
            means.reserveCapacity(columns * rows * bands)
            for row in 0..<rows {
                let top = row * height / rows
                let bottom = max(top + 1, (row + 1) * height / rows)
                for column in 0..<columns {
                    let left = column * width / columns
                    let right = max(left + 1, (column + 1) * width / columns)
                    for band in 0..<bands {
                        var sum = 0.0
                        for y in top..<bottom {
                            for x in left..<right { sum += Double(values[(y * width + x) * bands + band]) }
                        }
                        means.append(Float(sum / Double((bottom - top) * (right - left))))
                    }
                }
            }
            return means
        }
    }
}

extension [UInt8] {
    fileprivate func image(width: Int, height: Int, bands: Int, space: String) throws(ImagingError) -> Image {
        let made = withUnsafeBytes { bytes in
            Result { () throws(ImagingError) in
                try Image(copying: bytes, width: width, height: height, bands: bands, format: VIPS_FORMAT_UCHAR, space: space)
            }
        }
        return try made.get()
    }
}
