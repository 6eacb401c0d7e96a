public import JobModel

/// What the head does for a book, in order.
public enum BookCommand: Sendable {
    /// Make the partial file of this volume, empty; volumes count from 0.
    case beginVolume(Int)
    /// Write at the end of this volume's partial file.
    case write(volume: Int, WriteInstruction)
    /// Cut the volume's partial file to `ending.keptByteCount` and write the ending behind; the volume is whole then.
    ///
    /// Pages behind the cut have been copied into the next volume by the commands before. So this is performed only once
    /// those are durable and a checkpoint says so: until then the old bytes are the only ones. Doing it twice does no harm.
    case endVolume(Int, VolumeEnding)
}

/// How far a book is bound; equal positions after equal pages are equal states.
public struct BookPosition: Hashable, Sendable {
    /// Pages of all volumes.
    public var pageCount: UInt64
    /// The volume that grows, from 0, and the bytes of its partial file.
    public var volume: Int
    public var byteCount: UInt64

    public init(pageCount: UInt64, volume: Int, byteCount: UInt64) {
        self.pageCount = pageCount
        self.volume = volume
        self.byteCount = byteCount
    }
}

/// Binds pages into as many volumes as the limits ask for.
///
/// A volume is cut where the folder changes; inside a folder only if that alone is too large. So the pages since
/// the last border are remembered (60 to 100 bytes each) and move to the next volume when the border turns out to be the cut.
/// The size limit holds for the whole file with its ending; a single page beyond it gets a volume of its own.
///
/// To resume, journal `position` (or `checkpoint()`) after the bytes are durable. Then either append the same pages again,
/// dropping the commands until `position` is reached, or start from the checkpoint; and cut the partial file to `byteCount`.
/// An `endVolume` met on the way is performed again, unless that volume is known to be whole.
public struct Book<Hash: DigestStream>: Sendable {
    let settings: PDFSettings
    var writer: VolumeWriter<Hash>
    var volume = 0
    var folder: [String] = []
    /// The last folder border within this volume, with the pages behind it; nil while the volume holds one folder.
    var border: (mark: VolumeWriter<Hash>.Mark, pages: CarriedPages)?

    public init(settings: PDFSettings) throws(PDFError) {
        guard settings.volumePagesMax > 0, settings.volumeBytesMax > 0 else { throw .invalidSettings("volumes without room") }
        self.settings = settings
        writer = try VolumeWriter(settings: settings)
    }

    public var position: BookPosition {
        BookPosition(pageCount: writer.earlierPageCount + UInt64(writer.pageCount), volume: volume, byteCount: writer.byteCount)
    }

    /// What binds `page` behind the pages before it.
    /// - Throws: `invalidPage`; the book is unchanged then.
    public mutating func append(_ page: BookPage) throws(PDFError) -> [BookCommand] {
        if case .picture(let facts) = page.content { try facts.checkForPDF() }
        var commands: [BookCommand] = []
        try place(page, from: nil, &commands)
        return commands
    }

    /// What ends the last volume; nothing for a book without pages. No page follows.
    public consuming func finish() -> [BookCommand] {
        guard writer.pageCount > 0 else { return [] }
        let index = volume
        return [.endVolume(index, writer.finish())]
    }

    private mutating func place(_ page: BookPage, from origin: Origin?, _ commands: inout [BookCommand]) throws(PDFError) {
        guard writer.pageCount > 0 else {
            commands.append(.beginVolume(volume))
            folder = page.folder
            note(try writer.append(page, from: origin), &commands)
            return
        }
        let mark = writer.mark
        let isBorder = page.folder != folder
        if let appended = try appendWithinLimits(page, from: origin) {
            if isBorder {
                folder = page.folder
                border = (mark, CarriedPages(folder: page.folder))
            }
            border?.pages.append(page, appended.placement)
            note(appended, &commands)
            return
        }
        let cut = isBorder ? mark : border?.mark ?? mark
        let carried = isBorder ? nil : border?.pages
        let full = writer.ended(at: cut)
        let fullVolume = volume
        writer = try VolumeWriter(settings: settings, earlierPageCount: writer.earlierPageCount + UInt64(cut.pageCount))
        volume += 1
        border = nil
        var reader = carried?.reader()
        while let (page, placement) = try reader?.next() {
            try place(page, from: placement.map { Origin(volume: fullVolume, placement: $0) }, &commands)
        }
        try place(page, from: origin, &commands)
        commands.append(.endVolume(fullVolume, full))
    }

    /// Nil when the volume with this page would be too large; the writer is past use then, but for `ended(at:)`.
    private mutating func appendWithinLimits(
        _ page: BookPage, from origin: Origin?
    ) throws(PDFError) -> VolumeWriter<Hash>.Appended? {
        guard writer.pageCount < settings.volumePagesMax else { return nil }
        do throws(PDFError) {
            let appended = try writer.append(page, from: origin)
            return writer.finishedByteCountMax <= settings.volumeBytesMax ? appended : nil
        } catch .volumeFull {
            return nil
        }
    }

    private func note(_ appended: VolumeWriter<Hash>.Appended, _ commands: inout [BookCommand]) {
        for instruction in appended.instructions { commands.append(.write(volume: volume, instruction)) }
    }
}

extension VolumeWriter {
    /// Enough of a writer's state to end the volume as it was then.
    struct Mark: Hashable, Sendable {
        var byteCount: UInt64
        var objectCount: Int
        var pageCount: Int
        var bookmarkCount: Int
        var chain: Digest256
    }

    var mark: Mark {
        Mark(
            byteCount: byteCount, objectCount: offsets.count, pageCount: pageCount, bookmarkCount: bookmarks.count, chain: chain)
    }

    /// The ending of the volume as it was at `mark`; the writer keeps nothing else of use.
    mutating func ended(at mark: Mark) -> VolumeEnding {
        byteCount = mark.byteCount
        offsets.truncate(to: mark.objectCount)
        pageNumbers.truncate(to: mark.pageCount)
        leafNumbers.truncate(to: (mark.pageCount + PageTree.arity - 1) / PageTree.arity)
        bookmarks.truncate(to: mark.bookmarkCount)
        chain = mark.chain
        return VolumeEnding(self)
    }

    /// An upper bound for the whole file if it were finished now, some percent of the ending too high.
    public var finishedByteCountMax: UInt64 {
        let nodes = UInt64(leafNumbers.count + PageTree.nodesAboveLeaves(pages: pageCount))
        let objects = UInt64(offsets.count + bookmarks.count + 8) + nodes
        let fixed =
            UInt64(information.packet.count + information.dictionary.count + (settings.isArchival ? OutputIntent.profile.count : 0))
            + 2_000
        // A reference takes at most 12 bytes with its space, an entry of the table 20.
        return byteCount + 12 * UInt64(pageCount) + 112 * nodes + bookmarks.byteCountMax + 20 * objects + fixed
    }
}
