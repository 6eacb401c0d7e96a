public import Variables

extension EmbeddedMetadata {
    /// The dates that are moved together: when the picture was taken, digitised and changed. Those of XMP where they are there.
    private static let times: [MetadataTag] = [
        "exif:DateTime", "exif:DateTimeOriginal", "exif:DateTimeDigitized", "xmp:exif:DateTimeOriginal", "xmp:exif:DateTimeDigitized",
        "xmp:tiff:DateTime", "xmp:xmp:CreateDate", "xmp:xmp:ModifyDate", "xmp:photoshop:DateCreated",
    ].compactMap(MetadataTag.init(named:))

    /// Edits that move every date by `shift`; what is no date stays. Throws `unwritable` for one that would leave the calendar.
    public func edits(shiftingTimesBy shift: TimeShift) throws(ImageFileError) -> [MetadataEdit] {
        var edits: [MetadataEdit] = []
        for tag in Self.times {
            guard let text = texts(of: tag)?.first, let stored = TagDate(text) else { continue }
            var span = shift
            // A day alone has no time of day to be moved.
            if !stored.hasTime { (span.hours, span.minutes, span.wholeSeconds) = (0, 0, 0) }
            guard let moved = stored.date.shifted(by: span) else {
                throw .unwritable("\(tag.name) is \(text); moved, it would leave the years 0 to 9999")
            }
            let new = TagDate(moved, hasTime: stored.hasTime, rest: stored.rest)
            switch tag {
            case .exif: edits.append(.setTag(tag, try tag.value(from: "\(new.day(separator: ":")) \(new.clock ?? "")")))
            case .xmp, .iptc:
                let clock = new.clock.map { "T" + $0 + new.rest } ?? ""
                edits.append(.setTag(tag, try tag.value(from: new.day(separator: "-") + clock)))
            }
        }
        return edits
    }

    /// When the picture was taken, on the camera's clock, and what that is ahead of UTC, if the picture says so.
    public var timeTaken: (time: CivilTime, offset: String?)? {
        for (name, offset) in [
            ("DateTimeOriginal", "OffsetTimeOriginal"), ("DateTimeDigitized", "OffsetTimeDigitized"), ("DateTime", "OffsetTime"),
        ] {
            guard let tag = EXIFTag(named: name), let zone = EXIFTag(named: offset),
                let text = texts(of: .exif(tag))?.first, let stored = TagDate(text), stored.hasTime
            else { continue }
            return (stored.date, texts(of: .exif(zone))?.first)
        }
        return nil
    }
}
