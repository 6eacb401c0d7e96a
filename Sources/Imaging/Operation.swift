private import CVips

/// One libvips operation being set up: made by name, its arguments given by name, then run once.
///
/// An argument the library does not know is an error before GObject sees it, so a newer or older libvips answers
/// with a message instead of a warning on stderr. Results are taken while the operation lives.
struct Operation: ~Copyable {
    private var operation: UnsafeMutablePointer<VipsOperation>
    private let name: String

    init(_ name: String) throws(ImagingError) {
        vips_error_clear()
        guard let made = vips_operation_new(name) else {
            throw .unusable("this libvips has no operation \(name): \(Vips.takeErrorText())")
        }
        operation = made
        self.name = name
    }

    deinit { quire_operation_free(operation) }

    func set(_ key: String, _ number: Int) throws(ImagingError) {
        guard let value = Int32(exactly: number) else { throw .operation(name, text: "\(key) of \(number) is out of range") }
        try check(quire_set_int(operation, key, value), key)
    }

    func set(_ key: String, _ number: Double) throws(ImagingError) {
        try check(quire_set_double(operation, key, number), key)
    }

    func set(_ key: String, _ flag: Bool) throws(ImagingError) {
        try check(quire_set_bool(operation, key, flag ? 1 : 0), key)
    }

    func set(_ key: String, text: String) throws(ImagingError) {
        try check(quire_set_string(operation, key, text), key)
    }

    /// An enumeration's value by its nick, as `vips OPERATION` lists them.
    func set(_ key: String, nick: String) throws(ImagingError) {
        try check(quire_set_nick(operation, key, nick), key)
    }

    func set(_ key: String, _ image: Image) throws(ImagingError) {
        try check(quire_set_object(operation, key, image.pointer), key)
    }

    func set(_ key: String, _ source: PixelSource) throws(ImagingError) {
        try check(quire_set_object(operation, key, source.pointer), key)
    }

    func set(_ key: String, _ numbers: [Double]) throws(ImagingError) {
        try check(quire_set_doubles(operation, key, numbers, Int32(numbers.count)), key)
    }

    func set(_ key: String, _ numbers: [Int]) throws(ImagingError) {
        var values: [Int32] = []
        for number in numbers {
            guard let value = Int32(exactly: number) else { throw .operation(name, text: "\(key) of \(number) is out of range") }
            values.append(value)
        }
        try check(quire_set_ints(operation, key, values, Int32(values.count)), key)
    }

    /// A way of taking values between pixels, by its nick: `nearest`, `bilinear`, `bicubic`.
    func set(_ key: String, interpolation nick: String) throws(ImagingError) {
        guard let made = vips_interpolate_new(nick) else { throw .unusable("this libvips has no interpolation \(nick)") }
        defer { quire_object_unref(made) }
        try check(quire_set_object(operation, key, made), key)
    }

    func set(_ key: String, _ images: [Image]) throws(ImagingError) {
        var pointers: [UnsafeMutablePointer<VipsImage>?] = images.map(\.pointer)
        try check(quire_set_images(operation, key, &pointers, Int32(pointers.count)), key)
    }

    /// Runs the operation; most only build a pipeline, savers pull the pixels through it.
    func run() throws(ImagingError) {
        vips_error_clear()
        guard quire_operation_build(operation) != nil else { throw .operation(name, text: Vips.takeErrorText()) }
    }

    /// Runs the operation and takes its image result.
    func image(_ key: String = "out") throws(ImagingError) -> Image {
        try run()
        guard let made = quire_get_image(operation, key) else { throw .operation(name, text: "no result \(key)") }
        return Image(owning: made)
    }

    /// Runs the operation and lends the bytes it made.
    func bytes<Result>(
        _ key: String = "buffer", _ body: (UnsafeRawBufferPointer) throws(ImagingError) -> Result
    ) throws(ImagingError) -> Result {
        try run()
        guard let blob = quire_get_blob(operation, key) else { throw .operation(name, text: "no result \(key)") }
        defer { quire_blob_unref(blob) }
        var count = 0
        let start = vips_blob_get(blob, &count)
        return try body(UnsafeRawBufferPointer(start: start, count: count))
    }

    /// A whole-number result; call after `run`.
    func number(_ key: String) -> Int { Int(quire_get_int(operation, key)) }

    private func check(_ found: QuireSet, _ key: String) throws(ImagingError) {
        switch found {
        case QUIRE_SET_DONE: return
        case QUIRE_SET_NO_PROPERTY: throw .unusable("\(name) of this libvips has no argument \(key)")
        case QUIRE_SET_WRONG_TYPE: throw .unusable("\(name) of this libvips takes another type for \(key)")
        default: throw .unusable("\(name) of this libvips does not know this value of \(key)")
        }
    }
}
