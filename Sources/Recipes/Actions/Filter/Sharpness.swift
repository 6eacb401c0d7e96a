/// Sharpen through an unsharp mask on lightness.
public struct Sharpening: ActionBody {
    /// Radius of the mask in pixels.
    public var sigma: Double

    public init() { self.init(sigma: 0.5) }
    public init(sigma: Double) { self.sigma = sigma }

    public static var name: ActionName { .sharpen }
    public static var family: ActionFamily { .filter }
    public static var summary: String { "Sharpen the picture." }
    public static var mainField: String? { "sigma" }
    public static var example: String { "sharpen: 1" }

    public static var fields: [FieldBinding<Sharpening>] {
        [FieldBinding("sigma", "Radius of the mask in pixels.", .number(0.01...10), \.sigma)]
    }

    public var sentence: String { "sharpen with sigma \(plain(sigma))" }

    public func add(to list: inout StepList) { list.append(.sharpen(sigma: sigma)) }
}

/// A Gaussian blur.
public struct Blur: ActionBody {
    /// Radius of the Gaussian in pixels.
    public var sigma: Double

    public init() { self.init(sigma: 1) }
    public init(sigma: Double) { self.sigma = sigma }

    public static var name: ActionName { .blur }
    public static var family: ActionFamily { .filter }
    public static var summary: String { "Blur the picture." }
    public static var mainField: String? { "sigma" }
    public static var example: String { "blur: 3" }

    public static var fields: [FieldBinding<Blur>] {
        [FieldBinding("sigma", "Radius of the Gaussian in pixels.", .number(0.01...1000), \.sigma)]
    }

    public var sentence: String { "blur with sigma \(plain(sigma))" }

    public func add(to list: inout StepList) { list.append(.blur(sigma: sigma)) }
}
