import Foundation
import Testing

extension Sandbox {
    /// Runs a program on a terminal of its own and types an answer when it asks; its output is all that it wrote there.
    ///
    /// Python's pty does what Swift cannot: fork.
    func onTerminal(_ words: [Name], question: String, answer: String, columns: Int = 80) throws -> Ended {
        let script = #"""
            import fcntl, os, pty, select, signal, struct, sys, termios, time
            columns, question, answer, shown, end = int(sys.argv[1]), sys.argv[2].encode(), sys.argv[3].encode(), b"", time.monotonic() + 50
            child, terminal = pty.fork()
            if child == 0:
                fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
                os.execvp(sys.argv[4], sys.argv[4:])
            while time.monotonic() < end:
                if not select.select([terminal], [], [], 0.1)[0]: continue
                try: chunk = os.read(terminal, 65536)
                except OSError: break
                if not chunk: break
                shown += chunk
                if answer and question in shown:
                    os.write(terminal, answer)
                    answer = b""
            else:
                os.kill(child, signal.SIGKILL)
            sys.stdout.write(shown.decode(errors="replace"))
            status = os.waitpid(child, 0)[1]
            sys.exit(os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status))
            """#
        let python = ProcessInfo.processInfo.environment["QUIRE_TEST_PYTHON"] ?? "python3"
        let program = Name(builtPrograms + "/") + words[0]
        return try run([Name(python), "-c", Name(script), Name("\(columns)"), Name(question), Name(answer), program] + words.dropFirst())
    }
}
