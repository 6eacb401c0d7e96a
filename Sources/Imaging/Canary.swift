private import CVips
internal import JobModel

/// One picture of the canary set: what a host is judged by before it works.
///
/// Pixels are whole-number arithmetic, so that they are the same everywhere; how they are encoded is part of the judgement.
struct Canary {
    /// Its name as a file, unique in the set.
    var name: String
    /// The encoded file.
    var make: () throws(ImagingError) -> [UInt8]

    /// Large enough that vector code works on whole rows and shrink-on-load has blocks to skip.
    static let side = (width: 256, height: 192)
    static let stripHeight = 24

    /// One picture for each way of decoding and each form of pixels, and for each of `stripWidths` some that are so wide.
    ///
    /// Both lists hold opaque pictures of 8 bits that are no JPEG: only those reach the vector code of libvips.
    static func set(stripWidths: [Int]) -> [Canary] {
        let (width, height) = side
        var set = [
            jpeg("baseline.jpg", .rgb, width, height, orientation: 6),
            jpeg("progressive.jpg", .rgb, width, height, orientation: 3, progressive: true),
            jpeg("grey.jpg", .grey, width, height),
            jpeg("cmyk.jpg", .cmyk, width, height),
            jpeg("profile.jpg", .rgb, width, height, profile: "p3"),
            png("alpha.png", .rgba, width, height, bits: 8),
            png("deep.png", .rgb, width, height, bits: 16),
            tiff("lzw.tif", .rgb, width, height, bits: 8, compression: "lzw"),
            tiff("deep.tif", .grey, width, height, bits: 16, compression: "deflate"),
            bilevel("scan.tif", width, height),
            Canary(name: "lossy.webp") { () throws(ImagingError) in
                try encode("webpsave_buffer", try picture(.rgb, width, height, bits: 8)) { save throws(ImagingError) in try save.set("Q", 80) }
            },
            Canary(name: "frame.gif") { () throws(ImagingError) in
                try encode("gifsave_buffer", try picture(.rgb, width / 4, height / 4, bits: 8)) { _ in }
            },
            Canary(name: "wavelet.jp2") { () throws(ImagingError) in
                try encode("jp2ksave_buffer", try picture(.rgb, width / 2, height / 2, bits: 8)) { save throws(ImagingError) in try save.set("Q", 40) }
            },
            Canary(name: "stored.heic") { StoredCanary.heic },
            Canary(name: "stored.avif") { StoredCanary.avif },
        ]
        // Transparency takes by far the longest to shrink; once is enough.
        if let strip = stripWidths.first { set.append(png("strip-\(strip).png", .rgba, strip, stripHeight, bits: 8)) }
        for strip in stripWidths {
            set += [
                jpeg("strip-\(strip).jpg", .rgb, strip, stripHeight),
                jpeg("strip-grey-\(strip).jpg", .grey, strip, stripHeight, progressive: true),
                tiff("strip-\(strip).tif", .rgb, strip, stripHeight, bits: 8, compression: "lzw"),
                tiff("strip-deep-\(strip).tif", .grey, strip, stripHeight, bits: 16, compression: "lzw"),
            ]
        }
        return set
    }

    // MARK: Files

    private static func jpeg(
        _ name: String, _ form: Form, _ width: Int, _ height: Int, orientation: Int? = nil, progressive: Bool = false,
        profile: String? = nil
    ) -> Canary {
        Canary(name: name) { () throws(ImagingError) in
            var image = try picture(form, width, height, bits: 8)
            if let profile { image = try converted(image, to: profile) }
            if let orientation {
                image = try image.withOwnHeader()
                image.setNumber("orientation", orientation)
            }
            return try encode("jpegsave_buffer", image) { save throws(ImagingError) in
                try save.set("Q", 90)
                try save.set("interlace", progressive)
            }
        }
    }

    private static func png(_ name: String, _ form: Form, _ width: Int, _ height: Int, bits: Int) -> Canary {
        Canary(name: name) { () throws(ImagingError) in
            try encode("pngsave_buffer", try picture(form, width, height, bits: bits)) { save throws(ImagingError) in
                try save.set("compression", 1)
            }
        }
    }

