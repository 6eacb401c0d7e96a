import ArgumentParser
import HeadNode
import JobModel
import Recipes

/// `quire plan`
struct PlanCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Forecast how long a job takes on many hosts, what limits it, and what one more host would bring.",
        discussion: """
            Lists the inputs and plays the job through in virtual time, with the scheduler that would run it. No host is
            asked, nothing is written. What a job would make of the inputs is 'quire run --dry-run'.

            EXAMPLES
              quire plan --simulate --hosts cluster/hosts.yaml ~/Scans
              quire plan --simulate --host localhost,tower1:16,tower2:16 --link-speed 280MB ~/Scans
            """)

    @OptionGroup var input: InputOptions

    @Flag(help: "Play the job through on a simulated cluster.")
    var simulate = false

    @Option(help: ArgumentHelp("The hosts, as 'quire run --hosts' takes them.", valueName: "file"))
    var hosts: PathArgument?

    @Option(help: ArgumentHelp("Hosts in short: NAME, NAME:SLOTS, with commas between them.", valueName: "hosts"))
    var host: String?

    @Option(help: ArgumentHelp("Photos of 12 megapixels that a slot does in a second (default 8).", valueName: "n"))
    var speed: Double?

    @Option(help: ArgumentHelp("Bytes a second between here and one host (default 110MB, a gigabit link).", valueName: "size"))
    var linkSpeed: String?

    @Option(help: ArgumentHelp("Bytes a second between here and all hosts together (default 110MB).", valueName: "size"))
    var headLinkSpeed: String?

    @Option(help: ArgumentHelp("What comes back, in percent of the inputs' bytes (default 15).", valueName: "%"))
    var outputShare: UInt64?

    @Option(help: ArgumentHelp("Where the journal is kept (default $XDG_STATE_HOME/quire).", valueName: "dir"))
    var stateDir: PathArgument?

    @Flag(help: "The forecast as JSON on standard output.")
    var json = false

    func validate() throws {
        if !simulate { throw ValidationError("Say --simulate; a plan of the files themselves is 'quire run --dry-run'.") }
        if (hosts == nil) == (host == nil) { throw ValidationError("Name the hosts with either --hosts FILE or --host NAME:SLOTS,...") }
        if let speed, !(0.001...100_000).contains(speed) { throw ValidationError("--speed takes photos a second, from 0.001 to 100000.") }
        if let outputShare, outputShare > 10_000 { throw ValidationError("--output-share takes a percentage from 0 to 10000.") }
    }

    func run() throws {
        var settings = RunSettings(purpose: .process, version: Quire.version, command: CommandLine.arguments)
        input.apply(to: &settings)
        settings.stateFolder = stateDir?.path
        settings.printsJSON = json
        let listed: HostFile = if let hosts { try HostFile(reading: hosts.path) } else { try HostFile(commandLine: host ?? "") }
        var assumptions = ClusterForecast.Assumptions()
        if let speed { assumptions.photosASecond = speed }
        if let linkSpeed { assumptions.linkBytesASecond = try bytes(linkSpeed, of: "--link-speed") }
        if let headLinkSpeed { assumptions.headLinkBytesASecond = try bytes(headLinkSpeed, of: "--head-link-speed") }
        if let outputShare { assumptions.outputPercent = outputShare }
        let status = try ClusterForecast(settings: settings, hosts: listed.hosts, assumptions: assumptions).run()
        throw ExitCode(status.rawValue)
    }

    private func bytes(_ text: String, of option: String) throws(HeadError) -> UInt64 {
        do throws(RecipeError) {
            let bytes = try ByteSize(parsing: text.hasSuffix("/s") ? String(text.dropLast(2)) : text).bytes
            // At least a modem's speed: below, a forecast only shows that a job is hopeless.
            guard bytes >= 1_000, bytes <= 1 << 50 else { throw RecipeError(.badValue(text, for: option, accepted: "1kB to 1000TB a second")) }
            return bytes
        } catch {
            throw .usage("\(option): \(error)")
        }
    }
}
