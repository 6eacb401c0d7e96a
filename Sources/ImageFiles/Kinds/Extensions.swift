public import JobModel

extension ImageKind {
    /// The kind that a file name's extension, in lower case, promises; nil when it is no image's.
    public static func fromExtension(_ lowercased: String) -> ImageKind? { kindsByExtension[lowercased] }

    /// Every extension that makes a file a candidate, in lower case.
    public static let imageExtensions = Set(kindsByExtension.keys)

    /// Whether content of this kind is what the extension, in lower case, promises.
    ///
    /// Relatives match: a NEF that reads as TIFF, a raw codestream named `.jp2`, an AVIF named `.heif`.
    public func matchesExtension(_ lowercased: String) -> Bool {
        guard let promised = Self.fromExtension(lowercased) else { return false }
        if promised == self { return true }
        return switch (promised, self) {
        case (.raw, .tiff), (.jp2, .j2k), (.j2k, .jp2): true
        case (.heif, .avif): lowercased == "heif" || lowercased == "hif"
        default: false
        }
    }

    private static let extensions: [(ImageKind, [String])] = [
        (.jpeg, ["jpg", "jpeg", "jpe", "jfif", "jif", "mpo"]),
        (.png, ["png", "apng"]),
        (.tiff, ["tif", "tiff"]),
        (.webp, ["webp"]),
        (.gif, ["gif"]),
        (.heif, ["heic", "heif", "hif"]),
        (.avif, ["avif"]),
        (.jp2, ["jp2", "jpx", "jpf", "jpm"]),
        (.j2k, ["j2k", "j2c", "jpc"]),
        (.jxl, ["jxl"]),
        (.bmp, ["bmp", "dib"]),
        (.svg, ["svg"]),
        (.pdf, ["pdf"]),
        (.dicom, ["dcm", "dicom"]),
        (.psd, ["psd", "psb"]),
        (.exr, ["exr"]),
        (.hdr, ["hdr"]),
        (.fits, ["fits", "fit", "fts"]),
        (.xcf, ["xcf"]),
        (.netpbm, ["pbm", "pgm", "ppm", "pnm", "pam", "pfm"]),
        (
            .raw,
            [
                "cr2", "cr3", "crw", "nef", "nrw", "arw", "srf", "sr2", "dng", "raf", "orf", "rw2", "rwl", "pef", "srw", "x3f",
                "erf",
                "kdc", "dcr", "mrw", "mos", "3fr", "fff", "iiq",
            ]
        ),
    ]

    private static let kindsByExtension: [String: ImageKind] = {
        var table: [String: ImageKind] = [:]
        for (kind, names) in extensions {
            for name in names {
                precondition(table[name] == nil, "extension \(name) stands twice in the table")
                table[name] = kind
            }
        }
        return table
    }()
}
