/// The effects that Phatch had ImageMagick make; those a few operations make are made here.
public struct ImageMagickEffect: ActionBody {
    public enum Effect: String, CaseIterable, Hashable, Sendable {
        case blur, charcoal
        case motionBlur = "motion-blur"
        case pencilSketch = "pencil-sketch"
        case paint, polaroid, shadow, sharpen
        case sigmoidalContrast = "sigmoidal-contrast"
        case unsharp, wave, bullet
        case edge = "3d-edge"
    }

    public var effect = Effect.polaroid
    public var sigma = 3.0
    /// In degrees, clockwise; each effect that has one has its own default.
    public var angle: Int?
    /// In pixels.
    public var radius = 4
    public var factor = 10.0
    /// In percent.
    public var threshold = 50
    public var height = Extent.pixels(10)
    public var length = Extent.pixels(100)
    public var colour = Colour.black
    public var background = Paint.colour(.white)
    public var amount = 100

    public init() {}

    public static var name: ActionName { .imagemagick }
    public static var family: ActionFamily { .filter }
    public static var summary: String { "Effects as ImageMagick has them, made without it." }
    public static var mainField: String? { "effect" }
    public static var example: String { "imagemagick: {effect: polaroid, angle: 5}" }

    public static var fields: [FieldBinding<ImageMagickEffect>] {
        [
            FieldBinding("effect", "Which; bullet, 3d-edge and pencil-sketch need ImageMagick itself, in a command action.", \.effect, required: true),
            FieldBinding("sigma", "Of blur, sharpen, unsharp, motion-blur and charcoal, in pixels.", .number(0.1...100), \.sigma),
            FieldBinding("angle", "Degrees clockwise: of motion-blur from the right, 120; of polaroid from the upright, -5.", .whole(-360...360), \.angle),
            FieldBinding("radius", "Of the brush of paint, in pixels.", .whole(1...24), \.radius),
            FieldBinding("factor", "How steep sigmoidal-contrast is.", .number(0...100), \.factor),
            FieldBinding("threshold", "Percent: the value that sigmoidal-contrast leaves alone.", .whole(0...100), \.threshold),
            FieldBinding("height", "How far wave moves up and down; a share is of the height.", .extent(from: 1), \.height),
            FieldBinding("length", "Of the wave; a share is of the width.", .extent(from: 1), \.length),
            FieldBinding("colour", "Of the shadow of shadow and polaroid.", .colour, \.colour),
            FieldBinding("background", "Behind wave, shadow and polaroid.", .paint, \.background), .amount(\.amount),
        ]
    }

    public var problem: RecipeProblem? {
        switch effect {
        case .bullet: Self.refusal(effect, "( +clone -alpha extract -blur 0x8 -shade 110x30 -normalize ) -compose Overlay -composite")
        case .edge: Self.refusal(effect, "( +clone -alpha extract -blur 0x6 -shade 110x30 -normalize ) -compose Overlay -composite")
        case .pencilSketch: Self.refusal(effect, "-colorspace gray -sketch 0x20+120")
        case .blur, .charcoal, .motionBlur, .paint, .polaroid, .shadow, .sharpen, .sigmoidalContrast, .unsharp, .wave: nil
        }
    }

    private static func refusal(_ effect: Effect, _ arguments: String) -> RecipeProblem {
        let other = effect == .pencilSketch ? "sketch makes a drawing without it; else use " : "use "
        return .contradiction(
            "\(effect.rawValue) needs ImageMagick itself; \(other)command: {run: \"convert {in} \(arguments) {out}\"} with --allow-commands")
    }

    public var sentence: String { "\(effect.rawValue) as ImageMagick does it" }

    public func add(to list: inout StepList) throws(RecipeError) {
        switch effect {
        case .blur: list.append(.filter(.softBlur(sigma: sigma, amount: amount.fraction)))
        case .motionBlur: list.append(.filter(.motionBlur(sigma: sigma, degrees: Double(angle ?? 120), amount: amount.fraction)))
        case .sharpen: list.append(.filter(.unsharp(sigma: sigma, gain: 1, amount: amount.fraction)))
        case .unsharp: list.append(.filter(.unsharp(sigma: sigma, gain: 1, amount: amount.fraction)))
        case .charcoal:
            list.append(.filter(.charcoal(sigma: sigma, amount: amount.fraction)))
            list.forgetColourSpace()
        case .paint:
            list.append(.filter(.paint(window: 2 * radius + 1, amount: amount.fraction)))
            list.forgetColourSpace()
        case .sigmoidalContrast:
            list.append(.filter(.sigmoid(factor: factor, middle: threshold.fraction, amount: amount.fraction)))
            list.forgetColourSpace()
        case .wave:
            let rise = try list.length(height, of: list.height, from: 1, to: decorationPixelsMax, "height", Self.name)
            let wave = try list.length(length, of: list.width, from: 1, "length", Self.name)
            list.append(
                .filter(.wave(height: rise, length: wave, background: background)), width: list.width, height: list.height + 2 * rise)
            if background == .transparent { list.gainAlpha() }
        case .shadow: addShadow(to: &list)
        case .polaroid:
            let side = min(list.width, list.height)
            let (edge, foot) = (max(1, side / 16), max(1, side / 5))
            list.append(
                .decoration(.frame(FrameSides(left: edge, top: edge, right: edge, bottom: foot), colour: .white, opacity: 1)),
                width: list.width + 2 * edge, height: list.height + edge + foot)
            let degrees = angle ?? -5
            if degrees % 360 != 0 {
                let size = Self.tilted(width: list.width, height: list.height, degrees: degrees)
                list.append(
                    .decoration(.tilt(degrees: Double(degrees), width: size.width, height: size.height)), width: size.width, height: size.height)
                list.gainAlpha()
            }
            addShadow(to: &list)
        case .bullet, .edge, .pencilSketch: preconditionFailure("\(effect.rawValue) is refused when it is read")
        }
    }

    private func addShadow(to list: inout StepList) {
        let blur = max(1, (list.width + list.height) / 100)
        let step = ShadowStep(
            across: blur, down: blur, blur: Double(2 * blur), colour: colour, opacity: 0.6, border: 2 * blur, background: background)
        let size = step.canvas(width: list.width, height: list.height)
        list.append(.decoration(.shadow(step)), width: size.width, height: size.height)
        background == .transparent ? list.gainAlpha() : list.loseAlpha()
    }

    /// What a turned rectangle fits into; sines by a table of whole degrees are the same on every machine.
    private static func tilted(width: Int, height: Int, degrees: Int) -> (width: Int, height: Int) {
        let (sine, cosine) = (abs(Sine.ofDegrees(degrees)), abs(Sine.ofDegrees(degrees + 90)))
        let (wide, high) = (Double(width), Double(height))
        return (Int((wide * cosine + high * sine).rounded(.up)), Int((wide * sine + high * cosine).rounded(.up)))
    }
}

/// The sine without a C library.
enum Sine {
    static func ofDegrees(_ degrees: Int) -> Double {
        let turned = ((degrees % 360) + 360) % 360
        let quarter = turned % 180
        let angle = Double(quarter > 90 ? 180 - quarter : quarter) * .pi / 180
        // Taylor's series; at a right angle the last term is below 1e-13.
        var term = angle
        var sum = angle
        for step in 1...9 {
            term *= -angle * angle / Double((2 * step) * (2 * step + 1))
            sum += term
        }
        return turned < 180 ? sum : -sum
    }
}
