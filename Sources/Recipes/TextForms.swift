public import JobModel
public import Variables

// How people write sizes, bounds, lengths and colours. Recipe files and the command line read them with the same
// code; `text` writes a value so that reading it again gives the same value.

/// Largest side in pixels that a recipe may name: the coordinate limit of libvips (VIPS_MAX_COORD, images.md section 3.4).
public let sidePixelsMax = 10_000_000

extension ShrinkBound {
    static let accepted = "a long side in pixels (1600), a box (1600x1200) or a share (50%)"

    /// Reads `1600`, `1600x1200` or `50%`, also `1600 px`.
    public init(parsing written: String) throws(RecipeError) {
        let text = withoutPixelUnit(written)
        if let sides = sides(text), let width = pixelCount(sides.0, from: 1), let height = pixelCount(sides.1, from: 1) {
            self = .box(width: width, height: height)
        } else if let share = share(text), share > 0, share <= 100 {
            self = .percent(share)
        } else if let side = pixelCount(text, from: 1) {
            self = .longSide(side)
        } else {
            throw RecipeError(.badValue(written, for: "bound", accepted: Self.accepted))
        }
    }

    public var text: String {
        switch self {
        case .longSide(let side): "\(side)"
        case .box(let width, let height): "\(width)x\(height)"
        case .percent(let share): plain(share) + "%"
        }
    }
}

extension Extent {
    static let accepted = "pixels (120), a share of the side (10%), another unit (2.5cm) or arithmetic (min(width, height) / 2)"
    static let percentMax = 10_000.0

    /// Reads `120`, `120px`, `10%`, `2.5cm` and arithmetic over them and variables; zero is read too.
    public init(parsing text: String) throws(RecipeError) {
        // An expression has no spaces once it is read, and may then be one of the two plain forms.
        let dense = text.filter { $0 != " " }
        if let share = share(dense), share <= Self.percentMax {
            self = .percent(share)
        } else if let count = pixelCount(dense.hasSuffix("px") ? dense.dropLast(2) : dense[...], from: 0) {
            self = .pixels(count)
        } else {
            let expression: Expression
            do throws(VariableError) { expression = try Expression(text) } catch {
                throw RecipeError(.badValue(text, for: "length", accepted: Self.accepted))
            }
            guard expression.kind != .text else { throw RecipeError(.badValue(text, for: "length", accepted: Self.accepted)) }
            self = .computed(expression)
        }
    }

    /// What is wrong with an attempt at arithmetic, more closely than that it is no length; nil for what is none.
    static func problem(in text: String) -> VariableError? {
        do throws(VariableError) {
            _ = try Expression(text)
            return nil
        } catch {
            return text.contains { $0.isLetter || "(+*/".contains($0) } ? error : nil
        }
    }

    var variables: Set<Variable> {
        switch self {
        case .pixels, .percent: []
        case .computed(let expression): expression.variables
        }
    }

    /// For a person: `12 px`, `10%`, `2.5cm`.
    var spoken: String {
        switch self {
        case .pixels(let count): "\(count) px"
        case .percent, .computed: text
        }
    }

    public var text: String {
        switch self {
        case .pixels(let count): "\(count)"
        case .percent(let share): plain(share) + "%"
        case .computed(let expression): expression.text
        }
    }
}

/// Two sides for a person: `800 x 600 px`, `50% x 2cm`.
func sizeText(_ width: Extent, _ height: Extent) -> String {
    if case .pixels(let width) = width, case .pixels(let height) = height { return "\(width) x \(height) px" }
    return "\(width.spoken) x \(height.spoken)"
}

extension Colour {
    static let names: [(name: String, colour: Colour)] = [
        ("white", .white), ("black", .black), ("grey", Colour(red: 128, green: 128, blue: 128)),
        ("silver", Colour(red: 192, green: 192, blue: 192)), ("red", Colour(red: 255, green: 0, blue: 0)),
        ("green", Colour(red: 0, green: 128, blue: 0)), ("blue", Colour(red: 0, green: 0, blue: 255)),
        ("yellow", Colour(red: 255, green: 255, blue: 0)), ("cyan", Colour(red: 0, green: 255, blue: 255)),
        ("magenta", Colour(red: 255, green: 0, blue: 255)), ("orange", Colour(red: 255, green: 165, blue: 0)),
        ("brown", Colour(red: 165, green: 42, blue: 42)), ("navy", Colour(red: 0, green: 0, blue: 128)),
    ]
    /// The names that are read, as against digits.
    public static var nameList: [String] { names.map(\.name) }

