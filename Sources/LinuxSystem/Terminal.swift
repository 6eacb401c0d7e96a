internal import Glibc

/// What standard error and standard output are connected to.
public enum Terminal {
    public static var errorIsTerminal: Bool { isatty(2) == 1 }
    public static var outputIsTerminal: Bool { isatty(1) == 1 }

    /// Columns and rows of the terminal on standard error; 80 and 24 where it does not tell.
    public static func size() -> (columns: Int, rows: Int) {
        var size = winsize()
        guard ioctl(2, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else { return (80, 24) }
        return (Int(size.ws_col), Int(size.ws_row))
    }

    /// Writes to standard error; false once nobody can see it any more.
    @discardableResult
    public static func writeError(_ bytes: [UInt8]) -> Bool { writeAll(bytes, to: 2) }

    /// Writes to standard output; false when its reader is gone, as after `| head`.
    @discardableResult
    public static func writeOutput(_ bytes: [UInt8]) -> Bool { writeAll(bytes, to: 1) }

    private static func writeAll(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in retrying { write(descriptor, buffer.baseAddress! + done, buffer.count - done) } }
            guard count > 0 else { return false }
            done += count
        }
        return true
    }
}
