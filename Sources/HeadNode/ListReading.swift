import JobModel
import LinuxSystem

/// Reads a list that a file or standard input holds, one line after another.
struct ListReading {
    /// What ends a line: NUL or a line feed.
    let separator: UInt8
    let lineBytesMax: Int

    /// Calls `body` with every line, also empty ones, but not with an empty one behind the last separator.
    ///
    /// - Parameter waiting: called five times a second while nothing comes.
    func forEachLine(
        of file: borrowing OpenFile, _ body: ([UInt8]) throws(HeadError) -> Void, waiting: () throws(HeadError) -> Void
    ) throws(HeadError) {
        var line: [UInt8] = []
        let arrival = try HeadNode.system("read the list") { () throws(SystemError) in try EventPoll() }
        var canWait = true
        // A regular file never makes anyone wait and cannot be watched.
        do throws(SystemError) { try arrival.watch(file.descriptor, for: .readable, tag: 0) } catch { canWait = false }
        while true {
            while canWait, try HeadNode.system("read the list", { () throws(SystemError) in try arrival.wait(milliseconds: 200) }).isEmpty { try waiting() }
            let bytes = try HeadNode.system("read the list") { () throws(SystemError) in try file.readAvailable(countMax: 1 << 16) }
            if bytes.isEmpty { break }
            for byte in bytes {
                if byte == separator {
                    try body(line)
                    line.removeAll(keepingCapacity: true)
                } else {
                    if byte == 0 { throw .usage("the list holds a NUL byte; if its names end in NUL, say -0") }
                    line.append(byte)
                    guard line.count <= lineBytesMax else { throw .usage("the list has a line of over \(lineBytesMax) bytes") }
                }
            }
        }
        if !line.isEmpty { try body(line) }
    }
}

/// The paths that the command line and its lists name, one by one.
struct NamedInputs {
    let settings: RunSettings

    /// A name cannot be longer than 4,096 bytes on Linux; what is, is no list of names.
    private static let lineBytesMax = 1 << 16

    func forEach(_ body: (RawPath) throws(HeadError) -> Void, waiting: () throws(HeadError) -> Void) throws(HeadError) {
        let reading = ListReading(separator: settings.listsAreNulSeparated ? 0 : 0x0A, lineBytesMax: Self.lineBytesMax)
        let take = { (line: [UInt8]) throws(HeadError) in if !line.isEmpty { try body(RawPath(bytes: line)) } }
        for input in settings.inputs {
            switch input {
            case .path(let path): try body(path)
            case .list(let path):
                let file: OpenFile
                do throws(SystemError) { file = try OpenFile(path, .read) } catch { throw .usage("the list @\(path) cannot be read: \(error)") }
                try reading.forEachLine(of: file, take, waiting: waiting)
            case .standardInput:
                let file = try HeadNode.system("read standard input") { () throws(SystemError) in try Descriptors.duplicate(0) }
                try reading.forEachLine(of: file, take, waiting: waiting)
            }
        }
    }
}
