public import JobModel

/// The dictionaries of image, mask and profile streams (ISO 32000-1, 8.9.5; pdf.md, section 4).
enum ImageObjects {
    /// `/Type/XObject` to `/Length`, closed and with `stream` behind it.
    static func image(_ facts: PageFacts, profile: ObjectNumber?, mask: ObjectNumber?) -> [UInt8] {
        var text = ObjectText()
        put(&text, width: facts.width, height: facts.height)
        if let space = colourSpace(facts, profile: profile) {
            text.put("/ColorSpace")
            text.put(space)
        }
        switch facts.coding {
        case .jpeg(let invertedCMYK, let colourTransform):
            put(&text, bits: 8)
            if invertedCMYK { text.put("/Decode[1 0 1 0 1 0 1 0]") }
            text.put("/Filter/DCTDecode")
            if let colourTransform { text.put("/DecodeParms<</ColorTransform \(colourTransform)>>") }
        case .flate(let pngPredictor):
            put(&text, bits: facts.bitsPerComponent)
            put(
                &text, flateOf: facts.colour.componentCount, bits: facts.bitsPerComponent, width: facts.width,
                predictor: pngPredictor)
        case .ccittG4(let blackIsOne):
            put(&text, bits: 1)
            text.put("/Filter/CCITTFaxDecode/DecodeParms<</K -1/Columns \(facts.width)/Rows \(facts.height)")
            if blackIsOne { text.put("/BlackIs1 true") }
            text.put(">>")
        case .jpx:
            text.put("/Filter/JPXDecode")
        }
        if let mask {
            text.put("/SMask ")
            text.put(reference: mask)
        } else if case .colourKey(let values) = facts.mask {
            text.put("/Mask[\(values.map { "\($0) \($0)" }.joined(separator: " "))]")
        }
        put(&text, length: facts.stream.byteCount)
        return text.bytes
    }

    static func alphaMask(_ facts: PageFacts, source: StreamSource, bits: Int) -> [UInt8] {
        var text = ObjectText()
        put(&text, width: facts.width, height: facts.height)
        text.put("/ColorSpace/DeviceGray")
        put(&text, bits: bits)
        put(&text, flateOf: 1, bits: bits, width: facts.width, predictor: true)
        put(&text, length: source.byteCount)
        return text.bytes
    }

    static func profile(_ profile: PageProfile, colour: PageColour) -> [UInt8] {
        var text = ObjectText()
        text.put("<</N \(baseComponentCount(colour))/Alternate\(deviceSpace(colour))")
        if profile.isDeflated { text.put("/Filter/FlateDecode") }
        put(&text, length: profile.source.byteCount)
        return text.bytes
    }

    /// Nil where the stream states its colour space itself.
    private static func colourSpace(_ facts: PageFacts, profile: ObjectNumber?) -> [UInt8]? {
        if case .jpx(rawCodestream: false) = facts.coding, profile == nil { return nil }
        var base = ObjectText()
        if let profile {
            base.put("[/ICCBased ")
            base.put(reference: profile)
            base.put("]")
        } else {
            base.put(deviceSpace(facts.colour))
        }
        guard case .indexed(let palette) = facts.colour else { return base.bytes }
        var text = ObjectText()
        text.put("[/Indexed")
        text.put(base.bytes)
        text.put(" \(palette.count / 3 - 1)")
        text.put(hex: palette)
        text.put("]")
        return text.bytes
    }

    private static func deviceSpace(_ colour: PageColour) -> String {
        switch colour {
        case .grey: "/DeviceGray"
        case .rgb, .indexed: "/DeviceRGB"
        case .cmyk: "/DeviceCMYK"
        }
    }

    private static func baseComponentCount(_ colour: PageColour) -> Int {
        switch colour {
        case .grey: 1
        case .rgb, .indexed: 3
        case .cmyk: 4
        }
    }

    private static func put(_ text: inout ObjectText, width: Int, height: Int) {
        text.put("<</Type/XObject/Subtype/Image/Width \(width)/Height \(height)")
    }

