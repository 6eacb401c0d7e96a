internal import ImageFiles
internal import JobModel
internal import Recipes

/// What of a picture's metadata stays, as edits of its blocks.
struct MetadataPolicy {
    private let dropsGPS: Bool
    /// Nil keeps every kind; empty keeps none.
    private let kept: Set<MetadataKind>?
    /// What outputs state, in thousandths of a dot an inch; nil leaves what the input stated.
    let milliDPI: UInt32?

    /// Edits of single tags, behind all others.
    private let tagEdits: [MetadataEdit]

    /// - Parameter recipe: One save's: the actions up to it.
    init(_ recipe: Recipe, _ save: Save, tagEdits: [MetadataEdit] = []) {
        self.tagEdits = tagEdits
        milliDPI = recipe.statedDPI.map { UInt32(($0 * 1000).rounded()) }
        dropsGPS = recipe.stripPolicy == .gps || save.metadata == .withoutPlace
        let copiesAll = recipe.actions.allSatisfy { ($0.body as? LosslessJPEG)?.copy ?? .all == .all }
        let keepsNone = recipe.stripPolicy == .all || save.metadata == .none || !copiesAll
        kept = keepsNone ? [] : recipe.keptMetadata.map(Set.init)
    }

    /// Whether a re-encoded picture loses its profile; its pixels are converted to sRGB before.
    var dropsProfile: Bool { kept.map { !$0.contains(.icc) } ?? false }

    var dropsEverything: Bool { kept?.isEmpty ?? false }

    /// Edits of a file whose pixels stay: the profile stays with them, else the picture would look different.
    var editsOfFile: [MetadataEdit] {
        if dropsEverything { return [.dropAll(keepOrientation: true)] + tagEdits }
        var edits: [MetadataEdit] = dropsGPS ? [.dropGPS] : []
        if let kept { edits.append(.keepOnly(Set(kept.map(\.keptMetadata)).union([.icc]))) }
        return edits + tagEdits
    }

    /// A TIFF states its own resolution, whatever its EXIF said: what was asked for is written into it once it is encoded.
    func writingTags(into pieces: [Piece], of encoded: MemorySource, as format: OutputFormat) throws(ImagingError) -> [Piece] {
        let tags = tagEdits.filter { edit in
            if case .setTag(.exif(let tag), _) = edit { tag.isOfLayout } else { false }
        }
        guard format == .tiff, !tags.isEmpty else { return pieces }
        do throws(ImageFileError) { return try editMetadata(tags, of: pieces, from: encoded, kind: .tiff) } catch { throw ImagingError(error) }
    }

    /// Whether comments and vendors' blocks go, which belong to no kind that can be kept.
    var dropsOthers: Bool { kept != nil }

    /// Whether what may tell the place beside the known blocks goes.
    var dropsTrailer: Bool { dropsGPS || kept != nil }

    /// The blocks for a picture whose pixels changed: of this size, its resolution multiplied by `scale`.
    ///
    /// - Parameters:
    ///   - orientation: What the tag says now; nil leaves it, for a picture that was not turned.
    ///   - thumbnail: A preview that shows the picture as it is now, in the place of the old one.
    func blocks(
        from original: EmbeddedMetadata, width: Int, height: Int, scale: (x: Double, y: Double), orientation: Int? = 1,
        thumbnail: [UInt8]? = nil
    ) throws(ImageFileError) -> EmbeddedMetadata {
        if dropsEverything, orientation == nil {
            return try EmbeddedMetadata(exif: try original.applying([.dropAll(keepOrientation: true)]).exif).applying(tagEdits)
        }
        guard !dropsEverything, !original.isEmpty else { return try EmbeddedMetadata().applying(tagEdits) }
        var edits: [MetadataEdit] = [.setPixelSize(width: width, height: height)]
        edits.append(thumbnail.map { .replaceThumbnail($0) } ?? .dropThumbnail)
        // Without EXIF there is no tag to reset, and none to add.
        if let orientation, original.exif != nil { edits.append(.setOrientation(orientation)) }
        if dropsGPS { edits.append(.dropGPS) }
        if let kept { edits.append(.keepOnly(Set(kept.map(\.keptMetadata)))) }
        var blocks = try original.applying(edits)
        if scale != (1, 1) { blocks.exif = blocks.exif.map { EXIFResolution.scaled($0, x: scale.x, y: scale.y) } }
        return try blocks.applying(tagEdits)
    }
}

extension MetadataKind {
    fileprivate var keptMetadata: KeptMetadata {
        switch self {
        case .exif: .exif
        case .xmp: .xmp
        case .iptc: .iptc
        case .icc: .icc
        case .copyright: .copyright
        }
    }
}
