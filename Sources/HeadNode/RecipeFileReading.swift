import JobModel
import Recipes

/// Reads a recipe file.
enum RecipeFileReading {
    static func read(_ path: RawPath) throws(HeadError) -> RecipeFile {
        guard let value = try YAMLReading.read(path, what: "recipe") else {
            throw .usage("\(path): the recipe is empty; it needs 'actions:' with a list")
        }
        do throws(RecipeError) {
            return try RecipeFile(parsing: value, file: path.display)
        } catch {
            throw .recipe(error)
        }
    }
}
