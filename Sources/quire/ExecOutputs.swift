import ArgumentParser

/// Which files travel and are made, and what of the work is done already.
struct ExecOutputs: ParsableArguments {
    @Option(name: .customLong("return"), parsing: .unconditionalSingleValue, help: ArgumentHelp("A file the program makes, such as '{.}.mkv'. Repeatable.", valueName: "template"))
    var returns: [BytesArgument] = []

    @Option(help: ArgumentHelp("Bring this file to each host once, for all tasks. Repeatable.", valueName: "file"))
    var send: [PathArgument] = []

    @Flag(help: "Leave out what earlier jobs did with the same program, arguments and input, wherever it stood in theirs; with {#} its place is one of the arguments.")
    var resume = false
}
