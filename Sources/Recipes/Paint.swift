/// A colour, or nothing at all: what lies behind or around a picture.
public enum Paint: Hashable, Sendable {
    case transparent
    case colour(Colour)

    static let accepted = "transparent, or \(Colour.accepted)"

    init(parsing text: String) throws(RecipeError) {
        if canonicalSpelling(text.lowercased()) == "transparent" {
            self = .transparent
        } else {
            do throws(RecipeError) { self = .colour(try Colour(parsing: text)) } catch {
                throw RecipeError(.badValue(text, for: "colour", accepted: Self.accepted))
            }
        }
    }

    public var text: String {
        switch self {
        case .transparent: "transparent"
        case .colour(let colour): colour.text
        }
    }
}
