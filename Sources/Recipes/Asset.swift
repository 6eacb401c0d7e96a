public import JobModel

/// A file that all pictures of a job share: a watermark, a mask, a font, a GPX track.
///
/// In a recipe file it is a path, seen from that file's folder. Once the head has read it, it is known by its digest: that is what the
/// canonical recipe holds and by what a worker finds the bytes in `WorkSetup.assets`.
public struct Asset: Hashable, Sendable {
    public static let pathBytesMax = 4095

    /// As spelled in the recipe; its last component alone once `digest` is known.
    public var path: String
    public var digest: Digest256?

    public init(path: String, digest: Digest256? = nil) {
        self.path = path
        self.digest = digest
    }

    /// No file: what a required field holds before it is set.
    public static let none = Asset(path: "")

    /// `sha256:<64 digits>:logo.png` when read, else the path.
    var text: String { digest.map { "sha256:\($0.hex):\(path)" } ?? path }

    init?(parsing text: String) {
        guard !text.isEmpty, text.utf8.count <= Self.pathBytesMax + 80, !text.utf8.contains(0) else { return nil }
        let parts = text.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
        if parts.count == 3, parts[0] == "sha256", let digest = Digest256(hex: parts[1]) {
            self.init(path: String(parts[2]), digest: digest)
        } else {
            self.init(path: text)
        }
    }
}

extension Recipe {
    /// Each shared file the recipe names, once, in the order of the actions.
    public var assets: [Asset] {
        var found: [Asset] = []
        for action in actions {
            for case .asset(let asset) in action.fieldValues.map(\.value) where !found.contains(asset) { found.append(asset) }
        }
        return found
    }

    /// Whether pictures get their place from this file.
    public func isTrack(_ asset: Asset) -> Bool { actions.contains { ($0.body as? Geotagging)?.track == asset } }

    /// The same recipe with what `change` makes of each shared file.
    public func mapAssets(_ change: (Asset) -> Asset) -> Recipe {
        var result = self
        result.actions = actions.map { Action($0.body.mapAssets(change)) }
        return result
    }
}
