import Foundation
import Glibc

/// Any byte string: an argument or a file's name, which need not be UTF-8.
struct Name: ExpressibleByStringInterpolation, Hashable, Comparable, CustomStringConvertible {
    let bytes: [UInt8]
    init(stringLiteral value: String) { bytes = Array(value.utf8) }
    init(_ text: String) { bytes = Array(text.utf8) }
    init(_ bytes: [UInt8]) { self.bytes = bytes }
    var description: String { String(decoding: bytes, as: UTF8.self) }
    static func < (left: Name, right: Name) -> Bool { left.bytes.lexicographicallyPrecedes(right.bytes) }
    static func + (left: Name, right: Name) -> Name { Name(left.bytes + right.bytes) }

    fileprivate func withCString<Result>(_ body: (UnsafePointer<CChar>) -> Result) -> Result {
        (bytes + [0]).withUnsafeBufferPointer { $0.withMemoryRebound(to: CChar.self) { body($0.baseAddress!) } }
    }
}

struct Trouble: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
    static func system(_ call: String, _ name: Name) -> Trouble { Trouble("\(call) \(name): \(String(cString: strerror(errno)))") }
}

/// Where tests make their folders, without a slash at its end.
let temporaryFolder = FileManager.default.temporaryDirectory.path

/// A folder for one test with a working folder and a state folder of its own; gone with the value.
final class Sandbox {
    let root: String
    /// What programs are started in.
    var work: String { root + "/work" }
    var state: String { root + "/state" }

    init() throws {
        root = "\(temporaryFolder)/quire-cli-\(UUID().uuidString)"
        for folder in [root, root + "/work", root + "/state", root + "/home"] { try makeFolder(Name(folder)) }
    }

    deinit {
        // Nothing depends on it: the system empties its temporary folder.
        try? FileManager.default.removeItem(atPath: root)
    }

    /// `name` below the working folder.
    func at(_ name: Name) -> Name { name.bytes.first == 0x2F ? name : Name(work + "/") + name }

    func makeFolder(_ name: Name) throws {
        let parts = at(name).bytes.split(separator: 0x2F)
        for count in 1...parts.count {
            let folder = Name(Array(parts.prefix(count).map { [0x2F] + $0 }.joined()))
            guard folder.withCString({ mkdir($0, 0o755) }) == 0 || errno == EEXIST else { throw Trouble.system("mkdir", folder) }
        }
    }

    /// Writes a file and makes the folders above it.
    func write(_ bytes: [UInt8], to name: Name) throws {
        let path = at(name)
        if let slash = path.bytes.lastIndex(of: 0x2F) { try makeFolder(Name(Array(path.bytes[..<slash]))) }
        let file = path.withCString { open($0, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644) }
        guard file >= 0 else { throw Trouble.system("open", path) }
        defer { close(file) }
        var done = 0
        while done < bytes.count {
            let count = bytes[done...].withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            guard count > 0 else { throw Trouble.system("write", path) }
            done += count
        }
    }

    func write(_ text: String, to name: Name) throws { try write(Array(text.utf8), to: name) }

    /// The content of a file, or nil where there is none.
    func read(_ name: Name) -> [UInt8]? {
        let file = at(name).withCString { open($0, O_RDONLY | O_CLOEXEC) }
        guard file >= 0 else { return nil }
        defer { close(file) }
        var all: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = Glibc.read(file, &piece, piece.count)
            if count <= 0 { return all }
            all += piece[..<count]
        }
    }

    func text(_ name: Name) -> String { String(decoding: read(name) ?? [], as: UTF8.self) }
    func exists(_ name: Name) -> Bool { at(name).withCString { access($0, F_OK) } == 0 }

    /// All files below a folder by their names in it, sorted; links are files. A folder that is not there has none.
    func files(below folder: Name = "") -> [Name] {
        var found: [Name] = []
        func walk(_ folder: Name, _ prefix: [UInt8]) {
            guard let stream = folder.withCString({ opendir($0) }) else { return }
            defer { closedir(stream) }
            while let entry = readdir(stream) {
                let bytes = withUnsafeBytes(of: &entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
                if bytes == [0x2E] || bytes == [0x2E, 0x2E] { continue }
                if entry.pointee.d_type == UInt8(DT_DIR) {
                    walk(Name(folder.bytes + [0x2F] + bytes), prefix + bytes + [0x2F])
                } else {
                    found.append(Name(prefix + bytes))
                }
            }
        }
        walk(at(folder), [])
        return found.sorted()
    }

    /// Name, content, mode and modification time of all files below a folder: equal before and after means untouched.
    func snapshot(_ folder: Name) throws -> [Name: String] {
        var all: [Name: String] = [:]
        for file in files(below: folder) {
            let path = folder + "/" + file
            let facts = try facts(path)
            all[file] = "\(facts.st_mode) \(facts.st_mtim.tv_sec).\(facts.st_mtim.tv_nsec) \(read(path) ?? [])"
        }
        return all
    }

    func facts(_ name: Name) throws -> stat {
        var facts = stat()
        guard at(name).withCString({ lstat($0, &facts) }) == 0 else { throw Trouble.system("lstat", name) }
        return facts
    }

    func isLink(_ name: Name) throws -> Bool { try facts(name).st_mode & S_IFMT == S_IFLNK }
    func mode(_ name: Name) throws -> UInt32 { try facts(name).st_mode & 0o7777 }
    func modified(_ name: Name) throws -> Int { try facts(name).st_mtim.tv_sec }

    func setModified(_ name: Name, seconds: Int) throws {
        let times = [timespec(tv_sec: seconds, tv_nsec: 0), timespec(tv_sec: seconds, tv_nsec: 0)]
        guard at(name).withCString({ utimensat(AT_FDCWD, $0, times, 0) }) == 0 else { throw Trouble.system("utimensat", name) }
    }

    func link(_ name: Name, to target: Name) throws {
        let path = at(name)
        guard target.withCString({ target in path.withCString { symlink(target, $0) } }) == 0 else { throw Trouble.system("symlink", name) }
    }

    func makePipe(_ name: Name) throws {
        guard at(name).withCString({ mkfifo($0, 0o644) }) == 0 else { throw Trouble.system("mkfifo", name) }
    }

    func setMode(_ name: Name, _ mode: UInt32) throws {
        guard at(name).withCString({ chmod($0, mode) }) == 0 else { throw Trouble.system("chmod", name) }
    }

    func remove(_ name: Name) throws {
        guard at(name).withCString({ unlink($0) }) == 0 else { throw Trouble.system("unlink", name) }
    }
}
