internal import Glibc

/// What standard error and standard output are connected to.
public enum Terminal {
    public static var errorIsTerminal: Bool { isatty(2) == 1 }

    /// Columns and rows of the terminal on standard error; 80 and 24 where it does not tell.
    public static func size() -> (columns: Int, rows: Int) {
        var size = winsize()
        guard ioctl(2, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else { return (80, 24) }
        return (Int(size.ws_col), Int(size.ws_row))
    }

    /// Columns of the terminal on standard output; nil where that is none.
    public static func outputColumns() -> Int? {
        var size = winsize()
        guard isatty(1) == 1, ioctl(1, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
        return Int(size.ws_col)
    }

    /// Writes to standard error; false once nobody can see it any more.
    @discardableResult
    public static func writeError(_ bytes: [UInt8]) -> Bool {
        do throws(SystemError) { try writeAll(bytes, to: 2, "standard error") } catch { return false }
        return true
    }

    /// Writes to standard output. A reader that has gone, as after `| head`, has all it wants: that is no error.
    public static func writeOutput(_ bytes: [UInt8]) throws(SystemError) {
        do throws(SystemError) { try writeAll(bytes, to: 1, "standard output") } catch { if error.code != EPIPE { throw error } }
    }

    public static var outputIsTerminal: Bool { isatty(1) == 1 }

    /// Whether both are one terminal, one pipe or one file, so that what is written to them mixes.
    public static var outputAndErrorAreOne: Bool {
        var (output, error) = (stat(), stat())
        return fstat(1, &output) == 0 && fstat(2, &error) == 0 && output.st_dev == error.st_dev && output.st_ino == error.st_ino
    }

    /// Writes all of it to standard output; a reader that has gone is an error too (`isBrokenPipe`).
    public static func writeWhole(_ bytes: [UInt8]) throws(SystemError) { try writeAll(bytes, to: 1, "standard output") }

    /// Writes after a reader has gone must fail instead of ending the process.
    public static func ignoreBrokenPipes() { signal(SIGPIPE, SIG_IGN) }

    private static func writeAll(_ bytes: [UInt8], to descriptor: Int32, _ name: String) throws(SystemError) {
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in retrying { write(descriptor, buffer.baseAddress! + done, buffer.count - done) } }
            if count < 0, errno == EAGAIN {
                // Others who have the same pipe open may have made it so.
                var wait = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                poll(&wait, 1, -1)
                continue
            }
            guard count > 0 else { throw .last("write", name) }
            done += count
        }
    }
}