    private static func tiff(_ name: String, _ form: Form, _ width: Int, _ height: Int, bits: Int, compression: String) -> Canary {
        Canary(name: name) { () throws(ImagingError) in
            try encode("tiffsave_buffer", try picture(form, width, height, bits: bits)) { save throws(ImagingError) in
                try save.set("compression", nick: compression)
            }
        }
    }

    private static func bilevel(_ name: String, _ width: Int, _ height: Int) -> Canary {
        Canary(name: name) { () throws(ImagingError) in
            try encode("tiffsave_buffer", try picture(.bilevel, width, height, bits: 8)) { save throws(ImagingError) in
                try save.set("compression", nick: "ccittfax4")
                try save.set("bitdepth", 1)
            }
        }
    }

    private static func encode(
        _ saver: String, _ image: Image, _ settings: (borrowing Operation) throws(ImagingError) -> Void
    ) throws(ImagingError) -> [UInt8] {
        let operation = try Operation(saver)
        try operation.set("in", image)
        try settings(operation)
        return try operation.bytes { bytes in Array(bytes) }
    }

    /// With the profile of this name, one of those libvips brings along.
    private static func converted(_ image: Image, to profile: String) throws(ImagingError) -> Image {
        let operation = try Operation("icc_transform")
        try operation.set("in", image)
        try operation.set("input-profile", text: "srgb")
        try operation.set("output-profile", text: profile)
        return try operation.image()
    }

    // MARK: Pixels

    private enum Form {
        case bilevel, grey, rgb, rgba, cmyk

        var bands: Int {
            switch self {
            case .bilevel, .grey: 1
            case .rgb: 3
            case .rgba, .cmyk: 4
            }
        }
    }

    private static func picture(_ form: Form, _ width: Int, _ height: Int, bits: Int) throws(ImagingError) -> Image {
        let isDeep = bits == 16
        var pixels: [UInt8] = []
        pixels.reserveCapacity(width * height * form.bands * bits / 8)
        for row in 0..<height {
            for column in 0..<width {
                for band in 0..<form.bands {
                    let value = component(form, column, row, band, width, height)
                    if isDeep { pixels.append(UInt8(truncatingIfNeeded: value)) }
                    pixels.append(UInt8(value >> 8))
                }
            }
        }
        let made = pixels.withUnsafeBytes { bytes in
            vips_image_new_from_memory_copy(
                bytes.baseAddress, bytes.count, Int32(width), Int32(height), Int32(form.bands),
                isDeep ? VIPS_FORMAT_USHORT : VIPS_FORMAT_UCHAR)
        }
        guard let made else { throw .operation("canary", text: Vips.takeErrorText()) }
        let copy = try Operation("copy")
        try copy.set("in", Image(owning: made))
        let interpretation =
            switch form {
            case .bilevel, .grey: isDeep ? "grey16" : "b-w"
            case .rgb, .rgba: isDeep ? "rgb16" : "srgb"
            case .cmyk: "cmyk"
            }
        try copy.set("interpretation", nick: interpretation)
        // 150 dpi, so that a page has a size.
        try copy.set("xres", 150 / 25.4)
        try copy.set("yres", 150 / 25.4)
        return try copy.image()
    }

    /// 0 to 65,535: gradients across and down, a chequered band, and fine texture over all for filters to work on.
    private static func component(_ form: Form, _ column: Int, _ row: Int, _ band: Int, _ width: Int, _ height: Int) -> Int {
        let texture = (column &* 2_654_435 &+ row &* 40_503 &+ band &* 7_919) >> 3 & 0x1FFF
        let ground =
            switch band {
            case 0: column * 57_343 / max(1, width - 1)
            case 1: row * 57_343 / max(1, height - 1)
            case 2: (column / 16 + row / 16) % 2 == 0 ? 49_152 : 8_192
            default: (column + row) * 57_343 / max(1, width + height - 2)
            }
        switch form {
        case .bilevel: return (column / 7 + row / 5) % 3 == 0 ? 0 : 65_535
        case .grey, .rgb, .rgba, .cmyk: return ground + texture
        }
    }
}
