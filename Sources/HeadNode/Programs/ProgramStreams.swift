import JobModel
import LinuxSystem

/// Standard output and standard error, as programs' output goes to them: one task at a time, with the progress out of its way.
struct ProgramStreams {
    private let terminal: TerminalQuestions
    private let areOne: Bool
    let outputIsTerminal: Bool
    let errorIsTerminal: Bool
    /// Nobody can see what goes to standard error any more.
    private var errorsAreGone = false
    /// The last byte on the shared terminal was no end of a line.
    private var isWithinLine = false

    init(terminal: TerminalQuestions) {
        Terminal.ignoreBrokenPipes()
        self.terminal = terminal
        areOne = Terminal.outputAndErrorAreOne
        outputIsTerminal = Terminal.outputIsTerminal
        errorIsTerminal = Terminal.errorIsTerminal
    }

    /// Lets `body` write one task's output, whole: messages and progress wait where they would stand in it.
    ///
    /// - Parameter hasErrors: whether something goes to standard error.
    mutating func turn(hasErrors: Bool, _ body: (inout ProgramStreams) throws(HeadError) -> Void) throws(HeadError) {
        guard areOne || hasErrors else { return try body(&self) }
        try terminal.print { () throws(HeadError) in
            defer { endLine() }
            try body(&self)
        }
    }

    mutating func write(_ bytes: [UInt8], to stream: ProgramStream) throws(HeadError) {
        if bytes.isEmpty { return }
        switch stream {
        case .output:
            do throws(SystemError) { try Terminal.writeWhole(bytes) } catch { throw .output(error) }
            if areOne { isWithinLine = bytes.last != 0x0A }
        case .errors:
            if !errorsAreGone { errorsAreGone = !Terminal.writeError(bytes) }
            isWithinLine = bytes.last != 0x0A
        }
    }

    /// The progress is drawn from the start of a line on.
    private mutating func endLine() {
        if isWithinLine, errorIsTerminal { Terminal.writeError([0x0A]) }
        isWithinLine = false
    }
}
