import ArgumentParser
import HeadNode
import JobModel
import Recipes

/// `quire run`
struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Work on every input with a recipe, and bind the results into a PDF.",
        discussion: """
            Nothing happens to a picture that was not asked: a file that no action changes is copied byte for byte.
            Inputs are never touched without --in-place.

            EXAMPLES
              quire run ~/Pictures --rotate auto --shrink 1600 --strip all --pdf album.pdf -o finished/
              quire run ~/Scans --recipe web.yaml -o web/
              quire run ~/Scans --pdf 'books/{dir}.pdf'             one PDF a folder
              quire run *.jpg --shrink 200 --name '{dir}/{stem}_thumbnail.{ext}'
              quire run ~/Scans --pdf book.pdf --hosts hosts.yaml   on every machine listed there
              find . -name '*.tif' -print0 | quire run -0 - --format jpeg -o jpeg/

            VARIABLES OF --name
              {dir} {subdir} {folder} {name} {stem} {ext} {index} {folderindex} {page} {width} {height}
              {year} {month} {day} {hour} {minute} {second} {exif:TAG}; {index:04} pads, {exif:Model|unknown} has a default

            ACTIONS OF A RECIPE
            \(ActionHelp.text)
            """)

    @OptionGroup var input: InputOptions

    @Option(name: [.customShort("o"), .customLong("output")], help: ArgumentHelp("Folder for the results; the tree of a folder INPUT is made again in it.", valueName: "dir"))
    var output: PathArgument?

    @Option(help: ArgumentHelp("Bind all results into this PDF; {dir} or {folder} in it make one PDF a folder.", valueName: "file"))
    var pdf: PathArgument?

    @Option(help: ArgumentHelp("Names of the results, such as '{dir}/{stem}_small.{ext}'.", valueName: "template"))
    var name: String?

    @Flag(help: "Replace each input by its result.")
    var inPlace = false

    @OptionGroup(title: "Actions, in this order; with --recipe they come before its save")
    var actions: ActionOptions

    @Option(help: ArgumentHelp("Two inputs that would have one output: refuse, or rename the converted one.", valueName: "what"))
    var collisions: RunSettings.Collisions = .refuse

    @Option(help: ArgumentHelp("How an input is known again by --overwrite changed: time (path, size, modification time) or digest (its bytes; see README).", valueName: "what"))
    var identity: RunSettings.Identity = .time

    @Flag(help: "Make outputs again that another build of quire, or another libvips, made.")
    var redoOtherBuilds = false

    @Flag(help: "Let the recipe's command actions run other programs on this machine.")
    var allowCommands = false

    @Flag(help: "Results get the modification times of their inputs.")
    var keepTimes = false

    @OptionGroup(title: "PDF") var book: PDFOptions
    @OptionGroup(title: "Hosts") var hosts: PictureHostOptions
    @OptionGroup(title: "Job") var job: JobOptions

    func run() throws {
        var settings = RunSettings(purpose: .process, version: Quire.version, command: CommandLine.arguments)
        input.apply(to: &settings)
        settings.outputFolder = output?.path
        settings.pdf = try pdf.map { (name) throws(HeadError) in try RawArguments.template(name.path, of: "--pdf") }
        settings.nameTemplate = try name.map { (name) throws(HeadError) in try RawArguments.template(RawArguments.path(name), of: "--name") }
        settings.isInPlace = inPlace
        settings.collisions = collisions
        settings.keepsTimes = keepTimes
        settings.identity = identity
        settings.redoesOtherBuilds = redoOtherBuilds
        settings.allowsCommands = allowCommands
        settings.recipeFile = actions.recipe?.path
        settings.flags = try actions.flags()
        settings.pdfWishes = try book.wishes()
        if let hosts = hosts.settings { settings.hosts = hosts }
        try job.apply(to: &settings)
        if inPlace && (output != nil || name != nil) { throw HeadError.usage("--in-place writes where the inputs are; leave out -o and --name") }
        let status = try Session(settings, programs: try Session.Programs()).run()
        throw ExitCode(status.rawValue)
    }
}

/// The shortcuts for a recipe's most used actions.
struct ActionOptions: ParsableArguments {
    @Option(help: ArgumentHelp("A recipe: a YAML file with an action list, one of your own by its name, or web, email, archive-master, thumbnails, print-a4, privacy.", valueName: "recipe"))
    var recipe: PathArgument?

    @Option(help: ArgumentHelp("auto turns pictures upright as their Orientation says; 90, 180 and 270 turn clockwise.", valueName: "how"))
    var rotate: String?

    @Option(help: ArgumentHelp("Bound the long side (1600), the upright picture (1600x1200) or both sides (50%); never enlarges.", valueName: "size"))
    var shrink: String?

    @Option(help: ArgumentHelp("Metadata to take away: none, gps or all; the look of the picture stays.", valueName: "what"))
    var strip: String?

    @Option(help: ArgumentHelp("keep, jpeg, png, webp, tiff, gif, avif or jp2.", valueName: "name"))
    var format: String?

    @Option(help: ArgumentHelp("Of JPEG, WebP, AVIF and JPEG 2000, 1 to 100 (default 85).", valueName: "n"))
    var quality: String?

    func flags() throws(HeadError) -> RecipeFlags {
        var flags = RecipeFlags()
        do throws(RecipeError) {
            flags.rotate = try Self.read("--rotate", rotate) { (text) throws(RecipeError) in try RotateFlag(parsing: text) }
            flags.shrink = try Self.read("--shrink", shrink) { (text) throws(RecipeError) in try ShrinkBound(parsing: text) }
            flags.strip = try Self.read("--strip", strip) { (text) throws(RecipeError) in try StripPolicy(parsing: text) }
            flags.format = try Self.read("--format", format) { (text) throws(RecipeError) in try FormatFlag(parsing: text) }
            flags.quality = try Self.read("--quality", quality) { (text) throws(RecipeError) in
                guard let number = Int(text), (1...100).contains(number) else {
                    throw RecipeError(.badValue(text, for: "--quality", accepted: "1 to 100"))
                }
                return number
            }
        } catch {
            throw .usage("\(error)")
        }
        return flags
    }

    /// Nil for a flag that was not given; a refusal names the flag.
    private static func read<Value>(
        _ flag: String, _ text: String?, _ reading: (String) throws(RecipeError) -> Value
    ) throws(RecipeError) -> Value? {
        guard let text else { return nil }
        do throws(RecipeError) { return try reading(text) } catch {
            guard case .badValue(let text, _, let accepted) = error.problem else { throw error }
            throw RecipeError(.badValue(text, for: flag, accepted: accepted))
        }
    }
}
