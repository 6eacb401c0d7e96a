/// A file to be checked, read where the checker asks.
public protocol RandomAccessFile<Failure> {
    associatedtype Failure: Error
    var byteCount: UInt64 { get }
    /// Exactly `count` bytes from `offset`; the range lies within the file.
    mutating func read(at offset: UInt64, count: Int) throws(Failure) -> [UInt8]
}

/// Reads in blocks, so that small objects one behind the other cost one read and large streams are jumped over.
struct BlockReader<File: RandomAccessFile> {
    private var file: File
    private var block: [UInt8] = []
    private var blockOffset: UInt64 = 0
    /// Grows while reading goes on where the last block ended, and begins small again behind a jump.
    private var blockBytes: UInt64 = 4096
    private static var blockBytesMin: UInt64 { 4096 }
    private static var blockBytesMax: UInt64 { 1 << 16 }

    init(_ file: File) {
        self.file = file
    }

    var byteCount: UInt64 { file.byteCount }

    /// Up to `count` bytes from `offset`, fewer where the file or `end` comes before.
    mutating func bytes(at offset: UInt64, count: Int, end: UInt64 = .max) throws(File.Failure) -> [UInt8] {
        let stop = min(byteCount, end, offset.addingReportingOverflow(UInt64(count)).overflow ? .max : offset + UInt64(count))
        guard offset < stop else { return [] }
        if offset < blockOffset || stop > blockOffset + UInt64(block.count) {
            let goesOn = offset >= blockOffset && offset <= blockOffset + UInt64(block.count)
            blockBytes = goesOn ? min(2 * blockBytes, Self.blockBytesMax) : Self.blockBytesMin
            let length = min(byteCount - offset, max(blockBytes, stop - offset))
            block = try file.read(at: offset, count: Int(length))
            blockOffset = offset
        }
        return Array(block[Int(offset - blockOffset)..<Int(stop - blockOffset)])
    }
}
