import ArgumentParser
import HeadNode
import JobModel

/// `quire hosts`
struct HostsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hosts",
        abstract: "Look at the hosts jobs may use, and change those of a running job.",
        discussion: """
            EXAMPLES
              quire hosts check --hosts cluster/hosts.yaml ~/Scans
              quire hosts check --host tower1,scans@tower2
              quire hosts setup --hosts cluster/hosts.yaml
              quire hosts list --hosts cluster/hosts.yaml
              quire hosts reload
            """,
        subcommands: [Check.self, Setup.self, List.self, Reload.self])

    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "check",
            abstract: "Look at every host at once; for every fault, what cures it.",
            discussion: """
                Reachable, host key, login, kernel and processor, slots, memory, room for scratch, clock, bundle; and for each INPUT
                whether the host sees the same files. A host that has agent and worker already also processes sample pictures, which
                must give the bytes they give here. Nothing is sent, and nothing stays there.
                Exit code 0 when every host can be used, 3 when some cannot, 5 when none can.
                """)

        @OptionGroup var names: HostNames

        @Argument(help: ArgumentHelp("Files and folders for which shared storage is looked for.", valueName: "input"))
        var inputs: [PathArgument] = []

        @Flag(help: "The findings as JSON on standard output.")
        var json = false

        func validate() throws { _ = try names.required() }

        func run() throws {
            let status = try HostCheck(hosts: try names.required(), inputs: inputs.map(\.path), printsJSON: json, version: Quire.version).run()
            throw ExitCode(status.rawValue)
        }
    }

    struct Setup: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "setup",
            abstract: "Send agent and worker to every host ahead of the first job, several hosts at once.",
            discussion: """
                A job sends them by itself; this saves it the time. What is there already is not sent again.
                Exit code 0 when every host is ready, 3 when some are not, 5 when none is.
                """)

        @OptionGroup var names: HostNames

        func validate() throws { _ = try names.required() }

        func run() throws {
            throw ExitCode(try HostSetup(hosts: try names.required(), version: Quire.version).run().rawValue)
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "Show what the list of hosts says, with what it leaves out; connects to nobody.")

        @OptionGroup var names: HostNames

        @Flag(help: "One JSON object a host, in an array, on standard output.")
        var json = false

        func validate() throws { _ = try names.required() }

        func run() throws {
            throw ExitCode(try HostTable(hosts: try names.required(), printsJSON: json).run().rawValue)
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
