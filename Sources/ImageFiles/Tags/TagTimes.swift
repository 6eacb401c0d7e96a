public import Variables

extension EmbeddedMetadata {
    /// The dates that are moved together: when the picture was taken, digitised and changed. Those of XMP where they are there; those of
    /// IPTC, which have their day and their time of day apart, are `iptcTimes`.
    private static let times: [MetadataTag] = [
        "exif:DateTime", "exif:DateTimeOriginal", "exif:DateTimeDigitized", "xmp:exif:DateTimeOriginal", "xmp:exif:DateTimeDigitized",
        "xmp:tiff:DateTime", "xmp:xmp:CreateDate", "xmp:xmp:ModifyDate", "xmp:photoshop:DateCreated",
    ].compactMap(MetadataTag.init(named:))

    private static let iptcTimes: [(day: IPTCTag, clock: IPTCTag)] = [
        ("DateCreated", "TimeCreated"), ("DigitalCreationDate", "DigitalCreationTime"),
    ].compactMap { day, clock in
        guard let day = IPTCTag(named: day), let clock = IPTCTag(named: clock) else { return nil }
        return (day, clock)
    }

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
        for (day, clock) in Self.iptcTimes { edits += try self.edits(shifting: day, clock, by: shift) }
        return edits
    }

    /// A day without a time of day moves by whole days; a time of day without a day goes round the clock.
    private func edits(shifting day: IPTCTag, _ clock: IPTCTag, by shift: TimeShift) throws(ImageFileError) -> [MetadataEdit] {
        let statedDay = texts(of: .iptc(day))?.first.flatMap(TagDate.init).flatMap { $0.hasTime ? nil : $0.date }
        let statedClock = texts(of: .iptc(clock))?.first.flatMap(TagClock.init)
        guard statedDay != nil || statedClock != nil else { return [] }
        let old = statedDay ?? CivilTime(secondsSince1970: 0)
        var span = shift
        if statedClock == nil { (span.hours, span.minutes, span.wholeSeconds) = (0, 0, 0) }
        if statedDay == nil { (span.years, span.months, span.days) = (0, 0, 0) }
        let moved = CivilTime(
            year: old.year, month: old.month, day: old.day, hour: statedClock?.hour ?? 0, minute: statedClock?.minute ?? 0,
            second: statedClock?.second ?? 0
        ).flatMap { $0.shifted(by: span) }
        guard let moved else { throw .unwritable("iptc:\(day.name) is \(texts(of: .iptc(day))?.first ?? ""); moved, it would leave the years 0 to 9999") }
        var edits: [MetadataEdit] = []
        let new = TagDate(moved)
        if statedDay != nil { edits.append(.setTag(.iptc(day), try MetadataTag.iptc(day).value(from: new.day(separator: "")))) }
        if let statedClock, let time = new.clock {
            // Without a zone it would be written as UTC, which nobody stated.
            let value: TagValue =
                statedClock.zone.isEmpty
                ? .texts([time.filter { $0 != ":" }]) : try MetadataTag.iptc(clock).value(from: time + statedClock.zone)
            edits.append(.setTag(.iptc(clock), value))
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
