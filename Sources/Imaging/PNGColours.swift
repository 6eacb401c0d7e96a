private import Glibc
internal import CVips
internal import ImageFiles
internal import JobModel

/// What a PNG without a profile says of its colours besides them, where that is not sRGB: libvips 8.14 reads none of it.
struct PNGColours {
    /// What light was raised to when its samples were made, where they are to be made sRGB's.
    private var gamma: Double?
    /// What the picture is shown without.
    private(set) var ignored: [String] = []

    private static let ofSRGB = 0.45455
    /// Within that libpng takes a gamma for the same.
    private static let tolerance = 0.05
    /// White point and primaries of sRGB, in hundred thousandths (PNG 3rd edition, 11.3.2.1).
    private static let primariesOfSRGB = [31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000]

    init(_ input: InputFile) throws(ImagingError) {
        do throws(ImageFileError) {
            try read(try PNGFile(reading: input), input)
        } catch .unreadable(let reason) {
            throw ImagingError(.unreadable(reason))
        } catch {
            // What is left of a damaged file is shown as libvips sees it.
            (gamma, ignored) = (nil, [])
        }
    }

    private mutating func read(_ file: PNGFile, _ input: InputFile) throws(ImageFileError) {
        func content(_ type: String) throws(ImageFileError) -> [UInt8]? {
            guard let chunk = file.chunks(type).first, chunk.data.count <= 32 else { return nil }
            return try input.read(chunk.data)
        }
        // The chunk that says most counts alone (PNG 3rd edition, 4.3).
        if let code = try content("cICP"), code.count == 4 {
            // BT.709's primaries with sRGB's curve, full range.
            if code == [1, 13, 0, 1] { return }
            ignored.append("cICP")
        }
        guard file.chunks("iCCP").isEmpty, file.chunks("sRGB").isEmpty else { return }
        if let bytes = try content("gAMA"), bytes.count == 4 {
            let stated = Double(Self.number(bytes[...])) / 100_000
            if (0.1...10).contains(stated), abs(stated / Self.ofSRGB - 1) > Self.tolerance, file.bitDepth > 1 || file.colourType == 3 {
                // Too few greys to take each for another.
                if file.colourType == 0, file.bitDepth < 8 { ignored.append("gAMA") } else { gamma = stated }
            }
        }
        let isGrey = file.colourType == 0 || file.colourType == 4
        if !isGrey, let bytes = try content("cHRM"), bytes.count == 32 {
            let stated = (0..<8).map { Self.number(bytes[($0 * 4)..<($0 * 4 + 4)]) }
            if zip(stated, Self.primariesOfSRGB).contains(where: { abs($0 - $1) > 500 }) { ignored.append("cHRM") }
        }
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> Int { bytes.reduce(0) { $0 << 8 | Int($1) } }

    /// The picture with sRGB's own curve instead of the stated gamma.
    func applied(to image: Image) throws(ImagingError) -> Image {
        guard let gamma else { return image }
        let full = image.fullValue
        let values = (0...Int(full)).map { value in
            let light = pow(Double(value) / full, 1 / gamma)
            return Float(full * (light <= 0.0031308 ? 12.92 * light : 1.055 * pow(light, 1 / 2.4) - 0.055))
        }
        let table = try Image(floats: values, width: values.count, height: 1).rounded(to: image.format)
        let mapped = try image.colours().mapped(through: table)
        return try (image.hasAlpha ? mapped.joined(with: try image.alpha()) : mapped).interpreted(as: image.interpretation)
    }
}
