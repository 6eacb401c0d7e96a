internal import ImageFiles
internal import Recipes

/// What of a picture's metadata stays, as edits of its blocks.
struct MetadataPolicy {
    private let dropsGPS: Bool
    /// Nil keeps every kind; empty keeps none.
    private let kept: Set<MetadataKind>?

    init(_ recipe: Recipe) {
        dropsGPS = recipe.stripPolicy == .gps
        kept = recipe.stripPolicy == .all ? [] : recipe.keptMetadata.map(Set.init)
    }

    /// Whether a re-encoded picture loses its profile; its pixels are converted to sRGB before.
    var dropsProfile: Bool { kept.map { !$0.contains(.icc) } ?? false }

    var dropsEverything: Bool { kept?.isEmpty ?? false }

    /// Edits of a file whose pixels stay: the profile stays with them, else the picture would look different.
    var editsOfFile: [MetadataEdit] {
        if dropsEverything { return [.dropAll(keepOrientation: true)] }
        var edits: [MetadataEdit] = dropsGPS ? [.dropGPS] : []
        if let kept { edits.append(.keepOnly(Set(kept.map(\.keptMetadata)).union([.icc]))) }
        return edits
    }

    /// The blocks for a picture that was encoded anew: upright, of this size.
    func blocks(from original: EmbeddedMetadata, width: Int, height: Int) -> EmbeddedMetadata {
        guard !dropsEverything, !original.isEmpty else { return EmbeddedMetadata() }
        var edits: [MetadataEdit] = [.setPixelSize(width: width, height: height), .dropThumbnail]
        // Without EXIF there is no tag to reset, and none to add.
        if original.exif != nil { edits.append(.setOrientation(1)) }
        if dropsGPS { edits.append(.dropGPS) }
        if let kept { edits.append(.keepOnly(Set(kept.map(\.keptMetadata)))) }
        return original.applying(edits)
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
