internal import CVips
internal import ImageFiles
internal import JobModel
internal import Recipes

extension Rendering {
    /// Brings pixels of other numbers than 8 or 16 bits to 16, so that they mean greys and colours to every step and format.
    ///
    /// Refuses numbers of which nothing says what is black and what is white: libvips cuts them off, and the picture is black.
    mutating func makeShowable() throws(ImagingError) {
        guard image.format != VIPS_FORMAT_UCHAR, image.format != VIPS_FORMAT_USHORT else { return }
        switch image.interpretation {
        // Their numbers are defined.
        case VIPS_INTERPRETATION_LAB, VIPS_INTERPRETATION_LABS, VIPS_INTERPRETATION_LABQ, VIPS_INTERPRETATION_XYZ,
            VIPS_INTERPRETATION_LCH, VIPS_INTERPRETATION_CMC, VIPS_INTERPRETATION_YXY, VIPS_INTERPRETATION_HSV:
            return
        case VIPS_INTERPRETATION_scRGB:
            return try makeColoursShowable()
        default: break
        }
        let scale: Double
        switch image.format {
        case VIPS_FORMAT_UINT: scale = 1 / 65537
        case VIPS_FORMAT_FLOAT, VIPS_FORMAT_DOUBLE:
            try becomeReadable()
            let range = try image.range()
            guard range.min >= 0, range.max <= 1 else {
                throw unknownNumbers("floating-point numbers from \(range.min) to \(range.max), and only 0 to 1 is black to white")
            }
            scale = 65535
        case VIPS_FORMAT_CHAR, VIPS_FORMAT_SHORT, VIPS_FORMAT_INT:
            throw unknownNumbers("integers with a sign of \(image.bitsPerBand) bits, and nothing says what is black and what white")
        default: throw unknownNumbers("complex numbers")
        }
        notes.append(.decoderWarning("numbers of \(image.bitsPerBand) bits were brought to 16"))
        let isInk = image.interpretation == VIPS_INTERPRETATION_CMYK
        let meant = isInk ? VIPS_INTERPRETATION_CMYK : image.colourBands < 3 ? VIPS_INTERPRETATION_GREY16 : VIPS_INTERPRETATION_RGB16
        image = try image.linear([scale], [0.5]).cast(to: VIPS_FORMAT_USHORT).interpreted(as: meant)
    }

    /// Colours of floating-point numbers, of which 1 is full light and full opacity.
    ///
    /// libvips 8.14 applies a profile to other numbers only, and takes such an opacity for one of 255. They are not looked at
    /// first, so that a large picture need not be held.
    private mutating func makeColoursShowable() throws(ImagingError) {
        let whole = image
        image = try whole.bands(from: 0, count: 3)
        let profile = whole.blob("icc-profile-data")
        if let profile, ICCHeader.isUsable(profile, componentCount: 3) {
            image = try image.inSixteenBits().interpreted(as: VIPS_INTERPRETATION_RGB16)
        } else {
            if profile != nil {
                notes.append(.metadataDropped("ICC profile that does not fit the picture"))
                image = try image.withOwnHeader()
                image.remove("icc-profile-data")
            }
            try convertSpace("rgb16")
        }
        if whole.bands > 3 { image = try image.joined(with: try whole.bands(from: 3, count: whole.bands - 3).inSixteenBits()) }
        notes.append(
            .decoderWarning("numbers of \(whole.bitsPerBand) bits were brought to 16; what is brighter than white, which is 1, was cut off"))
    }

    /// All pixels are looked at before the first is made something of.
    private mutating func becomeReadable() throws(ImagingError) {
        image = try image.inMemory()
        becomeWhole()
    }

    private func unknownNumbers(_ what: String) -> ImagingError {
        let tiff = image.has("icc-profile-data") ? "a TIFF that keeps its profile" : "a TIFF"
        return .file(
            .unsupported,
            "its pixels are \(what); map them to integers without a sign first, or only resize, cut or turn them into \(tiff)")
    }
}

extension PixelStep {
    /// Whether it does the same to numbers of every kind.
    var worksOnAllNumbers: Bool {
        switch self {
        case .orient, .rotate, .flip, .resize, .cut: true
        case .place, .greyscale, .sharpen, .blur, .flatten, .convertColour, .later, .command, .layout, .tone, .filter, .decoration:
            false
        }
    }
}

extension Image {
    /// Numbers of which 1 is full.
    fileprivate func inSixteenBits() throws(ImagingError) -> Image { try linear([65535], [0.5]).cast(to: VIPS_FORMAT_USHORT) }

    /// The smallest and the largest value of all bands.
    fileprivate func range() throws(ImagingError) -> (min: Double, max: Double) {
        let stats = try Operation("stats")
        try stats.set("in", self)
        // The first row is of all bands together; minimum and maximum come first.
        let numbers = try stats.image().numbers()
        return (numbers[0], numbers[1])
    }
}
