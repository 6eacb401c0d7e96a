private import CLinux
internal import Glibc
public import JobModel

/// The path of the program that runs here.
///
/// Not what /proc/self/exe names: a program of a bundle is started through the bundle's own loader, which is what the
/// kernel executed. The program is the file whose code this function belongs to (proc(5), maps).
public func ownExecutable() throws(SystemError) -> RawPath {
    let maps = try OpenFile(RawPath("/proc/self/maps"), .read)
    var text: [UInt8] = []
    while true {
        // The kernel makes the text as it is read, a page at a time: offsets mean nothing, only going on does.
        let more = try maps.readAvailable(countMax: 64 << 10)
        if more.isEmpty { break }
        text += more
    }
    let address = UInt(bitPattern: quire_own_code())
    for line in text.split(separator: newline) {
        guard let mapping = CodeMapping(line), mapping.addresses.contains(address) else { continue }
        return RawPath(bytes: mapping.file)
    }
    throw SystemError("find this program in", "/proc/self/maps", code: ENOENT)
}

/// This process's id.
public func processID() -> Int32 { getpid() }

/// Gives the process the name that `ps` shows for it, at most 15 bytes; without it that would be the loader's.
public func nameProcess(_ name: String) {
    quire_name_process(name)
}

private let newline: UInt8 = 0x0A

/// One line of /proc/self/maps: `55d0c1a00000-55d0c1a21000 r-xp 00000000 fe:01 1234   /path`.
private struct CodeMapping {
    var addresses: Range<UInt>
    var file: [UInt8]

    init?(_ line: ArraySlice<UInt8>) {
        let fields = line.split(separator: 0x20, maxSplits: 5, omittingEmptySubsequences: true)
        guard fields.count == 6 else { return nil }
        let ends = fields[0].split(separator: UInt8(ascii: "-")).compactMap { UInt(String(decoding: $0, as: UTF8.self), radix: 16) }
        guard ends.count == 2, ends[0] < ends[1] else { return nil }
        addresses = ends[0]..<ends[1]
        file = Self.unescaped(Array(fields[5].drop { $0 == 0x20 }))
        guard file.first == UInt8(ascii: "/") else { return nil }
    }

    /// A newline in a name is written as `\012`; nothing else is escaped.
    private static func unescaped(_ bytes: [UInt8]) -> [UInt8] {
        let escape = Array("\\012".utf8)
        var result: [UInt8] = []
        var rest = bytes[...]
        while let first = rest.first {
            let isEscape = rest.starts(with: escape)
            result.append(isEscape ? newline : first)
            rest = rest.dropFirst(isEscape ? escape.count : 1)
        }
        return result
    }
}