    static let accepted = "'#rrggbb' or '#rgb' (quoted in YAML), or " + names.map(\.name).joined(separator: ", ")

    /// Reads `#rrggbb`, `#rgb` or a name (CSS values); letters of either case.
    public init(parsing text: String) throws(RecipeError) {
        let wanted = canonicalSpelling(text.lowercased())
        if let named = Self.names.first(where: { $0.name == wanted }) {
            self = named.colour
            return
        }
        let digits = wanted.utf8.dropFirst().compactMap(hexValue)
        guard wanted.utf8.first == UInt8(ascii: "#"), digits.count == wanted.utf8.count - 1 else {
            throw RecipeError(.badValue(text, for: "colour", accepted: Self.accepted))
        }
        switch digits.count {
        case 3: self.init(red: digits[0] * 17, green: digits[1] * 17, blue: digits[2] * 17)
        case 6:
            self.init(red: digits[0] << 4 | digits[1], green: digits[2] << 4 | digits[3], blue: digits[4] << 4 | digits[5])
        default: throw RecipeError(.badValue(text, for: "colour", accepted: Self.accepted))
        }
    }

    /// `#rrggbb` in lower case.
    public var text: String {
        let digits = Array("0123456789abcdef".utf8)
        let pairs = [red, green, blue].flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
        return "#" + String(decoding: pairs, as: UTF8.self)
    }
}

extension OutputFormat {
    /// Reads a format's name; `jpg` and `tif` are read too.
    public init(parsing text: String) throws(RecipeError) {
        guard let format = OutputFormat(rawValue: canonicalSpelling(text.lowercased())) else {
            let accepted = OutputFormat.allCases.map(\.rawValue).joined(separator: ", ")
            throw RecipeError(.badValue(text, for: "format", accepted: accepted))
        }
        self = format
    }
}

/// An amount of data, written `9.9GB`, `500MB` (powers of 1000), `2GiB`, `512K` (powers of 1024, as GNU tools read it) or in bytes.
public struct ByteSize: Hashable, Sendable {
    public var bytes: UInt64
    public init(bytes: UInt64) { self.bytes = bytes }

    static let accepted = "9.9GB, 500MB, 2GiB or a number of bytes"
    /// 4 EiB: sums of a few sizes still fit 64 bits.
    static let bytesMax: UInt64 = 1 << 62

    public init(parsing text: String) throws(RecipeError) {
        let number = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        let unit = text.dropFirst(number.count).drop { $0 == " " }.lowercased()
        guard let value = decimal(number), let factor = Self.factor(unit) else {
            throw RecipeError(.badValue(text, for: "size", accepted: Self.accepted))
        }
        let (high, low) = value.thousandths.multipliedFullWidth(by: factor)
        // The division traps when the quotient needs more than 64 bits, which `high` tells beforehand.
        guard high < 1000 else { throw RecipeError(.badValue(text, for: "size", accepted: Self.accepted)) }
        let bytes = UInt64(1000).dividingFullWidth((high, low)).quotient
        guard bytes <= Self.bytesMax else { throw RecipeError(.badValue(text, for: "size", accepted: Self.accepted)) }
        self.init(bytes: bytes)
    }

    private static func factor(_ unit: String) -> UInt64? {
        switch unit {
        case "", "b": 1
        case "kb": 1000
        case "mb": 1_000_000
        case "gb": 1_000_000_000
        case "tb": 1_000_000_000_000
        case "k", "kib": 1 << 10
        case "m", "mib": 1 << 20
        case "g", "gib": 1 << 30
        case "t", "tib": 1 << 40
        default: nil
        }
    }
}

// MARK: Parts

