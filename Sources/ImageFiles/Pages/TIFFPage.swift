import JobModel

extension PageFactsReader {
    /// Bilevel pages of one CCITT group 4 strip each; strips of a page cannot be joined, since each ends with its own end marker.
    func tiff() throws(ImageFileError) -> PageFactsResult {
        let tiff = try TIFFFile(reading: source)
        guard tiff.isComplete else { throw .damaged("the list of pages breaks off behind page \(tiff.pages.count)") }
        var pages = tiff.pages.filter { !$0.isReduced && !$0.isMask }
        if pages.isEmpty { pages = [tiff.pages[0]] }
        let structure = try TIFFStream(reading: source)
        // Looked at as a whole first: nothing is hashed of a file that is encoded anew.
        for page in pages {
            if let reason = try obstacle(page, structure) { return .needsEncoding(reason) }
        }
        var facts: [PageFacts] = []
        for page in pages {
            guard page.width > 0, page.height > 0 else { throw .damaged("page \(facts.count + 1) has no size") }
            guard let offset = try structure.integers(page.directory.entry(TIFFTag.stripOffsets), limit: 1).first,
                let count = try structure.integers(page.directory.entry(TIFFTag.stripByteCounts), limit: 1).first, count > 0
            else { throw .damaged("page \(facts.count + 1) does not say where its data lie") }
            let strip = ByteRange(offset: offset, count: count)
            guard source.contains(strip) else { throw .truncated("the data of page \(facts.count + 1) end behind the file") }
            facts.append(
                PageFacts(
                    width: page.width, height: page.height, bitsPerComponent: 1, colour: .grey,
                    coding: .ccittG4(blackIsOne: page.photometric == 1), stream: try stream([strip]),
                    orientation: page.orientation,
                    density: page.density, isFromCamera: tiff.isFromCamera, carriesGPS: false))
        }
        return .ready(facts)
    }

    /// Why a PDF cannot carry the page as it is.
    private func obstacle(_ page: TIFFFile.Page, _ structure: TIFFStream<Source>) throws(ImageFileError) -> String? {
        let group4 = 4
        if page.compression != group4 { return "TIFF compression \(page.compression)" }
        if page.isTiled || page.partCount != 1 { return "a TIFF page in \(page.partCount) parts" }
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
