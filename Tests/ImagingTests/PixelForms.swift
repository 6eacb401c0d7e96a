@testable import Imaging
import Testing

extension Pixels {
    enum Form {
        case grey, rgb, cmyk
    }

    /// By what a pixel means; an alpha is one value more.
    init(_ form: Form, width: Int, alpha: Bool = false, deep: Bool = false, _ values: [Int]) {
        switch form {
        case .grey: self.init(deep ? .deepGrey : .grey, width: width, bands: alpha ? 2 : 1, values)
        case .rgb: self.init(deep ? .deepColour : .colour, width: width, bands: alpha ? 4 : 3, values)
        case .cmyk: self.init(.ink, width: width, bands: alpha ? 5 : 4, values)
        }
    }

    var form: Form {
        switch space {
        case .grey, .deepGrey: .grey
        case .colour, .deepColour: .rgb
        case .ink: .cmyk
        }
    }

    /// What a step makes of it with one of libvips' own profiles in the header.
    func after(profile: String, _ step: (inout Rendering) throws -> Void) throws -> Pixels {
        _ = try image()
        let load = try Operation("profile_load")
        try load.set("name", text: profile)
        var rendering = Rendering(try image(profile: try load.bytes("profile") { Array($0) }))
        try step(&rendering)
        return try Pixels(of: rendering.image)
    }
}
