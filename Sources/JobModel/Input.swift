/// What tells one state of an input file from another: size in bytes and modification time in nanoseconds since 1970.
public struct InputIdentity: Hashable, Sendable {
    public var sizeBytes: UInt64
    public var modifiedNanoseconds: Int64

    public init(sizeBytes: UInt64, modifiedNanoseconds: Int64) {
        self.sizeBytes = sizeBytes
        self.modifiedNanoseconds = modifiedNanoseconds
    }

    /// For the time that a file system states. Outside 1678 to 2261 nanoseconds leave 64 bits: then it is the nearest time that does not.
    public init(sizeBytes: UInt64, modifiedSeconds: Int64, nanoseconds: Int64) {
        let (whole, first) = modifiedSeconds.multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, second) = whole.addingReportingOverflow(nanoseconds)
        self.init(sizeBytes: sizeBytes, modifiedNanoseconds: first || second ? (modifiedSeconds < 0 ? .min : .max) : sum)
    }

    /// Whether `modifiedNanoseconds` is the file's time, and not merely the nearest that can be stated.
    public var holdsTime: Bool { modifiedNanoseconds != .min && modifiedNanoseconds != .max }
}

/// The image formats quire writes; `keep` in a save is resolved to one of these at planning by the input's extension.
public enum OutputFormat: String, CaseIterable, Sendable {
    case jpeg, png, webp, tiff, gif, avif
    /// JPEG 2000 in its box format.
    case jp2

    /// The usual extension of a new file of this format.
    public var fileExtension: String {
        switch self {
        case .jpeg: "jpg"
        case .png: "png"
        case .webp: "webp"
        case .tiff: "tif"
        case .gif: "gif"
        case .avif: "avif"
        case .jp2: "jp2"
        }
    }
}

/// The kind of a file by its first bytes.
public enum ImageKind: String, CaseIterable, Sendable {
    case jpeg, png, tiff, webp, gif, heif, avif
    /// JPEG 2000 in its box format, and as a raw codestream.
    case jp2, j2k
    case jxl, bmp, svg, pdf, dicom, psd, exr, hdr, fits, xcf
    /// PBM, PGM, PPM, PAM or PFM.
    case netpbm
    /// A camera's raw file that is no plain TIFF or JPEG to its reader (CR2, NEF, ARW, DNG, RAF, ORF, RW2...).
    case raw
}
