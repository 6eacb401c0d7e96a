import ArgumentParser
import HeadNode
import JobModel

/// `quire inspect`
struct InspectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Show what quire sees in image files, and every variable for names and texts.",
        discussion: """
            EXAMPLES
              quire inspect photo.jpg
              quire inspect --json *.tif
            What stands in braces, {exif:Model} or {xmp:dc:title}, is a variable that --name and texts of recipes take.
            """)

    @Argument(help: "Image files.")
    var files: [PathArgument]

    @Flag(help: "One JSON object a file, in an array, on standard output.")
    var json = false

    @Option(help: ArgumentHelp("Let this untrusted loader read the files too.", valueName: "name"))
    var allowLoader: [String] = []

    func run() throws {
        let inspection = Inspection(
            files: files.map(\.path), printsJSON: json, allowedLoaders: allowLoader.flatMap { $0.split(separator: ",").map(String.init) },
            version: Quire.version)
        let status = try inspection.run(programs: try Session.Programs())
        throw ExitCode(status.rawValue)
    }
}
