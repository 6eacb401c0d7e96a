internal import CVips

/// The form of pixels that a reader of quire's own makes, and pictures of that form.
struct PixelForm {
    var width: Int
    var height: Int
    /// 1 for grey, 3 for sRGB.
    var components: Int
    /// 8 or 16.
    var bits: Int

    private var format: VipsBandFormat { bits == 16 ? VIPS_FORMAT_USHORT : VIPS_FORMAT_UCHAR }
    private var interpretation: VipsInterpretation {
        switch (components, bits) {
        case (1, 16): VIPS_INTERPRETATION_GREY16
        case (1, _): VIPS_INTERPRETATION_B_W
        case (_, 16): VIPS_INTERPRETATION_RGB16
        case (_, _): VIPS_INTERPRETATION_sRGB
        }
    }

    /// A black picture of this form that takes no memory: what there is to know of one before it is decoded.
    func blank() throws(ImagingError) -> Image {
        let black = try Operation("black")
        try black.set("width", width)
        try black.set("height", height)
        try black.set("bands", components)
        let cast = try Operation("cast")
        try cast.set("in", try black.image())
        try cast.set("format", nick: Rendering.nick(of: format))
        let copy = try Operation("copy")
        try copy.set("in", try cast.image())
        let nick =
            switch (components, bits) {
            case (1, 16): "grey16"
            case (1, _): "b-w"
            case (_, 16): "rgb16"
            case (_, _): "srgb"
            }
        try copy.set("interpretation", nick: nick)
        return try copy.image()
    }

    /// A picture of this form whose pixels `fill` writes: components interleaved, in this machine's byte order, rows without gaps.
    func picture(_ fill: (UnsafeMutableRawBufferPointer) throws(ImagingError) -> Void) throws(ImagingError) -> Image {
        var start: UnsafeMutableRawPointer?
        guard
            let made = quire_image_allocate(Int32(width), Int32(height), Int32(components), format, interpretation, &start),
            let start
        else { throw .operation("memory", text: Vips.takeErrorText()) }
        let image = Image(owning: made)
        try fill(UnsafeMutableRawBufferPointer(start: start, count: width * height * components * (bits / 8)))
        return image
    }
}

/// A line of text that a C function fills.
struct FailureText {
    static let bytesMax = 256
    private(set) var text = ""

    /// Lends `body` a buffer and keeps what it wrote there.
    mutating func take<Status>(_ body: (UnsafeMutablePointer<CChar>, Int) -> Status) -> Status {
        var buffer = [CChar](repeating: 0, count: Self.bytesMax)
        let status = buffer.withUnsafeMutableBufferPointer { buffer -> Status? in
            guard let start = buffer.baseAddress else { return nil }
            return body(start, buffer.count)
        }
        guard let status else { preconditionFailure("an array of \(Self.bytesMax) has no address") }
        text = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return status
    }
}
