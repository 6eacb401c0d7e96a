/// A change of a file's metadata that leaves its encoded pixels as they are.
///
/// Edits are given as a list whose order has no meaning; of two that set the same thing the last one counts.
public enum MetadataEdit: Hashable, Sendable {
    /// Writes Orientation (1 to 8) into EXIF, adding it where needed, and into XMP where it stands already.
    case setOrientation(Int)
    /// Writes PixelXDimension and PixelYDimension of EXIF where they stand already.
    case setPixelSize(width: Int, height: Int)
    /// Removes the EXIF thumbnail, which would show the picture as it was; out of a container also Photoshop's and XMP's.
    case dropThumbnail
    /// Puts this JPEG in the place of the EXIF thumbnail where there is one, and else does as `dropThumbnail`.
    case replaceThumbnail([UInt8])
    /// Clears GPS in EXIF, XMP and IPTC and place names in XMP and IPTC; removes bytes behind the picture's end, which carry
    /// EXIF of their own.
    case dropGPS
    /// Removes everything but the pixels, the ICC profile and, if kept and not 1, Orientation alone in an EXIF block.
    case dropAll(keepOrientation: Bool)
    /// Removes all kinds of metadata but these; Orientation stays as with `dropAll(keepOrientation: true)`.
    case keepOnly(Set<KeptMetadata>)
}

/// Kinds of metadata that `MetadataEdit.keepOnly` tells apart.
public enum KeptMetadata: String, CaseIterable, Hashable, Sendable {
    case exif, xmp, iptc, icc
    /// Artist and Copyright of EXIF only.
    case copyright
}

/// The metadata blocks of a picture, out of their container: to be edited and put into a newly encoded file.
public struct EmbeddedMetadata: Hashable, Sendable {
    /// A TIFF stream, without `Exif` and two zeros before it.
    public var exif: [UInt8]?
    /// An XMP packet.
    public var xmp: [UInt8]?
    /// Payloads of JPEG's extended XMP segments, with their signature; only JPEG can hold them.
    public var extendedXMP: [[UInt8]]
    /// Photoshop image resources (8BIM...), which hold IPTC, without `Photoshop 3.0` and a zero before them; only JPEG and TIFF
    /// can hold them.
    public var photoshop: [UInt8]?

    public init(exif: [UInt8]? = nil, xmp: [UInt8]? = nil, extendedXMP: [[UInt8]] = [], photoshop: [UInt8]? = nil) {
        self.exif = exif
        self.xmp = xmp
        self.extendedXMP = extendedXMP
        self.photoshop = photoshop
    }

    public var isEmpty: Bool { exif == nil && xmp == nil && extendedXMP.isEmpty && photoshop == nil }
}
