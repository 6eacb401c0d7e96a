import Digests
import JobModel
import JobStore
import Recipes
import TerminalUI

/// How many outputs another build made, as a fact of the journal: the number and the builds, each behind a NUL.
enum OtherBuildsFact {
    static let key = "other-builds"

    static func bytes(_ builds: RunSummary.OtherBuilds) -> [UInt8] {
        Array(([String(builds.count)] + builds.names).joined(separator: "\0").utf8)
    }

    static func read(_ fact: [UInt8]?) -> RunSummary.OtherBuilds {
        let parts = String(decoding: fact ?? [], as: UTF8.self).split(separator: "\0", omittingEmptySubsequences: false).map(String.init)
        guard let first = parts.first, let count = Int(first) else { return RunSummary.OtherBuilds() }
        return RunSummary.OtherBuilds(count: count, names: Array(parts.dropFirst()))
    }
}

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
    /// Outputs that are current and were made by another build.
    var otherBuilds: RunSummary.OtherBuilds
    /// Nothing but pages is wanted of each input: `quire pdf`.
    var bindsInputsAsTheyAre: Bool
    var spoolFolder: RawPath
    /// Final paths stand in the working folder unless absolute.
    var workingFolder: RawPath
    /// Where the inputs come from.
    var roots: InputRoots
    /// What runs for each input; nil where a recipe or nothing is done to them.
    var program: ProgramPlan?
    /// Inputs that `--sample` leaves for later.
    var leftOutCount = 0

    /// Of all that decides an output's bytes.
    static func digest(of recipe: Recipe, _ settings: RunSettings) -> Digest256 {
        SHA256Stream.digest(of: recipe.canonicalBytes + Array("\(settings.damage.rawValue) \(settings.purpose) \(settings.keepsTimes)".utf8))
    }
}
