internal import Glibc

/// The terminal a person sits at, whatever standard input and standard error are connected to.
public enum ControllingTerminal {
    /// Longer answers are none.
    private static let answerBytesMax = 1024
    private static let lookMilliseconds: Int32 = 200

    /// Whether there is one, and this process is not in its background, where a question would stop it.
    public static var canAsk: Bool {
        let descriptor = openTerminal()
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return tcgetpgrp(descriptor) == getpgrp()
    }

    public enum Answer: Hashable, Sendable {
        case line([UInt8])
        /// End of file, no terminal any more, or `isGivenUp` came true.
        case none
        /// Ctrl-C.
        case interrupted
    }

    /// Asks for one line and waits for it.
    ///
    /// Ctrl-C interrupts all processes of this one's group, as it would have without the question, once the terminal is as it was.
    public static func ask(_ question: String, echoes: Bool, isGivenUp: () -> Bool) -> Answer {
        let descriptor = openTerminal()
        guard descriptor >= 0, tcgetpgrp(descriptor) == getpgrp() else {
            if descriptor >= 0 { close(descriptor) }
            return .none
        }
        defer { close(descriptor) }
        var before = termios()
        guard tcgetattr(descriptor, &before) == 0 else { return .none }
        var during = before
        // Ctrl-C must not end the process while nothing is echoed: it ends the line instead, and is looked at below.
        during.c_lflag &= ~tcflag_t(ISIG)
        during.c_lflag |= tcflag_t(ICANON)
        if !echoes { during.c_lflag &= ~tcflag_t(ECHO) }
        let interrupt = withUnsafeBytes(of: before.c_cc) { $0[Int(VINTR)] }
        withUnsafeMutableBytes(of: &during.c_cc) { $0[Int(VEOL)] = interrupt }
        guard tcsetattr(descriptor, TCSAFLUSH, &during) == 0 else { return .none }
        write(question, to: descriptor)
        let line = readLine(descriptor, isGivenUp)
        tcsetattr(descriptor, TCSAFLUSH, &before)
        write("\n", to: descriptor)
        guard let line else { return .none }
        if line.last == interrupt, interrupt != 0 {
            kill(0, SIGINT)
            return .interrupted
        }
        return line.last == 0x0A ? .line(Array(line.dropLast())) : .none
    }

    private static func openTerminal() -> Int32 { open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY) }

    /// With the byte that ended it; nil at the terminal's end.
    private static func readLine(_ descriptor: Int32, _ isGivenUp: () -> Bool) -> [UInt8]? {
        while !isGivenUp() {
            var watched = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&watched, 1, lookMilliseconds) > 0 else { continue }
            var bytes = [UInt8](repeating: 0, count: answerBytesMax)
            let count = read(descriptor, &bytes, bytes.count)
            if count < 0 && errno == EINTR { continue }
            return count > 0 ? Array(bytes[..<count]) : nil
        }
        return nil
    }

    private static func write(_ text: String, to descriptor: Int32) {
        let bytes = Array(text.utf8)
        // A terminal that has gone shows nothing; reading from it says so.
        _ = Glibc.write(descriptor, bytes, bytes.count)
    }
}
