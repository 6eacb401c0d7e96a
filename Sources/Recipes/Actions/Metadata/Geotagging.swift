/// Give pictures the place where a GPS track was when they were taken.
public struct Geotagging: MetadataAction {
    public var track = Asset.none
    public var offset: String?
    public var gap = 300
    public var missing = Missing.note

    /// What becomes of a picture that the track says nothing of.
    public enum Missing: String, CaseIterable, Sendable {
        case note, fail
    }

    public init() {}

    public static var name: ActionName { .geotag }
    public static var summary: String { "Write the place a GPX track tells for the time a picture was taken into its GPS tags." }
    public static var mainField: String? { "track" }
    public static var example: String { #"geotag: {track: hike.gpx, offset: "+02:00"}"# }

    public static var fields: [FieldBinding<Geotagging>] {
        [
            FieldBinding("track", "A GPX 1.0 or 1.1 file.", .asset, \.track, required: true),
            FieldBinding(
                "offset", "What the camera's clock is ahead of UTC, +02:00 or -00:01:30; left away it is what the picture says, else nothing.",
                .text(bytesMax: 10), \.offset),
            FieldBinding("gap", "Seconds between two points of the track that a place is worked out between, at most.", .whole(1...86_400), \.gap),
            FieldBinding("missing", "Whether a picture without a time, or beside the track, is noted or fails.", \.missing),
        ]
    }

    public var sentence: String { "geotag by \(track.path)\(offset.map { ", the camera \($0) ahead of UTC" } ?? "")" }

    public var problem: RecipeProblem? {
        guard let offset, Self.seconds(ofOffset: offset) == nil else { return nil }
        return .badValue(offset, for: "offset of geotag", accepted: "+02:00, -05:30 or +00:01:30")
    }

    /// Seconds ahead of UTC; nil where nothing is said.
    public var offsetSeconds: Int? { offset.flatMap(Self.seconds) }

    /// Of `+02:00`, `-05:30:10`, `Z`; nil for anything else and beyond a day.
    public static func seconds(ofOffset text: String) -> Int? {
        if text == "Z" { return 0 }
        let parts = text.dropFirst().split(separator: ":", omittingEmptySubsequences: false)
        guard let sign = text.first, sign == "+" || sign == "-", (2...3).contains(parts.count),
            parts.allSatisfy({ $0.utf8.count == 2 && $0.utf8.allSatisfy { (0x30...0x39).contains($0) } })
        else { return nil }
        let numbers = parts.compactMap { Int($0) }
        guard numbers.count == parts.count, numbers[0] <= 24, numbers.dropFirst().allSatisfy({ $0 < 60 }) else { return nil }
        let seconds = numbers[0] * 3600 + numbers[1] * 60 + (numbers.count == 3 ? numbers[2] : 0)
        return sign == "-" ? -seconds : seconds
    }

    public func add(to list: inout StepList) { list.append(.geotag(self)) }
}
