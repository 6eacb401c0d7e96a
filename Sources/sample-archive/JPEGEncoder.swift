import CVips

/// Pixels as a JPEG file, by libvips.
enum JPEGEncoder {
    struct Refused: Error, CustomStringConvertible {
        let description: String
    }

    /// Starts libvips; once, before the first picture.
    static func start() throws(Refused) {
        guard vips_init("sample-archive") == 0 else { throw refused() }
        vips_concurrency_set(1)
        vips_cache_set_max(0)
    }

    /// `pixels` are `bands` bytes a pixel (1: grey, 3: sRGB), row by row. The file has no EXIF and no colour profile.
    static func encode(_ pixels: [UInt8], width: Int, height: Int, bands: Int, quality: Int) throws(Refused) -> [UInt8] {
        precondition(pixels.count == width * height * bands, "\(pixels.count) bytes are not \(width)x\(height)x\(bands)")
        let encoded = pixels.withUnsafeBytes { bytes -> [UInt8]? in
            guard
                let image = vips_image_new_from_memory(
                    bytes.baseAddress, bytes.count, Int32(width), Int32(height), Int32(bands), VIPS_FORMAT_UCHAR)
            else { return nil }
            defer { g_object_unref(image) }
            image.pointee.Type = bands == 1 ? VIPS_INTERPRETATION_B_W : VIPS_INTERPRETATION_sRGB
            return save(image, quality: quality)
        }
        guard let encoded else { throw refused() }
        return encoded
    }

    private static func save(_ image: UnsafeMutablePointer<VipsImage>, quality: Int) -> [UInt8]? {
        guard var operation = vips_operation_new("jpegsave_buffer") else { return nil }
        defer { g_object_unref(operation) }
        var input = GValue()
        g_value_init(&input, vips_image_get_type())
        g_value_set_object(&input, image)
        g_object_set_property(object(operation), "in", &input)
        g_value_unset(&input)
        let options = UnsafeMutableRawPointer(operation).assumingMemoryBound(to: VipsObject.self)
        guard vips_object_set_from_string(options, "Q=\(quality),subsample-mode=on,strip") == 0 else { return nil }
        let built = withUnsafeMutablePointer(to: &operation) { pointer in
            pointer.withMemoryRebound(to: UnsafeMutablePointer<VipsOperation>?.self, capacity: 1) { vips_cache_operation_buildp($0) }
        }
        guard built == 0 else { return nil }

        var output = GValue()
        g_value_init(&output, vips_blob_get_type())
        g_object_get_property(object(operation), "buffer", &output)
        defer {
            g_value_unset(&output)
            vips_object_unref_outputs(UnsafeMutableRawPointer(operation).assumingMemoryBound(to: VipsObject.self))
        }
        var count = 0
        guard let blob = g_value_get_boxed(&output)?.assumingMemoryBound(to: VipsBlob.self),
            let bytes = vips_blob_get(blob, &count)
        else { return nil }
        return Array(UnsafeRawBufferPointer(start: bytes, count: count))
    }

    private static func object(_ operation: UnsafeMutablePointer<VipsOperation>) -> UnsafeMutablePointer<GObject> {
        UnsafeMutableRawPointer(operation).assumingMemoryBound(to: GObject.self)
    }

    private static func refused() -> Refused {
        guard let text = vips_error_buffer_copy() else { return Refused(description: "libvips gave no reason") }
        defer { g_free(text) }
        return Refused(description: String(cString: text))
    }
}

/// What libvips asks of every thread that used it and was not made by it.
func vipsThreadEnds() { vips_thread_shutdown() }
