import Digests
import JobModel
import JobStore
import Recipes

/// A job as it was fixed before any work: the rows are in the journal, this is what all of them share.
struct JobPlan: Sendable {
    var job: JobID
    var taskCount: Int
    var recipe: Recipe
    /// Of all that decides an output's bytes: recipe, damage policy.
    var recipeDigest: Digest256
    var books: [PlannedBook]
    /// Of all books in a dry run, else of those that may become several volumes.
    var forecasts: [BookForecast]
    var pdf: PDFSettings
    /// Inputs the listing passed over, by reason.
    var skipped: [(reason: String, count: Int)]
    /// Nothing but pages is wanted of each input: `quire pdf`.
    var bindsInputsAsTheyAre: Bool
    var spoolFolder: RawPath
    /// Final paths stand in the working folder unless absolute.
    var workingFolder: RawPath
    /// Where the inputs come from.
    var roots: InputRoots

    /// Of all that decides an output's bytes.
    static func digest(of recipe: Recipe, _ settings: RunSettings) -> Digest256 {
        SHA256Stream.digest(of: recipe.canonicalBytes + Array("\(settings.damage.rawValue) \(settings.purpose) \(settings.keepsTimes)".utf8))
    }
}
