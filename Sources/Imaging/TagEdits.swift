internal import Digests
internal import ImageFiles
internal import JobModel
internal import Recipes
internal import Variables

extension ProcessTask {
    /// As `withTagEdits(_:_:)`, by the first page of an opened file.
    func withTagEdits(on opened: OpenedPicture) throws(ImagingError) -> ProcessTask {
        guard recipe.editsTags else { return self }
        let facts = facts(opened.first, page: 0, of: opened.first.pageCount, density: opened.densities[0], opened.metadata)
        return try withTagEdits(facts, opened.metadata)
    }

    /// Throws where only tags may change.
    func checkEncoding() throws(ImagingError) {
        guard recipe.savesTagsOnly else { return }
        throw .file(.unsupported, "save-tags: tags of this \(kind.rawValue) file cannot be changed without encoding its picture anew")
    }

    /// The same task with what the recipe does to this picture's tags, up to its first save.
    ///
    /// Canaries show what codecs make of pixels; their tags stay.
    func withTagEdits(_ facts: PictureFacts, _ metadata: EmbeddedMetadata) throws(ImagingError) -> ProcessTask {
        guard recipe.editsTags, !engine.fillsGaps else { return self }
        var task = self
        let steps: [MetadataStep]
        do throws(RecipeError) {
            steps = try recipe.metadataSteps(for: facts)
        } catch {
            throw ImagingError(error)
        }
        // Times are moved from where the steps before have left them.
        var current = metadata
        for step in steps {
            var edits: [MetadataEdit] = []
            do throws(ImageFileError) {
                switch step {
                case .edit(let edit): edits = [edit]
                case .shiftTimes(let shift): edits = try current.edits(shiftingTimesBy: shift)
                case .geotag(let geotagging):
                    switch try place(of: current, by: geotagging) {
                    case .found(let place, let time):
                        edits = try place.point.edits()
                        task.tagNotes.append(.geotagged(GeotagFact(place, time: time)))
                    case .none(let reason):
                        guard geotagging.missing == .note else { throw .unwritable("no place: \(reason)") }
                        task.tagNotes.append(.notGeotagged(reason))
                    }
                }
                current = try current.applying(edits)
            } catch {
                throw ImagingError(error)
            }
            task.tagEdits += edits
        }
        return task
    }

    private enum Lookup {
        case found(GPXTrack.Place, time: CivilTime)
        case none(String)
    }

    private func place(of metadata: EmbeddedMetadata, by geotagging: Geotagging) throws(ImageFileError) -> Lookup {
        guard let (time, zone) = metadata.timeTaken, let local = time.secondsSince1970 else { return .none("it does not say when it was taken") }
        let offset = geotagging.offsetSeconds ?? zone.flatMap(Geotagging.seconds) ?? 0
        let track = try engine.tracks.track(geotagging.track, among: engine.setup.assets)
        guard let place = track.place(at: local - Int64(offset), gapSecondsMax: geotagging.gap) else {
            return .none("the track says nothing of the time it was taken")
        }
        return .found(place, time: CivilTime(secondsSince1970: local - Int64(offset)))
    }
}

extension GeotagFact {
    init(_ place: GPXTrack.Place, time: CivilTime) {
        func digits(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let day = "\(time.year)-\(digits(time.month))-\(digits(time.day))"
        self.init(
            time: "\(day)T\(digits(time.hour)):\(digits(time.minute)):\(digits(time.second))Z",
            microDegreesNorth: Int64((place.point.latitude * 1_000_000).rounded()),
            microDegreesEast: Int64((place.point.longitude * 1_000_000).rounded()),
            elevationCentimetres: place.point.elevation.map { Int64(min(max($0, -1_000_000), 1_000_000) * 100) },
            metresFromPoint: UInt64(min(place.metresFromPoint.rounded(), 1e9)))
    }
}

/// The tracks of a job, each read once, when the first picture asks for it.
final class TrackShelf {
    private var tracks: [Digest256: GPXTrack] = [:]

    func track(_ asset: Asset, among assets: [WorkAsset]) throws(ImageFileError) -> GPXTrack {
        guard let digest = asset.digest, let bytes = assets.first(where: { $0.digest == digest })?.bytes else {
            throw .unwritable("the track \(asset.path) did not come with the job")
        }
        if let known = tracks[digest] { return known }
        let track: GPXTrack
        do throws(ImageFileError) { track = try GPXTrack(parsing: bytes) } catch {
            throw .unwritable("the track \(asset.path) cannot be read: \(error.reason)")
        }
        tracks[digest] = track
        return track
    }
}
