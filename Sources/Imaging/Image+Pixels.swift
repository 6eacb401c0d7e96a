internal import CVips

extension Image {
    /// Copies pixels that lie row by row, the bands of a pixel side by side, in the order of bytes of this machine.
    ///
    /// - Parameter space: Nick of the interpretation, such as `srgb`, `b-w` or `grey16`.
    convenience init(
        copying bytes: UnsafeRawBufferPointer, width: Int, height: Int, bands: Int, format: VipsBandFormat, space: String
    ) throws(ImagingError) {
        let count = width * height * bands * Int(vips_format_sizeof(format))
        precondition(bytes.count == count, "\(bytes.count) bytes for \(width)x\(height) pixels of \(bands) bands")
        vips_error_clear()
        guard
            let made = vips_image_new_from_memory_copy(
                bytes.baseAddress, bytes.count, Int32(width), Int32(height), Int32(bands), format)
        else { throw .operation("memory", text: Vips.takeErrorText()) }
        let copy = try Operation("copy")
        try copy.set("in", Image(owning: made))
        try copy.set("interpretation", nick: space)
        self.init(taking: try copy.image())
    }

    /// Copies bytes laid out as `copying` takes them, of no particular space.
    convenience init(raw bytes: [UInt8], width: Int, height: Int, bands: Int, format: VipsBandFormat) throws(ImagingError) {
        let result = bytes.withUnsafeBytes { bytes -> Result<Image, ImagingError> in
            Result { () throws(ImagingError) in
                try Image(copying: bytes, width: width, height: height, bands: bands, format: format, space: "multiband")
            }
        }
        self.init(taking: try result.get())
    }

    /// One band of 8 bits.
    convenience init(grey bytes: [UInt8], width: Int, height: Int) throws(ImagingError) {
        let result = bytes.withUnsafeBytes { bytes -> Result<Image, ImagingError> in
            Result { () throws(ImagingError) in
                try Image(copying: bytes, width: width, height: height, bands: 1, format: VIPS_FORMAT_UCHAR, space: "b-w")
            }
        }
        self.init(taking: try result.get())
    }

    /// One band of floating point.
    convenience init(floats: [Float], width: Int, height: Int) throws(ImagingError) {
        let result = floats.withUnsafeBytes { bytes -> Result<Image, ImagingError> in
            Result { () throws(ImagingError) in
                try Image(copying: bytes, width: width, height: height, bands: 1, format: VIPS_FORMAT_FLOAT, space: "b-w")
            }
        }
        self.init(taking: try result.get())
    }

    /// Another reference to the same image.
    private convenience init(taking other: Image) {
        quire_object_ref(other.pointer)
        self.init(owning: other.pointer)
    }

    /// One colour of the size, space and header of `other`; `values` has one number a band, or one for all.
    static func constant(_ values: [Double], like other: Image) throws(ImagingError) -> Image {
        vips_error_clear()
        guard let made = vips_image_new_from_image(other.pointer, values, Int32(values.count)) else {
            throw .operation("constant", text: Vips.takeErrorText())
        }
        return Image(owning: made)
    }

    /// A kernel for `conv`, row by row; what it sums up is divided by `scale`.
    static func kernel(_ weights: [Double], width: Int, scale: Double = 1) throws(ImagingError) -> Image {
        vips_error_clear()
        let height = weights.count / width
        guard
            let made = vips_image_new_matrix_from_array(Int32(width), Int32(height), weights, Int32(weights.count))
        else { throw .operation("kernel", text: Vips.takeErrorText()) }
        vips_image_set_double(made, "scale", scale)
        return Image(owning: made)
    }

    /// Lends all pixels, rendered into memory: row by row, the bands of a pixel side by side.
    func withPixels<Value>(_ body: (UnsafeRawBufferPointer) -> Value) throws(ImagingError) -> Value {
        let held = try inMemory()
        vips_error_clear()
        guard let start = vips_image_get_data(held.pointer) else { throw .operation("pixels", text: Vips.takeErrorText()) }
        let count = held.width * held.height * held.bands * Int(vips_format_sizeof(held.format))
        return withExtendedLifetime(held) { body(UnsafeRawBufferPointer(start: start, count: count)) }
    }
}