    private static func put(_ text: inout ObjectText, bits: Int) {
        text.put("/BitsPerComponent \(bits)")
    }

    private static func put(_ text: inout ObjectText, flateOf components: Int, bits: Int, width: Int, predictor: Bool) {
        text.put("/Filter/FlateDecode")
        guard predictor else { return }
        text.put("/DecodeParms<</Predictor 15/Colors \(components)/BitsPerComponent \(bits)/Columns \(width)>>")
    }

    private static func put(_ text: inout ObjectText, length: UInt64) {
        text.put("/Length \(length)>>\nstream\n")
    }
}

extension PageFacts {
    /// Longest side of a picture a page may show, in pixels.
    static var sideMax: Int { 10_000_000 }
    /// `/Length` is an integer, and integers end here (ISO 32000-1, annex C).
    static var streamBytesMax: UInt64 { (1 << 31) - 1 }

    /// Throws unless a PDF can show a page of these facts; they come from files, so nothing in them is trusted.
    public func checkForPDF() throws(PDFError) {
        guard (1...Self.sideMax).contains(width), (1...Self.sideMax).contains(height) else {
            throw .invalidPage("a picture of \(width) by \(height) pixels")
        }
        guard (1...8).contains(orientation) else { throw .invalidPage("orientation \(orientation)") }
        guard depths.contains(bitsPerComponent) else { throw .invalidPage("\(bitsPerComponent) bits a component") }
        if case .indexed(let palette) = colour {
            guard palette.count % 3 == 0, (3...768).contains(palette.count), bitsPerComponent <= 8 else {
                throw .invalidPage("a palette of \(palette.count) bytes with \(bitsPerComponent) bits a pixel")
            }
        }
        try checkCoding()
        try stream.checkForPDF()
        if let profile { try profile.source.checkForPDF() }
        switch mask {
        case .none: break
        case .colourKey(let values):
            let largest = (1 << bitsPerComponent) - 1
            guard values.count == colour.componentCount, values.allSatisfy({ Int($0) <= largest }) else {
                throw .invalidPage("a transparent colour of \(values) in \(bitsPerComponent) bits")
            }
        case .alpha(let source, let bits):
            guard [1, 2, 4, 8, 16].contains(bits) else { throw .invalidPage("\(bits) bits of transparency") }
            try source.checkForPDF()
        }
    }

    /// Those of the image dictionary; JPEG 2000 states its own (ISO 32000-1, 7.4.9).
    private var depths: [Int] {
        switch coding {
        case .jpeg, .flate, .ccittG4: [1, 2, 4, 8, 16]
        case .jpx: Array(1...38)
        }
    }

    private func checkCoding() throws(PDFError) {
        let isIndexed = if case .indexed = colour { true } else { false }
        switch coding {
        case .jpeg(let invertedCMYK, let colourTransform):
            guard !isIndexed, bitsPerComponent == 8 else { throw .invalidPage("a JPEG with a palette or other than 8 bits") }
            guard !invertedCMYK || colour == .cmyk else { throw .invalidPage("an inverted JPEG that is not CMYK") }
            guard colourTransform.map({ (0...1).contains($0) }) ?? true else { throw .invalidPage("an unknown colour transform") }
        case .ccittG4:
            guard colour == .grey, bitsPerComponent == 1 else { throw .invalidPage("a fax page that is not black and white") }
        case .flate, .jpx:
            break
        }
    }
}

extension StreamSource {
    fileprivate func checkForPDF() throws(PDFError) {
        var sum: UInt64 = 0
        for range in ranges {
            guard range.offset <= UInt64(Int64.max), range.count <= PageFacts.streamBytesMax else {
                throw .invalidPage("\(range.count) bytes at \(range.offset)")
            }
            sum += range.count
            guard sum <= PageFacts.streamBytesMax else {
                throw .invalidPage("a stream of more than \(PageFacts.streamBytesMax) bytes")
            }
        }
        guard sum > 0 else { throw .invalidPage("an empty stream") }
    }
}
