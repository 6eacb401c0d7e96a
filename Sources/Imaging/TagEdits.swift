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
            let edits = try task.edits(step, of: current)
            do throws(ImageFileError) { current = try current.applying(edits) } catch { throw ImagingError(error) }
            task.tagEdits += edits
        }
        return task
    }

    private mutating func edits(_ step: MetadataStep, of current: EmbeddedMetadata) throws(ImagingError) -> [MetadataEdit] {
        switch step {
        case .edit(let edit): return [edit]
        case .shiftTimes(let shift):
            do throws(ImageFileError) { return try current.edits(shiftingTimesBy: shift) } catch { throw ImagingError(error) }
        case .geotag(let geotagging):
            switch try place(of: current, by: geotagging) {
            case .found(let place, let time):
                tagNotes.append(.geotagged(GeotagFact(place, time: time)))
                do throws(ImageFileError) { return try place.point.edits() } catch { throw ImagingError(error) }
            case .none(let reason):
                guard geotagging.missing == .note else { throw .file(.unsupported, "no place: \(reason)") }
                tagNotes.append(.notGeotagged(reason))
                return []
            }
        }
    }

    private enum Lookup {
        case found(GPXTrack.Place, time: CivilTime)
        case none(String)
    }

    private func place(of metadata: EmbeddedMetadata, by geotagging: Geotagging) throws(ImagingError) -> Lookup {
        guard let (time, zone) = metadata.timeTaken, let local = time.secondsSince1970 else { return .none("it does not say when it was taken") }
        let offset = geotagging.offsetSeconds ?? zone.flatMap(Geotagging.seconds) ?? 0
        let track = try engine.assets.track(geotagging.track)
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
