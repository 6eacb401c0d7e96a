internal import Variables

/// The points of a GPS track with their times, in order of time (GPX 1.0 and 1.1: `trkpt` with `lat`, `lon`, `time`, `ele`).
public struct GPXTrack: Sendable {
    public struct Point: Hashable, Sendable {
        /// UTC.
        public var secondsSince1970: Int64
        /// Degrees, north and east positive (WGS 84).
        public var latitude: Double
        public var longitude: Double
        /// Metres; nil where the track does not say.
        public var elevation: Double?
    }

    public let points: [Point]

    public static let bytesMax = 256 << 20

    /// Throws `damaged` for what is no GPX file and one without a point that has a time.
    public init(parsing bytes: [UInt8]) throws(ImageFileError) {
        guard bytes.count <= Self.bytesMax else { throw .unsupported("a track of more than \(Self.bytesMax >> 20) MiB") }
        var scanner = XMLScanner(bytes)
        var found: [Point] = []
        var place: (latitude: Double, longitude: Double)?
        var time: Int64?
        var elevation: Double?
        var text = ""
        var isGPX = false
        while let token = scanner.next() {
            switch token {
            case .open(let tag):
                text = ""
                if tag.name.local == "gpx" { isGPX = true }
                guard tag.name.local == "trkpt", !tag.isEmpty else { continue }
                (place, time, elevation) = (Self.place(tag, bytes), nil, nil)
            case .text(let range): text += XMPText.unescaped(bytes[range])
            case .close(let range):
                switch Self.localName(bytes[range]) {
                case "time": if place != nil { time = Self.time(XMPText.trimmed(text)) }
                case "ele": if place != nil { elevation = Double(XMPText.trimmed(text)).flatMap { $0.isFinite ? $0 : nil } }
                case "trkpt":
                    if let place, let time {
                        found.append(Point(secondsSince1970: time, latitude: place.latitude, longitude: place.longitude, elevation: elevation))
                    }
                    place = nil
                default: break
                }
                text = ""
            }
        }
        guard isGPX else { throw .damaged("it is no GPX file") }
        guard !found.isEmpty else { throw .damaged("it holds no track point with a place and a time") }
        var points: [Point] = []
        // A stable order: of two points of one second the first one counts.
        for (_, point) in found.enumerated().sorted(by: { ($0.element.secondsSince1970, $0.offset) < ($1.element.secondsSince1970, $1.offset) })
        where points.last?.secondsSince1970 != point.secondsSince1970 {
            points.append(point)
        }
        self.points = points
    }

    private static func place(_ tag: XMLScanner.Tag, _ bytes: [UInt8]) -> (latitude: Double, longitude: Double)? {
        func number(_ name: String) -> Double? {
            tag.attributes.first { $0.name.prefix.isEmpty && $0.name.local == name }.flatMap { Double(String(decoding: bytes[$0.value], as: UTF8.self)) }
        }
        guard let latitude = number("lat"), let longitude = number("lon"), abs(latitude) <= 90, abs(longitude) <= 180 else { return nil }
        return (latitude, longitude)
    }

    private static func localName(_ close: ArraySlice<UInt8>) -> String {
        let name = String(decoding: close.dropFirst(2).dropLast(), as: UTF8.self)
        return XMPText.trimmed(name.split(separator: ":").last.map(String.init) ?? name)
    }

    /// `2024-05-31T15:08:09Z`, with a fraction or a zone; without a zone it is UTC, as GPX has it.
    private static func time(_ text: String) -> Int64? {
        guard let stated = TagDate(text), stated.hasTime, let seconds = stated.date.secondsSince1970 else { return nil }
        guard let sign = stated.rest.lastIndex(where: { $0 == "+" || $0 == "-" }) else { return seconds }
        let digits = stated.rest[stated.rest.index(after: sign)...].filter { $0 != ":" }
        guard digits.utf8.count == 4, let number = Int64(digits) else { return nil }
        let ahead = number / 100 * 3600 + number % 100 * 60
        return stated.rest[sign] == "+" ? seconds - ahead : seconds + ahead
    }

    // MARK: Places

    public struct Place: Hashable, Sendable {
        public var point: Point
        /// To the nearer of the two points it lies between.
        public var metresFromPoint: Double
    }

