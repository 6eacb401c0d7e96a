import JobModel

extension PageFactsReader {
    /// What becomes of one page of a TIFF.
    enum TIFFCarriage {
        case asItIs(PageFacts)
        /// A PDF cannot carry its data, and why.
        case encoded(String)
    }

    /// Page by page: those of one group 4 or one JPEG strip go in as they are, whatever the others need.
    func tiff() throws(ImageFileError) -> PageFactsResult {
        let tiff = try TIFFFile(reading: source)
        guard tiff.isComplete else { throw .damaged("the list of pages breaks off behind page \(tiff.pages.count)") }
        var pages = tiff.pages.filter { !$0.isReduced && !$0.isMask }
        if pages.isEmpty { pages = [tiff.pages[0]] }
        let structure = try TIFFStream(reading: source)
        var found: [PageFacts?] = []
        var obstacle: String?
        for page in pages {
            guard page.width > 0, page.height > 0 else { throw .damaged("page \(found.count + 1) has no size") }
            switch try carriage(page, number: found.count + 1, structure) {
            case .asItIs(var facts):
                facts.orientation = page.orientation
                facts.density = page.density
                facts.isFromCamera = tiff.isFromCamera
                found.append(facts)
            case .encoded(let reason):
                obstacle = obstacle ?? reason
                found.append(nil)
            }
        }
        guard let obstacle else { return .ready(found.compactMap { $0 }) }
        return found.allSatisfy { $0 == nil } ? .needsEncoding(obstacle) : .partly(found, obstacle)
    }

    private func carriage(
        _ page: TIFFFile.Page, number: Int, _ structure: TIFFStream<Source>
    ) throws(ImageFileError) -> TIFFCarriage {
        let (group4, jpeg) = (4, 7)
        guard page.compression == group4 || page.compression == jpeg else {
            return .encoded("TIFF compression \(page.compression)")
        }
        // Strips of a page cannot be joined: each ends with an end marker of its own.
        if page.isTiled || page.partCount != 1 { return .encoded("a TIFF page in \(page.partCount) parts") }
        if page.compression == group4, let reason = try group4Obstacle(page, structure) { return .encoded(reason) }
        guard let offset = try structure.integers(page.directory.entry(TIFFTag.stripOffsets), limit: 1).first,
            let count = try structure.integers(page.directory.entry(TIFFTag.stripByteCounts), limit: 1).first, count > 0
        else { throw .damaged("page \(number) does not say where its data lie") }
        let strip = ByteRange(offset: offset, count: count)
        guard source.contains(strip) else { throw .truncated("the data of page \(number) end behind the file") }
        if page.compression == jpeg { return try jpegCarriage(page, strip) }
        // No line of group 4 is coded so: a file of which blocks were never written.
        let zeroBytes: UInt64 = 32
        if count >= zeroBytes, try source.read(ByteRange(offset: offset, count: zeroBytes)).allSatisfy({ $0 == 0 }) {
            throw .damaged("the data of page \(number) begin with zeros")
        }
        return .asItIs(
            PageFacts(
                width: page.width, height: page.height, bitsPerComponent: 1, colour: .grey,
                coding: .ccittG4(blackIsOne: page.photometric == 1), stream: try stream([strip])))
    }

    /// Why a PDF cannot carry a page of one group 4 strip as it is.
    private func group4Obstacle(_ page: TIFFFile.Page, _ structure: TIFFStream<Source>) throws(ImageFileError) -> String? {
        if page.samplesPerPixel != 1 || !(page.bitsPerSample.isEmpty || page.bitsPerSample == [1]) {
            return "group 4 data of more than one bit"
        }
        if page.fillOrder != 1 { return "TIFF bits in reverse order" }
        guard page.photometric == 0 || page.photometric == 1 else { return "group 4 data in an unknown colour space" }
        let uncompressedMode: UInt64 = 2
        let options = try structure.integers(page.directory.entry(TIFFTag.t6Options), limit: 1).first ?? 0
        if options & uncompressedMode != 0 {
            return "group 4 data in uncompressed mode"
        }
        return nil
    }
}
