import ArgumentParser
import HeadNode
import JobModel
import Recipes

/// How a job works on pictures, the same for every command that makes some.
struct JobOptions: ParsableArguments {
    @OptionGroup var running: RunningOptions

    @Flag(help: "Keep what decodes of damaged files, and say so.")
    var acceptDamaged = false

    @Option(help: ArgumentHelp("Let this untrusted loader read inputs too: svg, pdf, magick, openslide, ppm... Repeatable, or a list with commas.", valueName: "name"))
    var allowLoader: [String] = []

    @Option(help: ArgumentHelp("Refuse pictures of more pixels, over all pages (default 2000000000).", valueName: "n"))
    var maxPixels: UInt64?

    @Option(help: ArgumentHelp("Write SHA-256 of every input, output and PDF; 'sha256sum -c FILE' reads it.", valueName: "file"))
    var manifest: PathArgument?

    @Option(help: ArgumentHelp("Give up a file after so many seconds of work (default 120 s and more for larger files).", valueName: "s"))
    var timeout: UInt32?

    @Option(help: ArgumentHelp("Address space a worker may take, such as 4GB.", valueName: "size"))
    var workerMemory: String?

    @Option(help: ArgumentHelp("Where pages wait that no output holds (default beside the PDF).", valueName: "dir"))
    var spool: PathArgument?

    func validate() throws {
        if timeout == 0 { throw ValidationError("--timeout takes seconds from 1 up.") }
    }

    func apply(to settings: inout RunSettings) throws(HeadError) {
        try running.apply(to: &settings)
        settings.damage = acceptDamaged ? .accept : .fail
        settings.limits.allowedLoaders = allowLoader.flatMap { $0.split(separator: ",").map(String.init) }
        if let maxPixels { settings.limits.pixelsMax = maxPixels }
        settings.manifest = manifest?.path
        settings.timeoutSeconds = timeout
        if let workerMemory {
            do throws(RecipeError) {
                settings.workerMemoryBytesMax = try ByteSize(parsing: workerMemory).bytes
            } catch {
                throw .usage("--worker-memory: \(error)")
            }
        }
        settings.spoolFolder = spool?.path
    }
}
