import ArgumentParser
import HeadNode
import JobModel

/// `quire doctor`
struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Check that this machine can work: programs, libraries, slots, memory, room, journal.",
        discussion: "Every fault comes with what cures it. Exit code 0 when all is well, 5 when this machine cannot work.")

    @Flag(help: "The findings as JSON on standard output.")
    var json = false

    @Option(help: ArgumentHelp("The state folder to look at.", valueName: "dir"))
    var stateDir: PathArgument?

    func run() throws {
        let status = try Doctor(stateFolder: stateDir?.path, printsJSON: json, version: Quire.version).run()
        throw ExitCode(status.rawValue)
    }
}
