internal import CVips

/// One reference to a libvips image: a header and either pixels or a recipe for making them.
///
/// Not for sharing: all pipelines of a worker run in its one thread of control.
final class Image {
    let pointer: UnsafeMutablePointer<VipsImage>

    /// Takes over one reference.
    init(owning pointer: UnsafeMutablePointer<VipsImage>) {
        self.pointer = pointer
    }

    deinit { quire_object_unref(pointer) }

    var width: Int { Int(vips_image_get_width(pointer)) }
    var height: Int { Int(vips_image_get_height(pointer)) }
    var bands: Int { Int(vips_image_get_bands(pointer)) }
    var format: VipsBandFormat { vips_image_get_format(pointer) }
    var interpretation: VipsInterpretation { vips_image_get_interpretation(pointer) }
    /// libvips takes the last of any number of components for alpha; of several extra ones none is known to be.
    var hasAlpha: Bool { vips_image_hasalpha(pointer) != 0 && bands <= colourBands + 1 }
    /// Components of the colour itself.
    var colourBands: Int {
        switch interpretation {
        case VIPS_INTERPRETATION_CMYK: 4
        case VIPS_INTERPRETATION_B_W, VIPS_INTERPRETATION_GREY16: 1
        default: min(bands, bands < 3 ? 1 : 3)
        }
    }
    var pageCount: Int { max(1, Int(vips_image_get_n_pages(pointer))) }
    /// Pixels a millimetre.
    var resolution: (x: Double, y: Double) { (vips_image_get_xres(pointer), vips_image_get_yres(pointer)) }

    /// Bits a component as stored in memory.
    var bitsPerBand: Int { Int(vips_format_sizeof(format)) * 8 }

    func has(_ field: String) -> Bool { quire_image_has(pointer, field) != 0 }

    func number(_ field: String) -> Int? {
        guard has(field) else { return nil }
        var value: Int32 = 0
        guard vips_image_get_int(pointer, field, &value) == 0 else {
            vips_error_clear()
            return nil
        }
        return Int(value)
    }

    func blob(_ field: String) -> [UInt8]? {
        guard has(field) else { return nil }
        var start: UnsafeRawPointer?
        var count = 0
        guard vips_image_get_blob(pointer, field, &start, &count) == 0, let start else {
            vips_error_clear()
            return nil
        }
        return Array(UnsafeRawBufferPointer(start: start, count: count))
    }

    /// Renders the pixels into memory, so that they can be read in any order; metadata stays.
    func inMemory() throws(ImagingError) -> Image {
        vips_error_clear()
        guard let copy = vips_image_copy_memory(pointer) else { throw .operation("copy", text: Vips.takeErrorText()) }
        return Image(owning: copy)
    }

    /// The same with plain numbers as pixels, where a loader packs several into one (L*a*b*, Radiance).
    func unpacked() throws(ImagingError) -> Image {
        guard vips_image_get_coding(pointer) != VIPS_CODING_NONE else { return self }
        var made: UnsafeMutablePointer<VipsImage>?
        vips_error_clear()
        guard vips_image_decode(pointer, &made) == 0, let made else { throw .operation("decode", text: Vips.takeErrorText()) }
        return Image(owning: made)
    }

    /// A copy whose header may be changed without changing this image's.
    ///
    /// - Parameter resolution: Pixels a millimetre, if they shall be others.
    func withOwnHeader(resolution: (x: Double, y: Double)? = nil) throws(ImagingError) -> Image {
        let copy = try Operation("copy")
        try copy.set("in", self)
        if let resolution {
            try copy.set("xres", resolution.x)
            try copy.set("yres", resolution.y)
        }
        return try copy.image()
    }

    /// Drops a header field; only on an image from `withOwnHeader`.
    func remove(_ field: String) {
        if has(field) { _ = vips_image_remove(pointer, field) }
    }

    /// Drops all header fields but these and those every image has; only on an image from `withOwnHeader`.
    func removeFields(keeping kept: Set<String>) {
        guard let fields = vips_image_get_fields(pointer) else { return }
        defer { g_strfreev(fields) }
        var next = fields
        while let field = next.pointee {
            if !kept.contains(String(cString: field)) { _ = vips_image_remove(pointer, field) }
            next += 1
        }
    }

    /// Only on an image from `withOwnHeader`.
    func setBlob(_ field: String, _ bytes: [UInt8]) {
        bytes.withUnsafeBytes { vips_image_set_blob_copy(pointer, field, $0.baseAddress, $0.count) }
    }

    func setNumber(_ field: String, _ value: Int) {
        vips_image_set_int(pointer, field, Int32(clamping: value))
    }
}

/// Bytes a loader reads from: memory, or an open file.
final class PixelSource {
    let pointer: UnsafeMutablePointer<VipsSource>

    /// Reads from `bytes`, which must live as long as every image made from this source.
    init(borrowing bytes: UnsafeRawBufferPointer) throws(ImagingError) {
        guard let made = vips_source_new_from_memory(bytes.baseAddress, bytes.count) else {
            throw .operation("source", text: Vips.takeErrorText())
        }
        pointer = made
    }

    /// Reads from a duplicate of `descriptor`.
    init(descriptor: Int32) throws(ImagingError) {
        guard let made = vips_source_new_from_descriptor(descriptor) else {
            throw .operation("source", text: Vips.takeErrorText())
        }
        pointer = made
    }

    deinit { quire_object_unref(pointer) }
}
