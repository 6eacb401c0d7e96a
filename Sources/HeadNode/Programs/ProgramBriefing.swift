import JobModel
import LinuxSystem
import Programs
import WireProtocol

/// What hosts must know before they can run the programs of a job.
struct ProgramBriefing: Sendable {
    let settings: ProgramSettings
    let workingFolder: RawPath
    /// Files of `--send`, as they were when the job began: all hosts get the same.
    let carried: CarriedListing

    init(_ settings: ProgramSettings, workingFolder: RawPath) throws(HeadError) {
        self.settings = settings
        self.workingFolder = workingFolder
        do throws(CarriedListing.Fault) {
            carried = try CarriedListing(of: settings.sent.map { workingFolder.appending($0).normalized })
        } catch {
            switch error {
            case .system(let error): throw .usage("--send: \(error)")
            case .noFile(let path): throw .usage("--send: \(path) is neither a file nor a folder")
            case .tooMany: throw .usage("--send: \(CarriedListing.tooManyText)")
            }
        }
    }

    /// - Throws: `host` where the program is a file that the host does not get.
    func terms(on facts: HostFacts, of name: String, _ view: HostStaging.View) throws(HeadError) -> ProgramTerms {
        let cpus = Reservation(settings).cpusPerTask(on: facts)
        if view.sharesAll {
            return ProgramTerms(
                cpusPerTask: cpus, environment: ProcessPlan.inheritedEnvironment().filter { !Self.isOfOneMachine($0) },
                program: settings.spec.namedProgram, searchPath: settings.spec.searchPath, workingFolder: view.onHost(workingFolder), isShared: true)
        }
        return ProgramTerms(
            cpusPerTask: cpus, program: try programToLookFor(on: name), searchPath: settings.spec.searchPath, workingFolder: workingFolder, isShared: false)
    }

    /// On a host without the head's files: what was sent is in the mirror, what is named from the working folder there or nowhere.
    private func programToLookFor(on name: String) throws(HeadError) -> RawPath? {
        guard let program = settings.spec.namedProgram else { return nil }
        guard program.bytes.contains(UInt8(ascii: "/")) else { return program }
        let path = workingFolder.appending(program).withoutParents
        if carried.files.contains(where: { $0.path.withoutParents == path }) { return nil }
        if program.isAbsolute { return program }
        throw .host(
            "\(name) has none of this machine's files, and so no program \(program): add --send \(program), or let it share them (`storage: shared`, `map:`)",
            mayPass: false)
    }

    /// Whether the files of `--send` fit beside what tasks need.
    func checkRoom(freeBytes: UInt64, on name: String) throws(HeadError) {
        let bytes = carried.sizeBytes
        guard bytes >= freeBytes else { return }
        throw .host(
            "\(name) has no room in its scratch folder for the files of --send (\(bytes >> 20) MiB, and \(freeBytes >> 20) MiB are free): free some there, or name another folder with `scratch:`",
            mayPass: true)
    }

    /// Whether a variable of this machine's environment would say something untrue on another that shares its files.
    static func isOfOneMachine(_ variable: [UInt8]) -> Bool {
        let name = String(decoding: variable.prefix { $0 != UInt8(ascii: "=") }, as: UTF8.self)
        return ownVariables.contains(name) || ownPrefixes.contains { name.hasPrefix($0) }
    }

    /// Login sessions, and what listens on sockets.
    private static let ownPrefixes = ["SSH_", "XDG_SESSION_", "DBUS_", "SYSTEMD_", "GNOME_", "TMUX"]

    /// The machine's name, its places for temporary files, its displays, terminals, sockets and tickets; and what shells keep for
    /// themselves.
    private static let ownVariables: Set<String> = [
        "HOSTNAME", "HOST", "TMPDIR", "TMP", "TEMP", "XDG_RUNTIME_DIR", "XDG_SEAT", "XDG_VTNR", "DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY",
        "WINDOWID", "STY", "GPG_TTY", "GPG_AGENT_INFO", "KRB5CCNAME", "NOTIFY_SOCKET", "JOURNAL_STREAM", "INVOCATION_ID", "LISTEN_FDS",
        "LISTEN_PID", "PWD", "OLDPWD", "SHLVL", "_",
    ]
}
