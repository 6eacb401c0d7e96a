public import JobModel

extension ByteRange: WireCodable {
    public func encode(to writer: inout WireWriter) {
        writer.put(offset)
        writer.put(count)
    }
    public init(from reader: inout WireReader) throws(WireError) {
        let offset = try reader.number()
        let count = try reader.number()
        guard !offset.addingReportingOverflow(count).overflow else { throw .invalid("byte range beyond 64 bits") }
        self.init(offset: offset, count: count)
    }
}

extension Density: WireCodable {
    public func encode(to writer: inout WireWriter) {
        writer.put(UInt64(horizontalMilliDPI))
        writer.put(UInt64(verticalMilliDPI))
    }
    public init(from reader: inout WireReader) throws(WireError) {
        self.init(horizontalMilliDPI: try reader.integer(), verticalMilliDPI: try reader.integer())
    }
}

extension PageFile: WireCodable {
    public func encode(to writer: inout WireWriter) {
        switch self {
        case .input: writer.put(tag: 0)
        case .output(let index):
            writer.put(tag: 1)
            writer.put(count: index)
        case .spool(let name):
            writer.put(tag: 2)
            writer.put(name)
        }
    }
    public init(from reader: inout WireReader) throws(WireError) {
        switch try reader.byte() {
        case 0: self = .input
        case 1: self = .output(try reader.integer())
        case 2: self = .spool(try reader.value())
        case let other: throw .invalid("page file \(other)")
        }
    }
}

extension StreamSource: WireCodable {
    public func encode(to writer: inout WireWriter) {
        writer.put(file)
        writer.put(ranges)
        writer.put(digest)
    }
    public init(from reader: inout WireReader) throws(WireError) {
        self.init(file: try reader.value(), ranges: try reader.array(), digest: try reader.value())
    }
}

extension PageColour: WireCodable {
    public func encode(to writer: inout WireWriter) {
        switch self {
        case .grey: writer.put(tag: 0)
        case .rgb: writer.put(tag: 1)
        case .cmyk: writer.put(tag: 2)
        case .indexed(let palette):
            writer.put(tag: 3)
            writer.put(palette)
        }
    }
    public init(from reader: inout WireReader) throws(WireError) {
        switch try reader.byte() {
        case 0: self = .grey
        case 1: self = .rgb
        case 2: self = .cmyk
        case 3:
            let palette = try reader.byteArray()
            guard (3...768).contains(palette.count), palette.count % 3 == 0 else { throw .invalid("palette of \(palette.count) bytes") }
            self = .indexed(palette: palette)
        case let other: throw .invalid("page colour \(other)")
        }
    }
}

extension PageCoding: WireCodable {
    public func encode(to writer: inout WireWriter) {
        switch self {
        case .jpeg(let invertedCMYK, let colourTransform):
            writer.put(tag: 0)
            writer.put(invertedCMYK)
            writer.put(count: (colourTransform ?? -1) + 1)
        case .flate(let pngPredictor):
            writer.put(tag: 1)
            writer.put(pngPredictor)
        case .ccittG4(let blackIsOne):
            writer.put(tag: 2)
            writer.put(blackIsOne)
        case .jpx(let rawCodestream):
            writer.put(tag: 3)
            writer.put(rawCodestream)
        }
    }
    public init(from reader: inout WireReader) throws(WireError) {
        switch try reader.byte() {
        case 0:
            let inverted = try reader.bool()
            let transform: UInt8 = try reader.integer()
            self = .jpeg(invertedCMYK: inverted, colourTransform: transform == 0 ? nil : Int(transform) - 1)
        case 1: self = .flate(pngPredictor: try reader.bool())
        case 2: self = .ccittG4(blackIsOne: try reader.bool())
        case 3: self = .jpx(rawCodestream: try reader.bool())
        case let other: throw .invalid("page coding \(other)")
        }
    }
}

extension PageMask: WireCodable {
    public func encode(to writer: inout WireWriter) {
        switch self {
        case .none: writer.put(tag: 0)
        case .colourKey(let values):
            writer.put(tag: 1)
            writer.put(count: values.count)
            for value in values { writer.put(UInt64(value)) }
        case .alpha(let source, let bits):
            writer.put(tag: 2)
            writer.put(source)
            writer.put(count: bits)
        }
    }
    public init(from reader: inout WireReader) throws(WireError) {
        switch try reader.byte() {
        case 0: self = .none
        case 1:
            let count = try reader.count()
            guard count <= 4 else { throw .invalid("colour key of \(count) values") }
            var values: [UInt16] = []
            for _ in 0..<count { values.append(try reader.integer()) }
            self = .colourKey(values)
        case 2: self = .alpha(try reader.value(), bitsPerComponent: try reader.integer())
        case let other: throw .invalid("page mask \(other)")
        }
    }
}

extension PageProfile: WireCodable {
    public func encode(to writer: inout WireWriter) {
        writer.put(source)
        writer.put(isDeflated)
    }
    public init(from reader: inout WireReader) throws(WireError) {
        self.init(source: try reader.value(), isDeflated: try reader.bool())
    }
}

extension PageFacts: WireCodable {
    public func encode(to writer: inout WireWriter) {
        writer.put(count: width)
        writer.put(count: height)
        writer.put(count: bitsPerComponent)
        writer.put(colour)
        writer.put(coding)
        writer.put(stream)
        writer.put(mask)
        writer.put(profile)
        writer.put(count: orientation)
        writer.put(density)
        writer.put(isFromCamera)
        writer.put(carriesGPS)
    }
    public init(from reader: inout WireReader) throws(WireError) {
        self.init(
            width: try reader.integer(), height: try reader.integer(), bitsPerComponent: try reader.integer(),
            colour: try reader.value(), coding: try reader.value(), stream: try reader.value(), mask: try reader.value(),
            profile: try reader.optional(), orientation: try reader.integer(), density: try reader.optional(),
            isFromCamera: try reader.bool(), carriesGPS: try reader.bool())
        guard width > 0, height > 0, (1...8).contains(orientation), [1, 2, 4, 8, 16].contains(bitsPerComponent) else {
            throw .invalid("page of \(width) x \(height) pixels, \(bitsPerComponent) bits, orientation \(orientation)")
        }
    }
}
