/// A change of a file's metadata that leaves its encoded pixels as they are.
///
/// Edits are given as a list. The order of those that concern the whole file has no meaning, and of two that set the same thing the
/// last one counts; those of single tags work in order, on what the edits before them left.
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
    /// Removes these kinds of metadata and nothing else; Orientation stays.
    case drop(Set<KeptMetadata>)
    /// Sets a tag, making the block and the directory it lies in where there are none. EXIF values stay where they are if the new one
    /// fits, else it goes behind everything: nothing else moves.
    case setTag(MetadataTag, TagValue)
    case deleteTag(MetadataTag)
    /// Sets one tag to the value of another, which goes; nothing where the file does not have that.
    case renameTag(MetadataTag, to: MetadataTag)

    /// Whether it concerns a single tag.
    var isOfTag: Bool {
        switch self {
        case .setTag, .deleteTag, .renameTag: true
        case .setOrientation, .setPixelSize, .dropThumbnail, .replaceThumbnail, .dropGPS, .dropAll, .keepOnly, .drop: false
        }
    }

    /// Whether it needs to know what the edits before it left in another block.
    private var crossesBlocks: Bool {
        switch self {
        case .renameTag(.exif, to: .exif): false
        case .renameTag: true
        case .setTag, .deleteTag, .setOrientation, .setPixelSize, .dropThumbnail, .replaceThumbnail, .dropGPS, .dropAll, .keepOnly, .drop: false
        }
    }

    /// The list in parts to be done one after the other: in each the edits of tags come last.
    static func runs(_ edits: [MetadataEdit]) -> [[MetadataEdit]] {
        var runs: [[MetadataEdit]] = []
        for edit in edits {
            if let last = runs.last?.last, edit.isOfTag || !last.isOfTag, !(last.isOfTag && edit.crossesBlocks) {
                runs[runs.count - 1].append(edit)
            } else {
                runs.append([edit])
            }
        }
        return runs.isEmpty ? [[]] : runs
    }
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
    /// What of the file could not be taken out of it: one word or two each, for a person.
    public var leftBehind: [String] = []

    public init(exif: [UInt8]? = nil, xmp: [UInt8]? = nil, extendedXMP: [[UInt8]] = [], photoshop: [UInt8]? = nil) {
        self.exif = exif
        self.xmp = xmp
        self.extendedXMP = extendedXMP
        self.photoshop = photoshop
    }

    public var isEmpty: Bool { exif == nil && xmp == nil && extendedXMP.isEmpty && photoshop == nil }
}
