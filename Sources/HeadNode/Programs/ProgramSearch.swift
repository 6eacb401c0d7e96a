import JobModel
import LinuxSystem
import Programs

/// Finds a program as a shell would, so that one that is not there is told before any work and not by every task.
struct ProgramSearch {
    let workingFolder: RawPath
    /// `PATH` of this process; nil where it has none.
    let searchPath: RawPath?

    private enum Finding {
        case program
        case missing
        case folder
        case notExecutable
    }

    /// Throws `usage` with the cure where this machine cannot start a job's program. A name that differs from task to task is not
    /// looked at.
    func check(_ spec: ProgramSpec) throws(HeadError) {
        guard !spec.usesShell, let word = spec.words.first else { return }
        let oneText = HeadError.usage("'\(RawPath(bytes: word))' is taken for the name of one program; leave out the quotes around all of it, or say --shell")
        if isOneText(word, spec) { throw oneText }
        guard spec.arguments.first?.hasPlaceholder == false else { return }
        let path = spec.environment.last { $0.name == Array("PATH".utf8) }.map { RawPath(bytes: $0.value) }
        try check(RawPath(bytes: word), on: path, insteadOfMissing: word.contains(UInt8(ascii: " ")) ? oneText : nil)
    }

    /// Throws `usage` with the cure where this machine cannot start the program of that name.
    ///
    /// - Parameters:
    ///   - path: another `PATH` than this process has.
    ///   - other: what is thrown where nothing of that name is found.
    func check(_ name: RawPath, on path: RawPath? = nil, insteadOfMissing other: HeadError? = nil) throws(HeadError) {
        guard !name.bytes.contains(UInt8(ascii: "/")) else {
            switch try look(at: workingFolder.appending(name)) {
            case .program: return
            case .missing: throw other ?? .usage("program '\(name)' does not exist here; look at its path")
            case .folder: throw .usage("'\(name)' is a folder, not a program")
            case .notExecutable: throw .usage("'\(name)' cannot be executed; chmod +x makes a script a program, or name what runs it: -- sh \(name)")
            }
        }
        var refused: RawPath?
        for folder in folders(of: path ?? searchPath ?? RawPath("/bin:/usr/bin")) {
            let path = workingFolder.appending(folder).appending(name)
            switch try look(at: path) {
            case .program: return
            case .missing, .folder: continue
            case .notExecutable: refused = refused ?? path
            }
        }
        if let refused { throw .usage("program '\(name)' stands in PATH as \(refused), which cannot be executed; chmod +x makes a script a program") }
        if let other { throw other }
        throw .usage("program '\(name)' is in no folder of PATH; \(try cure(name))")
    }

    /// A whole command between quotes, as a shell would read it.
    private func isOneText(_ word: [UInt8], _ spec: ProgramSpec) -> Bool {
        guard spec.words.count == 1, let end = word.firstIndex(of: UInt8(ascii: " ")) else { return false }
        return spec.arguments.first?.hasPlaceholder == true && !word[..<end].contains(UInt8(ascii: "{"))
    }

    private func folders(of path: RawPath) -> [RawPath] {
        path.bytes.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false).map { RawPath(bytes: $0.isEmpty ? [0x2E] : Array($0)) }
    }

    private func cure(_ name: RawPath) throws(HeadError) -> String {
        if case .program = try look(at: workingFolder.appending(name)) { return "for the one in this folder write './\(name)'" }
        return "install it (apt install \(name), if its package has its name), or write its whole path"
    }

    private func look(at path: RawPath) throws(HeadError) -> Finding {
        do throws(SystemError) {
            let facts = try FileOperation.facts(of: path)
            switch facts.type {
            case .folder: return .folder
            case .regular, .link: return facts.mode & 0o111 != 0 ? .program : .notExecutable
            case .other: return .notExecutable
            }
        } catch {
            if error.isNotFound || error.isDenied { return .missing }
            throw .system(doing: "look for the program", error)
        }
    }
}
