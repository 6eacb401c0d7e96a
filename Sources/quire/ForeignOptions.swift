/// Options that users of GNU parallel and xargs write without thinking, and what stands for them in `quire exec`.
enum ForeignOptions {
    private static let oneInput = "each task gets one input, and there is nothing to set"

    private static let hints: [String: String] = [
        "-j": "write --jobs N", "-P": "write --jobs N", "--max-procs": "write --jobs N",
        "-a": "write --args-from FILE", "--arg-file": "write --args-from FILE", "-d": "lists end their names in a line feed, or with -0 in NUL",
        "-C": "write --columns SEP", "--colsep": "write --columns SEP",
        "-I": "write {} where the input belongs", "-i": "write {} where the input belongs",
        "-n": oneInput, "-N": oneInput, "-L": oneInput, "-X": oneInput, "-m": oneInput,
        "-k": "leave it out: what programs print comes in the order of the inputs", "--keep-order": "leave it out: what programs print comes in the order of the inputs",
        "--group": "leave it out: what a task prints is never mixed with another's", "-u": "write --lines, which mixes no lines",
        "--ungroup": "write --lines, which mixes no lines", "--lb": "write --lines", "--line-buffer": "write --lines",
        "-q": "leave it out: there is no shell without --shell", "-t": "write --dry-run to see the commands", "--verbose": "write --dry-run to see the commands",
        "-r": "leave it out: no input starts no program, with --allow-empty as a success",
        "-S": "write --host a,b:4", "--sshlogin": "write --host a,b:4", "--slf": "write --hosts FILE", "--sshloginfile": "write --hosts FILE",
        "--basefile": "write --send FILE", "--bf": "write --send FILE", "--trc": "write --return TEMPLATE", "--transferfile": "leave it out: inputs travel by themselves",
        "--resume-failed": "write --resume, which runs what failed again", "--retry-failed": "write: quire retry",
        "-o": "name what the program makes with --return TEMPLATE",
        "--bar": "leave it out: progress is shown", "--eta": "leave it out: progress is shown",
    ]

    /// Nil where the word is no such option. A value may follow at once: `-j4`, `--colsep=,`.
    static func hint(for word: String) -> String? {
        let name = word.hasPrefix("--") ? String(word.prefix { $0 != "=" }) : String(word.prefix(2))
        return hints[name]
    }
}
