internal import JobModel
internal import LinuxSystem

/// What the kernel reads of a program before it starts it: the loader it names (ELF, PT_INTERP).
///
/// Only 64-bit little-endian files are read, as all hosts quire runs on have them.
enum ProgramHeader {
    private static let headerBytes = 64
    private static let entryBytes = 56
    private static let entriesMax = 64
    private static let nameBytesMax: UInt64 = 4_096
    private static let interpreterType: UInt64 = 3

    /// The loader that `program` names.
    static func loader(of program: RawPath) throws(BundleError) -> RawPath {
        let name = try system("read \(program)") { () throws(SystemError) in try interpreter(in: try OpenFile(program, .read)) }
        guard let name, name.isAbsolute else { throw .notDynamic(program) }
        return name
    }

    private static func interpreter(in file: borrowing OpenFile) throws(SystemError) -> RawPath? {
        let header = try file.read(count: headerBytes, at: 0)
        guard header.count == headerBytes, header.starts(with: [0x7F, 0x45, 0x4C, 0x46, 2, 1]) else { return nil }
        let tableOffset = number(header, at: 32, bytes: 8)
        let count = Int(number(header, at: 56, bytes: 2))
        guard number(header, at: 54, bytes: 2) == UInt64(entryBytes), count <= entriesMax, tableOffset < 1 << 32 else { return nil }
        let table = try file.read(count: count * entryBytes, at: tableOffset)
        guard table.count == count * entryBytes else { return nil }
        for entry in 0..<count {
            let start = entry * entryBytes
            guard number(table, at: start, bytes: 4) == interpreterType else { continue }
            let (offset, size) = (number(table, at: start + 8, bytes: 8), number(table, at: start + 32, bytes: 8))
            guard size > 1, size <= nameBytesMax, offset < 1 << 40 else { return nil }
            return RawPath(bytes: Array(try file.read(count: Int(size), at: offset).prefix { $0 != 0 }))
        }
        return nil
    }

    private static func number(_ bytes: [UInt8], at offset: Int, bytes count: Int) -> UInt64 {
        (0..<count).reduce(0) { $0 | UInt64(bytes[offset + $1]) << (8 * UInt64($1)) }
    }
}
