import Foundation
import Testing

/// Runs a program on a terminal of its own and types answers when it asks; what it showed is all it wrote there.
///
/// A terminal of 80 columns and 24 rows. Python's pty does what Swift cannot: fork.
func runOnTerminal(
    _ words: [String], answers: [(question: String, answer: String)], environment: [String: String], seconds: Int = 60
) throws -> Ended {
    let script = #"""
        import fcntl, os, pty, select, signal, struct, sys, termios, time
        limit, count = float(sys.argv[1]), int(sys.argv[2])
        answers = [(sys.argv[3 + 2 * i].encode(), sys.argv[4 + 2 * i].encode()) for i in range(count)]
        child, terminal = pty.fork()
        if child == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
            os.execvp(sys.argv[3 + 2 * count], sys.argv[3 + 2 * count:])
        shown, seen, end = b"", 0, time.monotonic() + limit
        while time.monotonic() < end:
            if not select.select([terminal], [], [], 0.1)[0]: continue
            try: chunk = os.read(terminal, 65536)
            except OSError: break
            if not chunk: break
            shown += chunk
            if answers and answers[0][0] in shown[seen:]:
                # A question about a secret is one that shows nothing of its answer.
                flags = termios.tcgetattr(terminal)[3]
                sys.stderr.write("echo %s\n" % ("on" if flags & termios.ECHO else "off"))
                seen = len(shown)
                os.write(terminal, answers.pop(0)[1])
        else:
            os.kill(child, signal.SIGKILL)
        sys.stderr.write("echo at the end %s\n" % ("on" if termios.tcgetattr(terminal)[3] & termios.ECHO else "off"))
        sys.stdout.write(shown.decode(errors="replace"))
        status = os.waitpid(child, 0)[1]
        sys.exit(os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status))
        """#
    let python = ProcessInfo.processInfo.environment["QUIRE_TEST_PYTHON"] ?? "python3"
    return try run(
        python, ["-c", script, "\(seconds)", "\(answers.count)"] + answers.flatMap { [$0.question, $0.answer] } + words, environment: environment)
}
