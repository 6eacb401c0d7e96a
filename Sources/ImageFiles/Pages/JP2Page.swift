import JobModel

extension PageFactsReader {
    /// The whole file is the stream. What PDF/A-2 (6.2.8.3) forbids is encoded anew, since readers disagree about it anyway.
    func jp2() throws(ImageFileError) -> PageFactsResult {
        let jp2 = try JP2File(reading: source)
        guard jp2.isComplete else { throw .truncated("the codestream ends before its end marker") }
        if jp2.isHighThroughput { return .needsEncoding("high-throughput JPEG 2000") }
        guard let first = jp2.components.first, jp2.components.allSatisfy({ $0 == first }), !first.isSigned, !first.isSubsampled,
            first.bits <= 16, !jp2.hasBitsBox
        else { return .needsEncoding("JPEG 2000 components that differ, are signed or have more than 16 bits") }
        if jp2.hasPalette || jp2.hasOpacity { return .needsEncoding("JPEG 2000 with a palette or an opacity channel") }
        let colour: PageColour
        switch jp2.components.count {
        case 1: colour = .grey
        case 3: colour = .rgb
        case 4 where !jp2.isRawCodestream: colour = .cmyk
        default: return .needsEncoding("JPEG 2000 of \(jp2.components.count) components")
        }
        if !jp2.isRawCodestream, !Self.isStated(jp2.colours, componentCount: jp2.components.count) {
            return .needsEncoding("JPEG 2000 in a colour space that PDF does not know")
        }
        let exif = EXIFBlock.ifReadable(try jp2.exifRange.map { range throws(ImageFileError) in try source.read(range) })
        var carriesGPS = exif?.hasGPS ?? false
        if let range = jp2.xmpRange, !carriesGPS { carriesGPS = XMPPacket.tellsPosition(try source.read(range)) }
        return .ready([
            PageFacts(
                width: jp2.width, height: jp2.height, bitsPerComponent: first.bits, colour: colour,
                coding: .jpx(rawCodestream: jp2.isRawCodestream), stream: try stream([whole]), orientation: exif?.orientation ?? 1,
                density: jp2.density,
                isFromCamera: exif?.isFromCamera ?? false, carriesGPS: carriesGPS)
        ])
    }

    /// Whether one specification counts, and it fits the components.
    private static func isStated(_ colours: [JP2File.ColourSpecification], componentCount: Int) -> Bool {
        let stated = colours.count == 1 ? colours : colours.filter { $0.isApproximate == 1 }
        guard stated.count == 1, let colour = stated.first else { return false }
        switch colour.method {
        case 1:
            switch colour.enumerated {
            case 16, 18: return componentCount == 3
            case 17: return componentCount == 1
            case 12: return componentCount == 4
            default: return false
            }
        case 2, 3: return componentCount != 4
        default: return false
        }
    }
}
