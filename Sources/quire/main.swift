import ArgumentParser
import HeadNode
import JobModel
import LinuxSystem

/// Exit codes are quire's own, so that a wrong flag is 2 as in most programs and not the parser's 64.
Descriptors.occupyStandardStreams()
Terminal.ignoreBrokenPipes()
let arguments = RawArguments.ofThisProcess()
do {
    let (own, program) = ExecCommand.split(arguments)
    var command = try Quire.parseAsRoot(own)
    if var exec = command as? ExecCommand {
        exec.words = program
        command = exec
    }
    try command.run()
} catch let error as HeadError {
    Terminal.writeError(Array("quire: \(error)\n".utf8))
    Quire.exit(withError: ExitCode(error.status.rawValue))
} catch let code as ExitCode {
    Quire.exit(withError: code)
} catch {
    let text = Quire.fullMessage(for: error)
    guard Quire.exitCode(for: error) == .success else {
        if let unknown = Quire.unknownSubcommand(arguments) {
            Terminal.writeError(Array("quire: \(unknown)\n".utf8))
            Quire.exit(withError: ExitCode(ExitStatus.usage.rawValue))
        }
        let reminder = text.contains("Unknown option") || !arguments.contains("--") ? ExecCommand.reminder(for: arguments).map { $0 + "\n" } ?? "" : ""
        Terminal.writeError(Array((text + "\n" + reminder).utf8))
        Quire.exit(withError: ExitCode(ExitStatus.usage.rawValue))
    }
    do throws(SystemError) {
        try Terminal.writeOutput(Array((text + "\n").utf8))
    } catch {
        Terminal.writeError(Array("quire: standard output: \(error.reason)\n".utf8))
        Quire.exit(withError: ExitCode(ExitStatus.internalError.rawValue))
    }
}
