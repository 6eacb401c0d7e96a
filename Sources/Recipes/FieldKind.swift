import JobModel
import Variables

/// What values a field of an action takes.
public enum FieldKind: Hashable, Sendable {
    case choice([String])
    /// A list of one or more of these words.
    case choices([String])
    case whole(ClosedRange<Int>)
    /// As `whole`, without even ones.
    case odd(ClosedRange<Int>)
    case number(ClosedRange<Double>)
    case flag
    /// Pixels, from this number up, or a share of the picture's side, above zero unless zero pixels are taken.
    case extent(from: Int)
    /// `WxH` in pixels, or also in shares.
    case size(percent: Bool)
    case bound
    case colour
    /// A colour or `transparent`.
    case paint
    /// A text as it stands, not empty.
    case text(bytesMax: Int)
    /// A text with variables in braces.
    case template
    /// Several texts, in a list or with commas.
    case texts(countMax: Int)
    /// The path of a file that all pictures share.
    case asset
    case byteSize

    /// What is accepted, for help and error messages.
    public var accepted: String {
        switch self {
        case .choice(let words): words.joined(separator: ", ")
        case .choices(let words): "a list of \(words.joined(separator: ", "))"
        case .paint: Paint.accepted
        case .text(let most): "a text of up to \(most) bytes"
        case .template: "a text; variables stand in braces: '{stem} {exif:Model|unknown}'"
        case .texts(let most): "a list of up to \(most) texts"
        case .asset: "the path of a file"
        case .byteSize: ByteSize.accepted
        case .whole(let range): "a whole number from \(range.lowerBound) to \(range.upperBound)"
        case .odd(let range): "an odd number from \(range.lowerBound) to \(range.upperBound)"
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
        if case .template = self {
            do throws(VariableError) { return .template(try TextTemplate(text)) } catch {
                throw RecipeError(.contradiction("\(field): \(error)"))
            }
        }
        guard let value = value(of: text) else {
            if case .extent = self, let problem = Extent.problem(in: text) { throw RecipeError(.contradiction("\(field): \(problem)")) }
            throw RecipeError(.badValue(text, for: field, accepted: accepted))
        }
        return value
    }

    /// Reads the separate words of a list field.
    func read(_ texts: [String], field: String) throws(RecipeError) -> FieldValue {
        if case .texts(let most) = self {
            guard (1...most).contains(texts.count), texts.allSatisfy({ !$0.isEmpty && !$0.utf8.contains(0) && $0.utf8.count <= Self.textBytesMax }) else {
                throw RecipeError(.badValue(texts.joined(separator: ", "), for: field, accepted: accepted))
            }
            return .texts(texts)
        }
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

    /// Of one of several texts.
    static let textBytesMax = 4000
    /// Behind each of several texts in their one text; no text holds it.
    static let textEnd: Character = "\u{1F}"

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
            let isNegative = range.lowerBound < 0 && text.hasPrefix("-")
            guard let magnitude = digits(isNegative ? text.dropFirst() : text[...]).flatMap(Int.init(exactly:)) else { return nil }
            let number = isNegative ? -magnitude : magnitude
            return range.contains(number) ? .whole(number) : nil
        case .odd(let range):
            guard let number = digits(text).flatMap(Int.init(exactly:)), range.contains(number), number % 2 == 1 else { return nil }
            return .whole(number)
        case .number(let range):
            let isNegative = range.lowerBound < 0 && text.hasPrefix("-")
            guard let magnitude = fraction(isNegative ? text.dropFirst() : text[...]) else { return nil }
            let number = isNegative ? -magnitude : magnitude
            return range.contains(number) ? .number(number) : nil
        case .flag:
            switch text.lowercased() {
            case "yes", "true", "on": return .flag(true)
            case "no", "false", "off": return .flag(false)
            default: return nil
            }
        case .extent(let least): return extent(text, from: least).map(FieldValue.extent)
        case .size(let percent):
            guard let halves = sides(withoutPixelUnit(text)), let width = extent(halves.0, from: 1), let height = extent(halves.1, from: 1) else {
                return nil
            }
            switch (width, height) {
            case (.pixels, .pixels): return .size(width, height)
            case (.percent, _), (.computed, _), (.pixels, .percent), (.pixels, .computed): return percent ? .size(width, height) : nil
            }
        case .bound:
            do throws(RecipeError) { return .bound(try ShrinkBound(parsing: text)) } catch { return nil }
        case .colour:
            do throws(RecipeError) { return .colour(try Colour(parsing: text)) } catch { return nil }
        case .paint:
            do throws(RecipeError) { return .paint(try Paint(parsing: text)) } catch { return nil }
        case .text(let most):
            return text.isEmpty || text.utf8.count > most || text.utf8.contains(0) ? nil : .plainText(text)
        case .template: return nil
        case .texts:
            let isCanonical = text.last == Self.textEnd
            let parts = text.split(separator: isCanonical ? Self.textEnd : ",", omittingEmptySubsequences: true)
            let texts = parts.map { part in isCanonical ? String(part) : String(part.drop { $0 == " " }) }
            do throws(RecipeError) { return try read(texts, field: "") } catch { return nil }
        case .asset: return Asset(parsing: text).map(FieldValue.asset)
        case .byteSize:
            do throws(RecipeError) { return .byteSize(try ByteSize(parsing: text)) } catch { return nil }
        }
    }

    private func extent(_ text: String, from least: Int) -> Extent? {
        do throws(RecipeError) {
            let extent = try Extent(parsing: text)
            switch extent {
            case .pixels(let count): return count >= least ? extent : nil
            case .percent(let share): return share > 0 || least <= 0 ? extent : nil
            case .computed(let expression):
                switch expression.constant {
                case nil: return extent
                case .failure?: return nil
                // As `StepList.length` takes it.
                case .success(let count)?:
                    return count.rounded() >= Double(least) && abs(count) <= Double(sidePixelsMax) || least == 1 && count > 0 && count < 1
                        ? extent : nil
                }
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
    case paint(Paint)
    case plainText(String)
    case template(TextTemplate)
    case texts([String])
    case asset(Asset)
    case byteSize(ByteSize)

    /// Each variable it asks for.
    var variables: Set<Variable> {
        switch self {
        case .extent(let extent): extent.variables
        case .size(let width, let height): width.variables.union(height.variables)
        case .template(let template): template.variables
        case .word, .words, .whole, .number, .flag, .bound, .colour, .paint, .plainText, .texts, .asset, .byteSize: []
        }
    }

    /// Read again by the same kind this gives the same value.
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
        case .paint(let paint): paint.text
        case .plainText(let text): text
        case .template(let template): template.text
        case .texts(let texts): texts.map { $0 + String(FieldKind.textEnd) }.joined()
        case .asset(let asset): asset.text
        case .byteSize(let size): "\(size.bytes)"
        }
    }
}
