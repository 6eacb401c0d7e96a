import JobModel
import LinuxSystem
public import Programs

/// Looks for the program on this machine before any work, so that a misspelled name is one line and not a failure for each file.
public enum ProgramLookup {
    /// Throws `usage` where this machine has no such program. What differs from task to task, and what a shell runs, is not looked at.
    public static func check(_ spec: ProgramSpec) throws(HeadError) {
        guard !spec.usesShell, let word = spec.arguments.first, !word.hasPlaceholder else { return }
        let name = RawPath(bytes: word.text)
        if name.bytes.contains(0x2F) {
            guard let facts = found(name) else { throw .usage("program '\(name.display)' does not exist here; look at its path") }
            guard isProgram(facts) else { throw .usage("'\(name.display)' cannot be executed; 'chmod +x' makes a script a program") }
            return
        }
        let own = spec.environment.first { $0.name == Array("PATH".utf8) }.map { RawPath(bytes: $0.value) }
        let folders = (own ?? environmentVariable("PATH") ?? RawPath("/usr/bin:/bin")).bytes.split(separator: 0x3A)
        for folder in folders {
            if let facts = found(RawPath(bytes: Array(folder)).appending(name)), isProgram(facts) { return }
        }
        let here = found(name).map(isProgram) == true ? "; for the one in this folder write './\(name.display)'" : ""
        throw .usage("program '\(name.display)' is in no folder of PATH\(here.isEmpty ? "; install it, or write its whole path" : here)")
    }

    /// Nil also where it cannot be looked at: the program then cannot be started either.
    private static func found(_ path: RawPath) -> FileFacts? {
        do throws(SystemError) { return try FileOperation.factsIfPresent(of: path) } catch { return nil }
    }

    private static func isProgram(_ facts: FileFacts) -> Bool { facts.type == .regular && facts.mode & 0o111 != 0 }
}
