import ArgumentParser
import HeadNode
import JobModel

/// `quire contact-sheet`
struct ContactSheetCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "contact-sheet",
        abstract: "Show what pictures look like, side by side, as pictures or one PDF.",
        discussion: """
            EXAMPLES
              quire contact-sheet ~/Pictures/2024 -o sheet.pdf
              quire contact-sheet *.jpg -o sheet.jpg --columns 4 --cell 320
              quire contact-sheet archive/ --sample 30 -o look.png      thirty of them, evenly spread

            More than one sheet as pictures are numbered: sheet-001.jpg. Inputs are only read.
            """)

    @OptionGroup var input: InputOptions

    @Option(name: [.customShort("o"), .customLong("output")], help: ArgumentHelp("What to make; the name ends in .jpg, .png or .pdf.", valueName: "file"))
    var output: PathArgument

    @Option(help: ArgumentHelp("Pictures side by side.", valueName: "n"))
    var columns = 6

    @Option(help: ArgumentHelp("Rows on a sheet.", valueName: "n"))
    var rows = 5

    @Option(help: ArgumentHelp("Room for a picture, in pixels a side.", valueName: "px"))
    var cell = 240

    @Flag(help: "No names below the pictures.")
    var noCaptions = false

    @Option(help: ArgumentHelp("Existing sheets: changed (quire's own are replaced, others refused), never, always.", valueName: "which"))
    var overwrite: RunSettings.Overwrite = .changed

    @Option(help: ArgumentHelp("Slots on this machine: so many at a time.", valueName: "n"))
    var jobs: Int?

    @Option(help: ArgumentHelp("Where the journal is kept (default $XDG_STATE_HOME/quire).", valueName: "dir"))
    var stateDir: PathArgument?

    func validate() throws {
        if !SheetOrder.columnsRange.contains(columns) { throw ValidationError("--columns takes a number from 1 to \(SheetOrder.columnsRange.upperBound).") }
        if !(1...SheetOrder.cellsMax).contains(rows) { throw ValidationError("--rows takes a number from 1 to \(SheetOrder.cellsMax).") }
        if !SheetOrder.cellSideRange.contains(cell) {
            throw ValidationError("--cell takes pixels from \(SheetOrder.cellSideRange.lowerBound) to \(SheetOrder.cellSideRange.upperBound).")
        }
        if let jobs, !(1...4096).contains(jobs) { throw ValidationError("--jobs takes a number from 1 to 4096.") }
    }

    func run() throws {
        var settings = RunSettings(purpose: .process, version: Quire.version, command: CommandLine.arguments)
        input.apply(to: &settings)
        settings.overwrite = overwrite
        settings.slots = jobs
        settings.stateFolder = stateDir?.path
        let task = try ContactSheetTask(
            settings, output: output.path, columns: columns, rows: rows, cellSide: cell, hasCaptions: !noCaptions, programs: try Session.Programs())
        throw ExitCode(try task.run().rawValue)
    }
}