/// A decimal number without sign or exponent, in thousandths, of at most 12 digits before and 3 behind the point.
struct Decimal {
    var thousandths: UInt64
}

func decimal(_ text: some StringProtocol) -> Decimal? {
    let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    guard let first = parts.first, (1...12).contains(first.utf8.count), let whole = digits(first) else { return nil }
    guard parts.count == 2 else { return Decimal(thousandths: whole * 1000) }
    guard (1...3).contains(parts[1].utf8.count), let behind = digits(parts[1]) else { return nil }
    let scale: UInt64 = parts[1].utf8.count == 1 ? 100 : parts[1].utf8.count == 2 ? 10 : 1
    return Decimal(thousandths: whole * 1000 + behind * scale)
}

/// ASCII digits only: `UInt64(_:)` would also take a plus sign.
func digits(_ text: some StringProtocol) -> UInt64? {
    guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    return UInt64(text)
}

func pixelCount(_ text: some StringProtocol, from least: Int) -> Int? {
    guard let value = digits(text), value >= least, value <= sidePixelsMax else { return nil }
    return Int(value)
}

/// `12.5%` as 12.5; digits and one point only, since `Double(_:)` also reads `inf`, `nan` and hexadecimal.
func share(_ text: some StringProtocol) -> Double? {
    guard text.hasSuffix("%") else { return nil }
    return fraction(text.dropLast())
}

func fraction(_ text: some StringProtocol) -> Double? {
    guard !text.isEmpty, text.utf8.count <= 24, !text.hasPrefix("."), !text.hasSuffix("."),
        text.utf8.allSatisfy({ (0x30...0x39).contains($0) || $0 == 0x2E })
    else { return nil }
    // Smaller ones are written with an exponent, which is no spelling of a recipe.
    guard let number = Double(text), number == 0 || number >= 1e-4 else { return nil }
    return number
}

/// `800 px x 600 px` as `800x600`: pixels are what sizes are in anyway. A blank between digits stays, and makes them no number.
func withoutPixelUnit(_ text: String) -> String {
    var text = text
    for unit in text.ranges(of: "px").reversed() {
        let (before, behind) = (text[..<unit.lowerBound].last, text[unit.upperBound...].first)
        guard let before, before.isNumber || before == " ", behind == nil || " xX×".contains(behind ?? " ") else { continue }
        text.replaceSubrange(unit, with: " ")
    }
    let words = text.split(separator: " ")
    return words.dropFirst().reduce(into: words.first.map(String.init) ?? "") { joined, word in
        if joined.last?.isNumber == true, word.first?.isNumber == true { joined += " " }
        joined += word
    }
}

/// The two halves of `AxB`.
func sides(_ text: some StringProtocol) -> (String, String)? {
    let halves = text.split(omittingEmptySubsequences: false) { $0 == "x" || $0 == "X" || $0 == "×" }
    guard halves.count == 2 else { return nil }
    return (String(halves[0]), String(halves[1]))
}

/// The shortest digits that read back as the same number; whole numbers without `.0`.
func plain(_ number: Double) -> String {
    let text = "\(number)"
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
}

/// Accepted second spellings of names; everything is stored in the first.
func canonicalSpelling(_ word: String) -> String { secondSpellings[word] ?? word }

/// A name or word as a recipe stores it, and all other spellings that are taken for it.
public func acceptedSpellings(of word: String) -> [String] {
    [word] + secondSpellings.filter { $0.value == word }.map(\.key).sorted()
}

private let secondSpellings = [
    "jpg": "jpeg",
    "tif": "tiff",
    "gray": "grey",
    "grayscale": "greyscale",
    "center": "centre",
    "color": "colour",
    "convert-color": "convert-colour",
    "colour-to-alpha": "color-to-alpha",
    "colourize": "colorize",
    "colorise": "colorize",
    "colourise": "colorize",
    "equalise": "equalize",
    "posterise": "posterize",
]

private func hexValue(_ digit: UInt8) -> UInt8? {
    switch digit {
    case 0x30...0x39: digit - 0x30
    case 0x61...0x66: digit - 0x61 + 10
    default: nil
    }
}
