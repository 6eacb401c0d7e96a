public import ArgumentParser
import HeadNode
import JobModel
public import Planning

/// What is worked on, and in which order.
struct InputOptions: ParsableArguments {
    @Argument(help: ArgumentHelp("Files, folders (with all below them), @LIST (a file with one name a line), or - for names on standard input.", valueName: "input"))
    var inputs: [PathArgument] = []

    @Option(help: ArgumentHelp("Order over all inputs: natural, name, date (EXIF, else file time) or given. Without it: as named; inside a folder natural, files before subfolders."))
    var sort: InputSort?

    @OptionGroup var filters: InputFilters

    func validate() throws {
        if inputs.isEmpty { throw ValidationError("Name at least one INPUT: a file, a folder, @LIST or -.") }
    }

    func apply(to settings: inout RunSettings) {
        settings.inputs = inputs.map(\.input)
        settings.sort = sort
        filters.apply(to: &settings)
    }
}

/// Which of the inputs that are found are worked on.
struct InputFilters: ParsableArguments {
    @Flag(name: [.customShort("0"), .customLong("null")], help: "Names in lists end in NUL instead of a line feed.")
    var isNulSeparated = false

    @Option(help: ArgumentHelp("Take only files that match, of those found in folders. Repeatable.", valueName: "glob"))
    var include: [String] = []

    @Option(help: ArgumentHelp("Leave out files and folders that match. Repeatable.", valueName: "glob"))
    var exclude: [String] = []

    @Flag(help: "Take dot names, @eaDir and lost+found too.")
    var hidden = false

    @Option(help: ArgumentHelp("Take N inputs spread over all of them, to try settings; 'quire run' shows the results on a contact sheet and asks before it goes on.", valueName: "n"))
    var sample: Int?

    @Flag(help: "Finding no input is a success.")
    var allowEmpty = false

    func validate() throws {
        if let sample, sample < 1 { throw ValidationError("--sample takes a number from 1 up.") }
    }

    func apply(to settings: inout RunSettings) {
        settings.listsAreNulSeparated = isNulSeparated
        settings.include = include
        settings.exclude = exclude
        settings.takesHidden = hidden
        settings.sampleCount = sample
        settings.allowsEmpty = allowEmpty
    }
}

extension PathArgument {
    /// `-` is standard input and `@LIST` a list.
    var input: RunSettings.Input {
        if path.bytes == [0x2D] { return .standardInput }
        if path.bytes.first == 0x40, path.bytes.count > 1 { return .list(RawPath(bytes: Array(path.bytes.dropFirst()))) }
        return .path(path)
    }
}

extension InputSort: ExpressibleByArgument {}