    /// Where the track was at a time: on a point, or on the line between two that are at most `gapSecondsMax` apart. Nil before
    /// the first and behind the last point, and in a gap.
    public func place(at seconds: Int64, gapSecondsMax: Int) -> Place? {
        var (low, high) = (0, points.count)
        while low < high {
            let middle = (low + high) / 2
            if points[middle].secondsSince1970 <= seconds { low = middle + 1 } else { high = middle }
        }
        guard low > 0 else { return nil }
        let before = points[low - 1]
        if before.secondsSince1970 == seconds { return Place(point: before, metresFromPoint: 0) }
        guard low < points.count else { return nil }
        let after = points[low]
        let span = after.secondsSince1970 - before.secondsSince1970
        guard span <= Int64(gapSecondsMax) else { return nil }
        let share = Double(seconds - before.secondsSince1970) / Double(span)
        // The short way round, over the date line too.
        var turn = after.longitude - before.longitude
        if turn > 180 { turn -= 360 }
        if turn < -180 { turn += 360 }
        var longitude = before.longitude + turn * share
        if longitude > 180 { longitude -= 360 }
        if longitude < -180 { longitude += 360 }
        var elevation: Double?
        if let low = before.elevation, let high = after.elevation { elevation = low + (high - low) * share }
        let point = Point(
            secondsSince1970: seconds, latitude: before.latitude + (after.latitude - before.latitude) * share, longitude: longitude,
            elevation: elevation)
        return Place(point: point, metresFromPoint: min(Self.metres(point, before), Self.metres(point, after)))
    }

    /// On a sphere of the Earth's mean radius, as on a plane: the points of a track are near each other.
    static func metres(_ one: Point, _ other: Point) -> Double {
        let radians = Double.pi / 180
        var turn = abs(one.longitude - other.longitude)
        if turn > 180 { turn = 360 - turn }
        let x = turn * radians * cosine((one.latitude + other.latitude) / 2 * radians)
        let y = (one.latitude - other.latitude) * radians
        return 6_371_008.8 * (x * x + y * y).squareRoot()
    }

    /// For angles of at most a quarter turn: its series, with an error below 10^-9.
    private static func cosine(_ angle: Double) -> Double {
        let square = angle * angle
        var (sum, term) = (1.0, 1.0)
        for step in 1...8 {
            term *= -square / Double((2 * step - 1) * (2 * step))
            sum += term
        }
        return max(0, sum)
    }
}

extension GPXTrack.Point {
    /// The GPS directory for this place (EXIF 2.32, 4.6.6). Without an elevation an old altitude goes: it was another place's.
    public func edits() throws(ImageFileError) -> [MetadataEdit] {
        let time = CivilTime(secondsSince1970: secondsSince1970)
        let stamp = TagDate(time)
        var texts: [(String, String?)] = [
            ("GPSVersionID", "2 3 0 0"), ("GPSLatitudeRef", latitude < 0 ? "S" : "N"), ("GPSLatitude", Self.sexagesimal(latitude)),
            ("GPSLongitudeRef", longitude < 0 ? "W" : "E"), ("GPSLongitude", Self.sexagesimal(longitude)),
            ("GPSTimeStamp", "\(time.hour) \(time.minute) \(time.second)"), ("GPSMapDatum", "WGS-84"),
            ("GPSDateStamp", stamp.day(separator: ":")),
        ]
        if let elevation, abs(elevation) < 1_000_000 {
            texts += [("GPSAltitudeRef", elevation < 0 ? "1" : "0"), ("GPSAltitude", "\(Int((abs(elevation) * 100).rounded()))/100")]
        } else {
            texts += [("GPSAltitudeRef", nil), ("GPSAltitude", nil)]
        }
        var edits: [MetadataEdit] = []
        for (name, text) in texts {
            guard let tag = MetadataTag(named: "exif:\(name)") else { preconditionFailure("no tag \(name)") }
            edits.append(try text.map { text throws(ImageFileError) in .setTag(tag, try tag.value(from: text)) } ?? .deleteTag(tag))
        }
        return edits
    }

    /// Degrees, minutes and ten-thousandths of a second: 3 mm.
    private static func sexagesimal(_ degrees: Double) -> String {
        let parts = Int((abs(degrees) * 36_000_000).rounded())
        return "\(parts / 36_000_000) \(parts / 600_000 % 60) \(parts % 600_000)/10000"
    }
}
