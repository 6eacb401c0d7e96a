public import ImageFiles
public import JobModel
public import Variables

/// What is done to the metadata of one picture, behind `strip` and `keep`, in order.
public enum MetadataStep: Hashable, Sendable {
    case edit(MetadataEdit)
    /// Moves the times that EXIF, XMP and IPTC say the picture was taken and changed at.
    case shiftTimes(TimeShift)
    case geotag(Geotagging)
}

extension Recipe {
    /// What has to be done to the metadata of this picture before its first save, with its texts worked out. Throws `unanswered`
    /// where a text needs what the file has not, or a tag cannot hold what it comes to.
    public func metadataSteps(for picture: PictureFacts) throws(RecipeError) -> [MetadataStep] {
        try metadataStages(for: picture)[0]
    }

    /// The same before each of `saves`, each list with all that the ones before hold.
    public func metadataStages(for picture: PictureFacts) throws(RecipeError) -> [[MetadataStep]] {
        guard editsTags else { return saves.map { _ in [] } }
        return try worked(for: picture).map(\.metadata)
    }

    /// Whether tags are written, renamed, deleted or moved.
    public var editsTags: Bool { actions.contains { $0.body is any MetadataAction } }

    public var geotags: Bool { actions.contains { $0.body is Geotagging } }

    /// Whether pixels have to stay as they are stored, whatever it takes: a file that does not allow it fails.
    public var savesTagsOnly: Bool { actions.contains { $0.body is TagSaving } }

    /// By how much the time of the file itself is moved; nil where that is not asked for.
    public var fileTimeShift: TimeShift? {
        let shifts = actions.compactMap { $0.body as? TimeShifting }.filter(\.files).map(\.shift)
        return shifts.isEmpty ? nil : shifts.reduce(TimeShift()) { $0.adding($1) }
    }

    /// The times that outputs get, by save, in nanoseconds since 1970; empty where no save moves the input's, or where it or a moved one
    /// is out of what file systems hold.
    public func movedTimes(of input: InputIdentity) -> [Int64] {
        guard fileTimeShift != nil, input.holdsTime else { return [] }
        let nanoseconds = input.modifiedNanoseconds
        var times: [Int64] = []
        for save in saves.indices {
            guard let shift = upTo(save: save).fileTimeShift else {
                times.append(nanoseconds)
                continue
            }
            let (seconds, rest) = (nanoseconds / 1_000_000_000, nanoseconds % 1_000_000_000)
            // Beyond 2262 nanoseconds leave 64 bits.
            guard let moved = CivilTime(secondsSince1970: seconds).shifted(by: shift)?.secondsSince1970, abs(moved) < 9_000_000_000 else {
                return []
            }
            times.append(moved * 1_000_000_000 + rest)
        }
        return times
    }
}

/// An action on tags: it changes no pixels, and appends to the metadata steps.
public protocol MetadataAction: ActionBody {}

extension MetadataAction {
    public static var family: ActionFamily { .metadata }
    public var changesPixels: Bool { false }

    /// What is wrong with the name of a tag, with the nearest one.
    static func problem(inTag name: String, writes: Bool) -> RecipeProblem? {
        guard let tag = MetadataTag(named: name) else {
            let near = nearestName(to: name, among: MetadataTag.names).map { "; did you mean '\($0)'?" }
            let forms = "; a tag is exif:Artist, iptc:Keywords or xmp:dc:title"
            return .contradiction("\(Self.name.rawValue): unknown tag \(quoted(name))\(near ?? forms)")
        }
        if writes, tag.isOpaque { return .contradiction("\(Self.name.rawValue): \(tag.name) can be deleted or renamed, not written") }
        return nil
    }
}
