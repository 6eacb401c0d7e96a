public import JobModel

extension JP2File {
    /// A newly encoded file with these blocks in `uuid` boxes before its codestream, and its resolution stated.
    ///
    /// Photoshop's resources have no place there. Encoders state no resolution.
    public static func pieces(adding metadata: EmbeddedMetadata, density: Density?, to file: MemorySource) throws(ImageFileError) -> [Piece] {
        let boxes = Box.list(file.bytes, in: 0..<file.bytes.count)
        guard let header = boxes.first(where: { $0.type == "jp2h" }), let codestream = boxes.first(where: { $0.type == "jp2c" }) else {
            throw .damaged("no codestream in boxes")
        }
        var splices: [Splice] = []
        if let density {
            let resolution = Box.made("res ", Box.made("resc", samplesAMetre(density)))
            let size = ByteOrder.big.bytes(header.range.count + resolution.count, byteCount: 4)
            splices.append(Splice(range: ByteRange(offset: UInt64(header.range.lowerBound), count: 4), bytes: size))
            splices.append(.inserting(resolution, at: UInt64(header.range.upperBound)))
        }
        var blocks: [UInt8] = []
        for (kind, identifier) in metadataIdentifiers {
            let block: [UInt8]?
            switch kind {
            case .exif: block = metadata.exif
            case .xmp: block = metadata.xmp
            case .iptc, .other: block = nil
            }
            if let block { blocks += Box.made("uuid", identifier + block) }
        }
        if !blocks.isEmpty { splices.append(.inserting(blocks, at: UInt64(codestream.range.lowerBound))) }
        return try ImageFiles.pieces(splicing: splices, into: file.byteCount)
    }

    /// Numerator, denominator and power of ten, vertical first (15444-1, I.5.3.7.1).
    private static func samplesAMetre(_ density: Density) -> [UInt8] {
        var numbers: [UInt8] = []
        var exponents: [UInt8] = []
        for milliDPI in [density.verticalMilliDPI, density.horizontalMilliDPI] {
            // 300 dpi are 3,000,000 / 254 samples a metre.
            var (above, exponent) = (UInt64(milliDPI), UInt8(0))
            while above > 0xFFFF {
                above = (above + 5) / 10
                exponent += 1
            }
            // Thousandths of an inch's dots times 10 / 254.
            numbers += ByteOrder.big.bytes(above, byteCount: 2) + ByteOrder.big.bytes(254, byteCount: 2)
            exponents.append(UInt8(bitPattern: Int8(exponent) + 1))
        }
        return numbers + exponents
    }
}
