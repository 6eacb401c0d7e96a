import ArgumentParser
import JobModel

/// The command `quire`.
struct Quire: ParsableCommand {
    static let version = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "quire",
        abstract: "Works on mountains of files on every core and host, and binds pictures into one PDF.",
        discussion: """
            EXAMPLES
              quire run ~/Pictures --rotate auto --shrink 1600 --strip all --pdf album.pdf -o finished/
              quire pdf ~/Scans -o book.pdf
              quire exec ~/Music --only wav --return '{.}.flac' -- flac -s -o {.}.flac {}
              quire inspect photo.jpg
              quire doctor

            EXIT CODES
              0 done   1 internal error   2 wrong usage   3 finished, but some files failed   4 no inputs found
              5 no usable host   6 verification failed   75 stopped, see quire resume   130 cancelled

            Completion for your shell: quire --generate-completion-script bash|zsh|fish
            """,
        version: version,
        subcommands: [
            RunCommand.self, PDFCommand.self, ExecCommand.self, PlanCommand.self, JobsCommand.self, ResumeCommand.self, RetryCommand.self, ReportCommand.self,
            CancelCommand.self, HostsCommand.self, RecipeCommand.self, ContactSheetCommand.self, InspectCommand.self, VerifyCommand.self, DoctorCommand.self,
        ])
}

extension Quire {
    /// What to say where the words before the first option do not name a subcommand; nil where they do.
    static func unknownSubcommand(_ arguments: [String]) -> String? {
        var command: any ParsableCommand.Type = Quire.self
        var called = "quire"
        for word in arguments.prefix(while: { !$0.hasPrefix("-") }) {
            let known = command.configuration.subcommands
            if known.isEmpty { return nil }
            guard let next = known.first(where: { $0._commandName == word }) else {
                let near = nearestName(to: word, among: known.map { $0._commandName })
                let cure = near.map { "did you mean '\(called) \($0)'?" } ?? "'\(called) --help' shows them"
                return "'\(word)' is no subcommand of \(called); \(cure)"
            }
            command = next
            called += " " + word
        }
        return nil
    }
}
