/// What extensions of file names say, always in lower case and without the dot.
public enum FileExtensions {
    /// The format a file with this extension has already; nil when quire does not write that format.
    public static func format(of lowercased: String) -> OutputFormat? {
        switch lowercased {
        case "jpg", "jpeg", "jpe", "jfif", "jif": .jpeg
        case "png": .png
        case "tif", "tiff": .tiff
        case "webp": .webp
        case "gif": .gif
        case "avif": .avif
        case "jp2": .jp2
        default: nil
        }
    }

    /// The extension of what is made of an input in a format: the input's own spelling while the format stays, else the format's usual one.
    public static func ofOutput(_ input: RawPath, as format: OutputFormat) -> RawPath {
        if let own = input.fileExtension, Self.format(of: input.lowercasedExtension) == format { return own }
        return RawPath(format.fileExtension)
    }

    /// HEIF containers, HEVC or AV1 inside.
    public static func isHEIF(_ lowercased: String) -> Bool {
        switch lowercased {
        case "heic", "heif", "heics", "heifs", "hif", "avif", "avifs": true
        default: false
        }
    }

    /// Raw files of cameras.
    public static func isCameraRaw(_ lowercased: String) -> Bool {
        switch lowercased {
        case "dng", "cr2", "cr3", "crw", "nef", "nrw", "arw", "srf", "sr2", "raf", "orf", "rw2", "pef", "srw", "3fr", "fff",
            "iiq", "erf",
            "kdc", "dcr", "mrw", "rwl", "x3f", "mef", "mos":
            true
        default: false
        }
    }

    /// Whether a file with this extension is a candidate by its name alone: one that is no image fails instead of being passed over.
    public static func isImage(_ lowercased: String) -> Bool {
        if format(of: lowercased) != nil || isHEIF(lowercased) || isCameraRaw(lowercased) { return true }
        switch lowercased {
        case "jp2", "j2k", "jpc", "jpx", "jpf", "j2c", "jxl", "bmp", "dib", "svg", "svgz", "dcm", "psd", "psb", "exr", "hdr",
            "fits", "fit",
            "fts", "xcf", "pbm", "pgm", "ppm", "pnm", "pam", "pfm":
            return true
        default: return false
        }
    }
}
