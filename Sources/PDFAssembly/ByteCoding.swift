import JobModel

/// Packs values into bytes: unsigned integers in groups of seven bits, lowest first (LEB128), and what is made of them.
struct ByteWriter {
    private(set) var bytes: [UInt8] = []

    mutating func put(_ number: UInt64) {
        var rest = number
        while rest >= 0x80 {
            bytes.append(UInt8(rest & 0x7F) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    mutating func put(count: Int) {
        put(UInt64(count))
    }

    mutating func put(flag: Bool) {
        put(flag ? 1 : 0)
    }

    mutating func put(data: [UInt8]) {
        put(count: data.count)
        bytes.append(contentsOf: data)
    }

    mutating func put(text: String) {
        put(data: Array(text.utf8))
    }

    mutating func put(_ digest: Digest256) {
        bytes.append(contentsOf: digest.bytes)
    }

    mutating func put<Value>(optional value: Value?, _ body: (inout ByteWriter, Value) -> Void) {
        put(flag: value != nil)
        if let value { body(&self, value) }
    }

    /// Facts without the places of their bytes: those are elsewhere when pages are carried on.
    mutating func put(_ facts: PageFacts) {
        put(count: facts.width)
        put(count: facts.height)
        put(count: facts.bitsPerComponent)
        switch facts.colour {
        case .grey: put(0)
        case .rgb: put(1)
        case .cmyk: put(2)
        case .indexed(let palette):
            put(3)
            put(data: palette)
        }
        switch facts.coding {
        case .jpeg(let invertedCMYK, let colourTransform):
            put(invertedCMYK ? 1 : 0)
            put(optional: colourTransform) { $0.put(count: $1) }
        case .flate(let pngPredictor): put(pngPredictor ? 3 : 2)
        case .ccittG4(let blackIsOne): put(blackIsOne ? 5 : 4)
        case .jpx(let rawCodestream): put(rawCodestream ? 7 : 6)
        }
        put(facts.stream)
        switch facts.mask {
        case .none: put(0)
        case .colourKey(let values):
            put(1)
            put(count: values.count)
            for value in values { put(UInt64(value)) }
        case .alpha(let source, let bits):
            put(2)
            put(source)
            put(count: bits)
        }
        put(optional: facts.profile) {
            $0.put($1.source)
            $0.put(flag: $1.isDeflated)
        }
        put(count: facts.orientation)
        put(optional: facts.density) {
            $0.put(UInt64($1.horizontalMilliDPI))
            $0.put(UInt64($1.verticalMilliDPI))
        }
        put(flag: facts.isFromCamera)
        put(flag: facts.carriesGPS)
    }

    private mutating func put(_ source: StreamSource) {
        put(source.byteCount)
        put(source.digest)
    }
}

/// Reads what `ByteWriter` packed; bytes come from a file, so nothing in them is trusted.
struct ByteReader {
    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    var isAtEnd: Bool { position == bytes.count }

    mutating func number() throws(PDFError) -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: 0, through: 63, by: 7) {
            guard position < bytes.count else { throw .invalidCheckpoint("it ends early") }
            let byte = bytes[position]
            position += 1
            guard shift < 63 || byte <= 1 else { break }
            value |= UInt64(byte & 0x7F) << UInt64(shift)
            if byte < 0x80 { return value }
        }
        throw .invalidCheckpoint("a number of more than 64 bits")
    }

    /// A number of things, of which `limit` are the most there can be.
    mutating func count(max limit: Int) throws(PDFError) -> Int {
        let value = try number()
        guard value <= UInt64(limit) else { throw .invalidCheckpoint("\(value) where at most \(limit) can be") }
        return Int(value)
    }

    mutating func flag() throws(PDFError) -> Bool {
        try count(max: 1) == 1
    }

    mutating func data() throws(PDFError) -> [UInt8] {
        try take(try count(max: bytes.count - position))
    }

    mutating func text() throws(PDFError) -> String {
        guard let text = String(validating: try data(), as: UTF8.self) else {
            throw .invalidCheckpoint("a text that is not UTF-8")
        }
        return text
    }

    mutating func digest() throws(PDFError) -> Digest256 {
        Digest256(bytes: try take(32))
    }

    mutating func optional<Value>(_ body: (inout ByteReader) throws(PDFError) -> Value) throws(PDFError) -> Value? {
        try flag() ? try body(&self) : nil
    }

    private mutating func take(_ count: Int) throws(PDFError) -> [UInt8] {
        guard count <= bytes.count - position else { throw .invalidCheckpoint("it ends early") }
        defer { position += count }
        return Array(bytes[position..<(position + count)])
    }

    /// The page's streams come back as one range from 0 of the task's input; a carried page is copied from its volume instead.
    mutating func pageFacts() throws(PDFError) -> PageFacts {
        let (width, height) = (try count(max: PageFacts.sideMax), try count(max: PageFacts.sideMax))
        let bits = try count(max: 16)
        let colour: PageColour
        switch try number() {
        case 0: colour = .grey
        case 1: colour = .rgb
        case 2: colour = .cmyk
        case 3: colour = .indexed(palette: try data())
        case let other: throw .invalidCheckpoint("colour \(other)")
        }
        let coding: PageCoding
        switch try number() {
        case 0: coding = .jpeg(invertedCMYK: false, colourTransform: try transform())
        case 1: coding = .jpeg(invertedCMYK: true, colourTransform: try transform())
        case 2: coding = .flate(pngPredictor: false)
        case 3: coding = .flate(pngPredictor: true)
        case 4: coding = .ccittG4(blackIsOne: false)
        case 5: coding = .ccittG4(blackIsOne: true)
        case 6: coding = .jpx(rawCodestream: false)
        case 7: coding = .jpx(rawCodestream: true)
        case let other: throw .invalidCheckpoint("coding \(other)")
        }
        let stream = try source()
        let mask: PageMask
        switch try number() {
        case 0: mask = .none
        case 1:
            var values: [UInt16] = []
            for _ in 0..<(try count(max: 4)) { values.append(UInt16(try count(max: 65_535))) }
            mask = .colourKey(values)
        case 2: mask = .alpha(try source(), bitsPerComponent: try count(max: 16))
        case let other: throw .invalidCheckpoint("mask \(other)")
        }
        let profile = try optional { (reader) throws(PDFError) in
            PageProfile(source: try reader.source(), isDeflated: try reader.flag())
        }
        let orientation = try count(max: 8)
        let density = try optional { (reader) throws(PDFError) in
            Density(
                horizontalMilliDPI: UInt32(try reader.count(max: Int(UInt32.max))),
                verticalMilliDPI: UInt32(try reader.count(max: Int(UInt32.max))))
        }
        return PageFacts(
            width: width, height: height, bitsPerComponent: bits, colour: colour, coding: coding, stream: stream, mask: mask,
            profile: profile, orientation: orientation, density: density, isFromCamera: try flag(), carriesGPS: try flag())
    }

    private mutating func transform() throws(PDFError) -> Int? {
        try optional { (reader) throws(PDFError) in try reader.count(max: 1) }
    }

    private mutating func source() throws(PDFError) -> StreamSource {
        let length = try number()
        return StreamSource(file: .input, ranges: [ByteRange(offset: 0, count: length)], digest: try digest())
    }
}
