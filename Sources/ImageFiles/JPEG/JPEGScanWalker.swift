import JobModel

/// Finds the first EOI of a picture by walking its entropy-coded data, window by window; segments between scans are
/// stepped over by their length, so that an EOI inside one is not taken for the end.
struct JPEGScanWalker {
    private enum State {
        case data
        /// Behind a 0xFF at this offset.
        case marker(UInt64)
        case lengthHigh(UInt8, start: UInt64)
        case lengthLow(UInt8, high: UInt8, start: UInt64)
        case inside(remaining: UInt64)
    }

    private var state = State.data
    /// Offset behind the EOI.
    private(set) var end: UInt64?
    /// APPn and COM segments between scans.
    private(set) var lateMetadata: [ByteRange] = []
    /// False once a second SOI stands where the picture still went on.
    private(set) var isIntact = true

    static let lateSegmentsMax = 4_096

    var isDone: Bool { end != nil || !isIntact }

    /// Takes the next bytes, which lie at `offset` in the file.
    mutating func feed(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) {
        var index = 0
        while index < bytes.count, !isDone {
            switch state {
            case .data:
                guard let found = firstMarker(bytes, from: index) else { return }
                state = .marker(offset + UInt64(found))
                index = found + 1
            case .marker(let start):
                take(bytes[index], start: start, end: offset + UInt64(index) + 1)
                index += 1
            case .lengthHigh(let marker, let start):
                state = .lengthLow(marker, high: bytes[index], start: start)
                index += 1
            case .lengthLow(let marker, let high, let start):
                enter(marker, length: UInt64(high) << 8 | UInt64(bytes[index]), start: start)
                index += 1
            case .inside(let remaining):
                let step = min(remaining, UInt64(bytes.count - index))
                state = step == remaining ? .data : .inside(remaining: remaining - step)
                index += Int(step)
            }
        }
    }

    private mutating func take(_ byte: UInt8, start: UInt64, end: UInt64) {
        switch byte {
        case 0x00, 0x01, 0xD0...0xD7: state = .data
        case 0xFF: state = .marker(start)
        case 0xD8: isIntact = false
        case 0xD9: self.end = end
        default: state = .lengthHigh(byte, start: start)
        }
    }

    private mutating func enter(_ marker: UInt8, length: UInt64, start: UInt64) {
        guard length >= 2 else {
            state = .data
            return
        }
        if (0xE0...0xEF).contains(marker) || marker == 0xFE, lateMetadata.count < Self.lateSegmentsMax {
            lateMetadata.append(ByteRange(offset: start, count: 2 + length))
        }
        state = length == 2 ? .data : .inside(remaining: length - 2)
    }

    /// The first 0xFF that the bytes at hand do not show to be data (stuffed with a zero) or a restart marker.
    private func firstMarker(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
        var index = start
        while let found = firstFF(bytes, from: index) {
            guard found + 1 < bytes.count else { return found }
            let next = bytes[found + 1]
            guard next == 0 || next & 0xF8 == 0xD0 else { return found }
            index = found + 2
        }
        return nil
    }

    /// Thirty-two bytes a step, then the first of eight whose complement is zero.
    private func firstFF(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
        /// The top bit of every byte that is 0xFF, and perhaps of some behind the first such.
        func marks(_ offset: Int) -> UInt64 {
            let inverse = ~UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
            return (inverse &- 0x0101_0101_0101_0101) & ~inverse & 0x8080_8080_8080_8080
        }
        var index = start
        while index + 32 <= bytes.count, marks(index) | marks(index + 8) | marks(index + 16) | marks(index + 24) == 0 { index += 32 }
        while index + 8 <= bytes.count {
            let found = marks(index)
            if found != 0 { return index + found.trailingZeroBitCount / 8 }
            index += 8
        }
        while index < bytes.count {
            if bytes[index] == 0xFF { return index }
            index += 1
        }
        return nil
    }
}

extension JPEGFile {
    /// Offset behind the first EOI of the primary picture; nil when the file ends before it.
    public func endOfImage(in source: some ByteSource) throws(ImageFileError) -> UInt64? {
        try walkScans(in: source).end
    }

    static let scanWindowBytes: UInt64 = 1 << 20

    func walkScans(in source: some ByteSource) throws(ImageFileError) -> JPEGScanWalker {
        var walker = JPEGScanWalker()
        var position = scanOffset
        while position < source.byteCount, !walker.isDone {
            let count = min(Self.scanWindowBytes, source.byteCount - position)
            let window = try source.read(ByteRange(offset: position, count: count))
            window.withUnsafeBytes { walker.feed($0, at: position) }
            position += count
        }
        return walker
    }
}
