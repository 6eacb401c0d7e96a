internal import JobModel
internal import ImageFiles
internal import Recipes

extension ImageEngine {
    /// The compression of a TIFF's first page where quire can write it too, else nil (TIFF 6.0, section 8: tag 259).
    func compression(of input: InputFile, kind: ImageKind) throws(ImagingError) -> TIFFCompression? {
        guard kind == .tiff else { return nil }
        let head = try input.chunk(ByteRange(offset: 0, count: min(16, input.byteCount)))
        guard head.count == 16 else { return nil }
        let isBig = head[0] == 0x49 ? head[2] == 43 : head[3] == 43
        func number(_ bytes: some Collection<UInt8>) -> UInt64 {
            let ordered = head[0] == 0x49 ? Array(bytes.reversed()) : Array(bytes)
            return ordered.reduce(0) { $0 << 8 | UInt64($1) }
        }
        let start = isBig ? number(head[8..<16]) : number(head[4..<8])
        let countBytes: UInt64 = isBig ? 8 : 2
        let entryBytes: UInt64 = isBig ? 20 : 12
        guard start < input.byteCount, input.byteCount - start > countBytes else { return nil }
        let count = number(try input.chunk(ByteRange(offset: start, count: countBytes)))
        let room = (input.byteCount - start - countBytes) / entryBytes
        let entries = try input.chunk(ByteRange(offset: start + countBytes, count: min(count, room, 4096) * entryBytes))
        for base in stride(from: 0, to: entries.count, by: Int(entryBytes)) where number(entries[base..<(base + 2)]) == 259 {
            let value = base + (isBig ? 12 : 8)
            switch number(entries[value..<(value + 2)]) {
            case 1: return TIFFCompression.none
            case 2, 3, 4: return .ccittG4
            case 5: return .lzw
            case 6, 7: return .jpeg
            case 8, 32946: return .deflate
            case 32773: return .packbits
            default: return nil
            }
        }
        return nil
    }
}
