import JobModel
import Recipes

/// Reads recipe files.
enum RecipeFileReading {
    static func text(_ source: RecipeLibrary.Source) throws(HeadError) -> String {
        if let text = source.text { return text }
        guard let path = source.path else { preconditionFailure("the recipe \(source.name) is nowhere") }
        return try YAMLReading.text(path, what: "recipe")
    }

    static func read(_ source: RecipeLibrary.Source) throws(HeadError) -> RecipeFile {
        guard let value = try YAMLReading.value(of: try text(source), place: source.place) else {
            throw .usage("\(source.place): the recipe is empty; it needs 'actions:' with a list")
        }
        do throws(RecipeError) {
            return try RecipeFile(parsing: value, file: source.place)
        } catch {
            throw .recipe(error)
        }
    }
}
