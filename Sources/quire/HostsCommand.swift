import ArgumentParser
import HeadNode
import JobModel

/// Which hosts are meant, the same for every command that has to do with them.
struct HostListOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The host file; cluster/hosts.example.yaml shows every field.", valueName: "file"))
    var hosts: PathArgument?

    @Option(help: ArgumentHelp("Hosts in short: a,b:4,user@c, where :4 is a number of slots and localhost this machine.", valueName: "list"))
    var host: String?

    @Flag(help: "Trust and remember keys of hosts that were never met. A changed key is refused all the same.")
    var acceptNewHostKeys = false

    var areGiven: Bool { hosts != nil || host != nil }

    func validate() throws {
        if hosts != nil && host != nil { throw ValidationError("--hosts and --host: say one of them.") }
    }

    /// Those of the file or the list, in its order; none where none was named.
    func specs() throws(HeadError) -> [HostSpec] {
        var found: [HostSpec] = []
        if let hosts { found = try HostFile(reading: hosts.path).hosts }
        if let host { found = try HostFile(commandLine: host).hosts }
        if acceptNewHostKeys {
            for index in found.indices { found[index].acceptNewHostKeys() }
        }
        return found
    }
}

/// `quire hosts`
struct HostsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hosts",
        abstract: "Look at the hosts jobs may use, and change those of a running job.",
        discussion: """
            EXAMPLES
              quire hosts check --hosts cluster/hosts.yaml ~/Scans
              quire hosts check --host tower1,scans@tower2
              quire hosts list --hosts cluster/hosts.yaml
              quire hosts reload
            """,
        subcommands: [Check.self, List.self, Reload.self])

    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "check",
            abstract: "Look at every host at once; for every fault, what cures it.",
            discussion: """
                Reachable, host key, login, kernel and processor, slots, memory, room for scratch, clock, bundle; and for each INPUT
                whether the host sees the same files. Nothing is written there.
                Exit code 0 when every host can be used, 3 when some cannot, 5 when none can.
                """)

        @OptionGroup var list: HostListOptions

        @Argument(help: ArgumentHelp("Files and folders for which shared storage is looked for.", valueName: "input"))
        var inputs: [PathArgument] = []

        @Flag(help: "The findings as JSON on standard output.")
        var json = false

        func validate() throws { try list.required() }

        func run() throws {
            let status = try HostCheck(hosts: try list.specs(), inputs: inputs.map(\.path), printsJSON: json).run()
            throw ExitCode(status.rawValue)
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "Show what the list of hosts says, with what it leaves out; connects to nobody.")

        @OptionGroup var list: HostListOptions

        @Flag(help: "One JSON object a host, in an array, on standard output.")
        var json = false

        func validate() throws { try list.required() }

        func run() throws {
            throw ExitCode(try HostTable(hosts: try list.specs(), printsJSON: json).run().rawValue)
        }
    }

    struct Reload: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "reload", abstract: "Let a running job read its host file again: hosts added join it, hosts removed leave it.")

        @Argument(help: ArgumentHelp("The job, or how its id begins; the newest that runs.", valueName: "job"))
        var job: String?

        @Option(help: ArgumentHelp("Where the journal is kept (default $XDG_STATE_HOME/quire).", valueName: "dir"))
        var stateDir: PathArgument?

        func run() throws {
            throw ExitCode(try HostReload(job: job, stateFolder: stateDir?.path).run().rawValue)
        }
    }
}

extension HostListOptions {
    func required() throws {
        guard areGiven else { throw ValidationError("Say which hosts: --hosts FILE or --host a,b:4,user@c.") }
    }
}
