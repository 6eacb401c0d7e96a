import ArgumentParser
import HeadNode
import JobModel
import Recipes

/// `quire pdf`
struct PDFCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pdf",
        abstract: "Bind images into a PDF as they are: nothing is re-encoded that a PDF can carry.",
        discussion: """
            JPEG bytes go in untouched; pictures stand upright by their Orientation. What a PDF cannot carry is encoded
            without loss.

            EXAMPLES
              quire pdf ~/Scans -o book.pdf
              quire pdf 2023/ 2024/ -o years.pdf --page-size a4 --margin 10mm
              quire pdf ~/Scans -o 'books/{dir}.pdf'
            """)

    @OptionGroup var input: InputOptions

    @Option(name: [.customShort("o"), .customLong("output")], help: ArgumentHelp("The PDF; {dir} or {folder} in it make one PDF a folder.", valueName: "file"))
    var output: PathArgument

    @Option(help: ArgumentHelp("Metadata to take away from JPEG pages: none, gps or all. Only their markers are edited.", valueName: "what"))
    var strip: String?

    @OptionGroup(title: "PDF") var book: PDFOptions
    @OptionGroup(title: "Job") var job: JobOptions

    func run() throws {
        var settings = RunSettings(purpose: .bind, version: Quire.version, command: CommandLine.arguments)
        input.apply(to: &settings)
        settings.pdf = try RawArguments.template(output.path, of: "--output")
        do throws(RecipeError) {
            if let strip { settings.flags.strip = try StripPolicy(parsing: strip) }
        } catch {
            throw HeadError.usage("\(error)")
        }
        settings.pdfWishes = try book.wishes()
        try job.apply(to: &settings)
        let status = try Session(settings, programs: try Session.Programs()).run()
        throw ExitCode(status.rawValue)
    }
}
