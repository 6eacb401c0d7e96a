/// What values a field of an action takes.
public enum FieldKind: Hashable, Sendable {
    case choice([String])
    /// A list of one or more of these words.
    case choices([String])
    case whole(ClosedRange<Int>)
    case number(ClosedRange<Double>)
    case flag
    /// Pixels, from this number up, or a share of the picture's side, above zero unless zero pixels are taken.
    case extent(from: Int)
    /// `WxH` in pixels, or also in shares.
    case size(percent: Bool)
    case bound
    case colour

    /// What is accepted, for help and error messages.
    public var accepted: String {
        switch self {
        case .choice(let words): words.joined(separator: ", ")
        case .choices(let words): "a list of \(words.joined(separator: ", "))"
        case .whole(let range): "a whole number from \(range.lowerBound) to \(range.upperBound)"
        case .number(let range): "a number from \(plain(range.lowerBound)) to \(plain(range.upperBound))"
        case .flag: "yes, no"
        case .extent: Extent.accepted
        case .size(let percent): percent ? "800x600 or 50%x100%" : "800x600"
        case .bound: ShrinkBound.accepted
        case .colour: Colour.accepted
        }
    }

    /// `field` names the value in the error.
    func read(_ text: String, field: String) throws(RecipeError) -> FieldValue {
        guard let value = value(of: text) else { throw RecipeError(.badValue(text, for: field, accepted: accepted)) }
        return value
    }

    /// Reads the separate words of a list field.
    func read(_ texts: [String], field: String) throws(RecipeError) -> FieldValue {
        guard case .choices(let words) = self else { throw RecipeError(.wrongShape(of: field, accepted: accepted)) }
        guard !texts.isEmpty else { throw RecipeError(.badValue("", for: field, accepted: accepted)) }
        var chosen: [String] = []
        for text in texts {
            let word = canonicalSpelling(text.lowercased())
            guard words.contains(word) else { throw RecipeError(.badValue(text, for: field, accepted: accepted)) }
            chosen.append(word)
        }
        return .words(words.filter(chosen.contains))
    }

    private func value(of text: String) -> FieldValue? {
        switch self {
        case .choice(let words):
            let word = canonicalSpelling(text.lowercased())
            return words.contains(word) ? .word(word) : nil
        case .choices(let words):
            let parts = text.split(separator: ",", omittingEmptySubsequences: false)
            let chosen = parts.map { canonicalSpelling($0.drop { $0 == " " }.lowercased()) }
            return chosen.allSatisfy(words.contains) ? .words(words.filter(chosen.contains)) : nil
        case .whole(let range):
            guard let number = digits(text), number <= UInt64(range.upperBound), Int(number) >= range.lowerBound else {
                return nil
            }
            return .whole(Int(number))
        case .number(let range):
            guard let number = fraction(text), range.contains(number) else { return nil }
            return .number(number)
        case .flag:
            switch text.lowercased() {
            case "yes", "true", "on": return .flag(true)
            case "no", "false", "off": return .flag(false)
            default: return nil
            }
        case .extent(let least): return extent(text, from: least).map(FieldValue.extent)
        case .size(let percent):
            guard let halves = sides(text), let width = extent(halves.0, from: 1), let height = extent(halves.1, from: 1) else {
                return nil
            }
            switch (width, height) {
            case (.pixels, .pixels): return .size(width, height)
            case (.percent, _), (_, .percent): return percent ? .size(width, height) : nil
            }
        case .bound:
            do throws(RecipeError) { return .bound(try ShrinkBound(parsing: text)) } catch { return nil }
        case .colour:
            do throws(RecipeError) { return .colour(try Colour(parsing: text)) } catch { return nil }
        }
    }

    private func extent(_ text: String, from least: Int) -> Extent? {
        do throws(RecipeError) {
            let extent = try Extent(parsing: text)
            switch extent {
            case .pixels(let count): return count >= least ? extent : nil
            case .percent(let share): return share > 0 || least == 0 ? extent : nil
            }
        } catch { return nil }
    }
}

/// A field's value, read.
enum FieldValue: Hashable, Sendable {
    case word(String)
    case words([String])
    case whole(Int)
    case number(Double)
    case flag(Bool)
    case extent(Extent)
    case size(Extent, Extent)
    case bound(ShrinkBound)
    case colour(Colour)

    /// Read again by the same kind this gives the same value; holds no space and no line break.
    var text: String {
        switch self {
        case .word(let word): word
        case .words(let words): words.joined(separator: ",")
        case .whole(let number): "\(number)"
        case .number(let number): plain(number)
        case .flag(let flag): flag ? "yes" : "no"
        case .extent(let extent): extent.text
        case .size(let width, let height): "\(width.text)x\(height.text)"
        case .bound(let bound): bound.text
        case .colour(let colour): colour.text
        }
    }
}
