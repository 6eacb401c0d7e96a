import CVips
import Foundation
@testable import Imaging
import Testing

/// A picture as plain numbers, small enough to work out by hand what a step makes of it.
struct Pixels: Equatable, CustomStringConvertible {
    enum Space: String, CaseIterable {
        case grey = "b-w"
        case deepGrey = "grey16"
        case colour = "srgb"
        case deepColour = "rgb16"
        case ink = "cmyk"
    }

    var width: Int
    var bands: Int
    var space: Space
    /// Row by row, the bands of a pixel side by side.
    var values: [Int]

    var height: Int { values.count / width / bands }

    init(_ space: Space, width: Int, bands: Int, _ values: [Int]) {
        (self.space, self.width, self.bands, self.values) = (space, width, bands, values)
    }

    /// One band a pixel.
    init(grey values: [Int], width: Int) { self.init(.grey, width: width, bands: 1, values) }

    /// One colour everywhere.
    init(_ space: Space, _ colour: [Int], width: Int, height: Int) {
        self.init(space, width: width, bands: colour.count, Array(repeating: colour, count: width * height).flatMap { $0 })
    }

    var description: String {
        let pixels = stride(from: 0, to: values.count, by: bands).map { place in
            values[place..<place + bands].map(String.init).joined(separator: ",")
        }
        let rows = stride(from: 0, to: pixels.count, by: width).map { pixels[$0..<$0 + width].joined(separator: " ") }
        return "\(width)x\(height) \(space.rawValue)\n" + rows.joined(separator: "\n")
    }

    subscript(x: Int, y: Int) -> [Int] {
        let place = (y * width + x) * bands
        return Array(values[place..<place + bands])
    }

    // MARK: To and from Imaging

    private static let started: Void = oneAtATime.withLock {
        do { try Vips.start(allowedLoaders: []) } catch { fatalError("\(error)") }
    }

    var isDeep: Bool { space == .deepGrey || space == .deepColour }

    /// With a profile in the header, to see whether it stays.
    func image(profile: [UInt8]? = nil) throws -> Image {
        _ = Self.started
        let made: Image
        if isDeep {
            made = try values.map(UInt16.init).withUnsafeBytes { bytes throws in
                try Image(
                    copying: bytes, width: width, height: height, bands: bands, format: VIPS_FORMAT_USHORT, space: space.rawValue)
            }
        } else {
            made = try values.map(UInt8.init).withUnsafeBytes { bytes throws in
                try Image(
                    copying: bytes, width: width, height: height, bands: bands, format: VIPS_FORMAT_UCHAR, space: space.rawValue)
            }
        }
        guard let profile else { return made }
        let own = try made.withOwnHeader(resolution: (3, 3))
        own.setBlob("icc-profile-data", profile)
        return own
    }

    init(of image: Image) throws {
        let isDeep = image.format == VIPS_FORMAT_USHORT
        try #require(isDeep || image.format == VIPS_FORMAT_UCHAR, "a picture of format \(image.format)")
        let space: Space? =
            switch image.interpretation {
            case VIPS_INTERPRETATION_B_W: .grey
            case VIPS_INTERPRETATION_GREY16: .deepGrey
            case VIPS_INTERPRETATION_sRGB: .colour
            case VIPS_INTERPRETATION_RGB16: .deepColour
            case VIPS_INTERPRETATION_CMYK: .ink
            default: nil
            }
        values = try image.withPixels { bytes in
            isDeep ? bytes.bindMemory(to: UInt16.self).map(Int.init) : bytes.map(Int.init)
        }
        self.space = try #require(space, "interpretation \(image.interpretation)")
        (width, bands) = (image.width, image.bands)
    }

    /// What a step makes of it.
    func after(_ step: (inout Rendering) throws -> Void) throws -> Pixels {
        var rendering = Rendering(try image())
        try step(&rendering)
        return try Pixels(of: rendering.image)
    }

    /// The largest difference of a component; nil where size or bands differ.
    func difference(to other: Pixels) -> Int? {
        guard width == other.width, bands == other.bands, values.count == other.values.count else { return nil }
        return zip(values, other.values).map { abs($0 - $1) }.max() ?? 0
    }

    // MARK: The same picture in other forms

    /// Each grey value of 8 bits in another space, so that what is worked out for grey holds there too.
    func spread(to space: Space, alpha: Int? = nil) -> Pixels {
        precondition(self.space == .grey && bands == 1)
        let scale = space == .deepGrey || space == .deepColour ? 257 : 1
        let pixels = values.map { value -> [Int] in
            var pixel: [Int]
            switch space {
            case .grey, .deepGrey: pixel = [value * scale]
            case .colour, .deepColour: pixel = [value * scale, value * scale, value * scale]
            case .ink: pixel = [255 - value, 255 - value, 255 - value, 0]
            }
            if let alpha { pixel.append(alpha * scale) }
            return pixel
        }
        return Pixels(space, width: width, bands: pixels[0].count, pixels.flatMap { $0 })
    }
}
