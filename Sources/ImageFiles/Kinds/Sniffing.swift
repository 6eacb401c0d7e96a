public import JobModel

extension ImageKind {
    /// How many bytes of a file's beginning `sniff` looks at; fewer are enough where the file has no more.
    public static let sniffBytes = 1024

    /// The kind of a file by its first bytes; nil for what is no image.
    ///
    /// Camera raw files that are plain TIFF (NEF, ARW, DNG, PEF...) come out as `tiff`: only their extension tells; see `of`.
    public static func sniff(_ prefix: [UInt8]) -> ImageKind? {
        for signature in signatures where prefix.has(signature.bytes, at: signature.offset) { return signature.kind }
        if prefix.has("RIFF", at: 0), prefix.has("WEBP", at: 8) { return .webp }
        if prefix.has("ftyp", at: 4) { return kindByBrand(prefix) }
        if prefix.has("BM", at: 0), let header = ByteOrder.little.uint32(prefix, 14) {
            return [12, 16, 40, 52, 56, 64, 108, 124].contains(header) ? .bmp : nil
        }
        if let netpbm = kindOfNetpbm(prefix) { return netpbm }
        if prefix.has("DICM", at: 128) { return .dicom }
        if isSVG(prefix) { return .svg }
        // Readers accept a PDF header anywhere in the first 1,024 bytes (PDF Reference, implementation note 13).
        return prefix.firstPosition(of: Array("%PDF-".utf8)) == nil ? nil : .pdf
    }

    /// The kind by content, where content and extension together say more: a TIFF named `.nef` is a camera's raw file,
    /// of which a TIFF reader would show the embedded preview only. The preamble of a DICOM file may be the head of a TIFF (PS3.10,
    /// 7.1), whose directories some writers leave out; and old ones have no preamble.
    public static func of(prefix: [UInt8], lowercasedExtension: String) -> ImageKind? {
        let content = sniff(prefix)
        let named = fromExtension(lowercasedExtension)
        switch content {
        case .tiff: return named == .raw ? .raw : named != .tiff && prefix.has("DICM", at: 128) ? .dicom : .tiff
        case nil: return named == .dicom && beginsDICOMData(prefix) ? .dicom : nil
        default: return content
        }
    }

    /// An element of group 2 or 8 in either byte order, with a value representation or a length of few bytes (PS3.5, 7.1).
    private static func beginsDICOMData(_ prefix: [UInt8]) -> Bool {
        for order in [ByteOrder.little, .big] {
            guard let group = order.uint16(prefix, 0), group == 2 || group == 8, let length = order.uint32(prefix, 4) else { continue }
            if length < 0x10000 || prefix[4...5].allSatisfy({ (0x41...0x5A).contains($0) }) { return true }
        }
        return false
    }

    private struct Signature {
        var kind: ImageKind
        var offset: Int
        var bytes: [UInt8]
        init(_ kind: ImageKind, _ bytes: [UInt8], at offset: Int = 0) {
            (self.kind, self.bytes, self.offset) = (kind, bytes, offset)
        }
        init(_ kind: ImageKind, _ text: String, at offset: Int = 0) { self.init(kind, Array(text.utf8), at: offset) }
    }

    /// In order: what refines another signature stands before it.
    private static let signatures: [Signature] = [
        Signature(.jpeg, [0xFF, 0xD8, 0xFF]), Signature(.png, pngSignature), Signature(.gif, "GIF87a"), Signature(.gif, "GIF89a"),
        Signature(.raw, [0x43, 0x52, 2, 0], at: 8),
        Signature(.tiff, [0x49, 0x49, 42, 0]), Signature(.tiff, [0x4D, 0x4D, 0, 42]),
        Signature(.tiff, [0x49, 0x49, 43, 0]), Signature(.tiff, [0x4D, 0x4D, 0, 43]),
        Signature(.raw, "IIRO"), Signature(.raw, "IIRS"), Signature(.raw, "MMOR"), Signature(.raw, [0x49, 0x49, 0x55, 0]),
        Signature(.raw, "FUJIFILMCCD-RAW"), Signature(.raw, "FOVb"), Signature(.raw, [0, 0x4D, 0x52, 0x4D]),
        Signature(.raw, "HEAPCCDR", at: 6),
        Signature(.jp2, jp2Signature), Signature(.j2k, [0xFF, 0x4F, 0xFF, 0x51]),
        Signature(.jxl, [0xFF, 0x0A]), Signature(.jxl, [0, 0, 0, 12, 0x4A, 0x58, 0x4C, 0x20, 13, 10, 0x87, 10]),
        Signature(.psd, "8BPS"), Signature(.exr, [0x76, 0x2F, 0x31, 0x01]), Signature(.hdr, "#?RADIANCE"),
        Signature(.hdr, "#?RGBE"),
        Signature(.fits, "SIMPLE  ="), Signature(.xcf, "gimp xcf"), Signature(.pdf, "%PDF-"),
    ]

    /// ISO/IEC 14496-12 `ftyp`: the major brand, then the compatible ones.
    private static func kindByBrand(_ prefix: [UInt8]) -> ImageKind? {
        guard let size = ByteOrder.big.uint32(prefix, 0) else { return nil }
        var brands: [String] = []
        for at in stride(from: 8, to: min(Int(size), prefix.count) - 3, by: 4) where at != 12 {
            brands.append(String(decoding: prefix[at..<(at + 4)], as: UTF8.self))
        }
        guard let major = brands.first else { return nil }
        if major == "crx " { return .raw }
        let isHEIF = !heifBrands.isDisjoint(with: brands)
        if major == "avif" || major == "avis" { return .avif }
        // `mif1` and `msf1` name the container only.
        if ["mif1", "msf1", "miaf"].contains(major), brands.contains("avif") || brands.contains("avis") { return .avif }
        return isHEIF ? .heif : nil
    }

    private static let heifBrands: Set<String> = ["heic", "heix", "heim", "heis", "hevc", "hevx", "hevm", "hevs", "mif1", "msf1"]

    private static func kindOfNetpbm(_ prefix: [UInt8]) -> ImageKind? {
        guard prefix.count > 2, prefix[0] == 0x50, [9, 10, 13, 32].contains(prefix[2]) || prefix[2] == 0x23 else { return nil }
        return (0x31...0x37).contains(prefix[1]) || prefix[1] == 0x46 || prefix[1] == 0x66 ? .netpbm : nil
    }

    /// Text whose first element is `svg`, behind a byte order mark, declarations and comments.
    private static func isSVG(_ prefix: [UInt8]) -> Bool {
        var rest = prefix[...]
        if rest.starts(with: [0xEF, 0xBB, 0xBF]) { rest = rest.dropFirst(3) }
        while true {
            rest = rest.drop { [9, 10, 13, 32].contains($0) }
            if rest.starts(with: Array("<svg".utf8)) || rest.starts(with: Array("<svg:svg".utf8)) { return true }
            let ending: String
            if rest.starts(with: Array("<!--".utf8)) {
                ending = "-->"
            } else if rest.starts(with: Array("<?".utf8)) {
                ending = "?>"
            } else if rest.starts(with: Array("<!DOCTYPE svg".utf8)) {
                return true
            } else {
                return false
            }
            guard let end = Array(rest).firstPosition(of: Array(ending.utf8)) else { return false }
            rest = rest.dropFirst(end + ending.utf8.count)
        }
    }
}

let pngSignature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 13, 10, 26, 10]
let jp2Signature: [UInt8] = [0, 0, 0, 12, 0x6A, 0x50, 0x20, 0x20, 13, 10, 0x87, 10]
