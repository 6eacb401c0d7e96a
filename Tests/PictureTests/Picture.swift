import Foundation
import Testing

/// Pixels as a decoder that is not quire's sees them.
struct Picture {
    let width: Int
    let height: Int
    /// 1 or 3.
    let channels: Int
    /// Largest sample: 255 or 65535.
    let maximum: Int
    let samples: [UInt16]

    var size: [Int] { [width, height] }

    /// A pixel in 8 bits, three values.
    func pixel(_ x: Int, _ y: Int) -> [Int] {
        (0..<3).map { Int(samples[(y * width + x) * channels + min($0, channels - 1)]) * 255 / maximum }
    }

    /// The upper left part of this size.
    func cut(_ newWidth: Int, _ newHeight: Int) -> Picture {
        guard size != [newWidth, newHeight] else { return self }
        var kept: [UInt16] = []
        for row in 0..<newHeight { kept += samples[(row * width * channels)..<((row * width + newWidth) * channels)] }
        return Picture(width: newWidth, height: newHeight, channels: channels, maximum: maximum, samples: kept)
    }

    /// The largest and the mean difference over all samples, in parts of 255; nil for another shape.
    func difference(_ other: Picture) -> (most: Int, mean: Double)? {
        guard size == other.size else { return nil }
        var (most, sum) = (0, 0)
        let count = width * height
        // Written for speed where nothing is optimised: the suite looks at tens of millions of samples.
        samples.withUnsafeBufferPointer { mine in
            other.samples.withUnsafeBufferPointer { theirs in
                var index = 0
                while index < count {
                    var channel = 0
                    while channel < 3 {
                        let left = Int(mine[channels == 3 ? index &* 3 &+ channel : index]) &* 255 / maximum
                        let right = Int(theirs[other.channels == 3 ? index &* 3 &+ channel : index]) &* 255 / other.maximum
                        let gap = left > right ? left &- right : right &- left
                        if gap > most { most = gap }
                        sum &+= gap
                        channel &+= 1
                    }
                    index &+= 1
                }
            }
        }
        return (most, Double(sum) / Double(max(1, count * 3)))
    }

    /// Reads binary PGM and PPM pictures that stand one behind the other.
    static func parse(_ data: Data) throws -> [Picture] {
        let bytes = [UInt8](data)
        var pictures: [Picture] = []
        var at = 0
        func number() throws -> Int {
            while at < bytes.count, bytes[at] <= 0x20 || bytes[at] == 0x23 {
                if bytes[at] == 0x23 { while at < bytes.count, bytes[at] != 0x0A { at += 1 } } else { at += 1 }
            }
            var value = 0
            while at < bytes.count, (0x30...0x39).contains(bytes[at]) {
                value = value * 10 + Int(bytes[at] - 0x30)
                at += 1
            }
            return value
        }
        while at + 2 < bytes.count {
            let kind = bytes[at + 1]
            try #require(bytes[at] == 0x50 && (kind == 0x35 || kind == 0x36), "neither PGM nor PPM")
            at += 2
            let (width, height, maximum) = (try number(), try number(), try number())
            at += 1
            let channels = kind == 0x36 ? 3 : 1
            let wide = maximum > 255 ? 2 : 1
            let count = width * height * channels
            try #require(at + count * wide <= bytes.count)
            let start = at
            let samples = [UInt16](unsafeUninitializedCapacity: count) { buffer, filled in
                bytes.withUnsafeBufferPointer { bytes in
                    var index = 0
                    while index < count {
                        let place = start &+ index &* wide
                        buffer[index] = wide == 2 ? UInt16(bytes[place]) << 8 | UInt16(bytes[place &+ 1]) : UInt16(bytes[place])
                        index &+= 1
                    }
                }
                filled = count
            }
            at += count * wide
            pictures.append(Picture(width: width, height: height, channels: channels, maximum: maximum, samples: samples))
        }
        return pictures
    }
}

extension Workshop {
    /// Decodes by ImageMagick, all in one go: first frames, on white, no colour management, no turning.
    func pictures(_ names: [String], depth: Int = 8, operations: [String] = []) throws -> [Picture] {
        guard !names.isEmpty else { return [] }
        let list = names.map { $0.contains("[") ? $0 : $0 + "[0]" }
        let data = try tool(
            "convert", list + ["-background", "white", "-alpha", "remove"] + operations + ["-depth", "\(depth)", "ppm:-"]
        ).output
        let pictures = try Picture.parse(data)
        try #require(pictures.count == names.count, "\(names)")
        return pictures
    }

    func picture(_ name: String, depth: Int = 8, operations: [String] = []) throws -> Picture {
        try pictures([name], depth: depth, operations: operations)[0]
    }

    /// Compares pairs of files by their pixels.
    func expectAlike(
        _ pairs: [(String, String)], most: Int = 255, mean: Double, operations: [String] = [],
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let mine = try pictures(pairs.map(\.0), operations: operations)
        let others = try pictures(pairs.map(\.1), operations: operations)
        for (index, pair) in pairs.enumerated() {
            expectAlike(mine[index], others[index], most: most, mean: mean, "\(pair)", sourceLocation: sourceLocation)
        }
    }

    func expectAlike(
        _ mine: Picture, _ other: Picture, most: Int = 255, mean: Double, _ what: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        guard let difference = mine.difference(other) else {
            Issue.record("\(what): \(mine.size) is not \(other.size)", sourceLocation: sourceLocation)
            return
        }
        #expect(difference.most <= most && difference.mean <= mean, "\(what): \(difference)", sourceLocation: sourceLocation)
    }

    /// Every tag by exiftool, by file name as given, keys with their groups such as "IFD0:Orientation".
    func tags(_ names: [String], _ options: String...) throws -> [String: [String: String]] {
        let data = try tool("exiftool", ["-json", "-a", "-G1", "-n", "-u"] + options + names, statuses: [0, 1]).output
        let list = try #require(try JSONSerialization.jsonObject(with: data) as? [[String: Any]])
        var tags: [String: [String: String]] = [:]
        for entry in list {
            let name = try #require(entry["SourceFile"] as? String)
            tags[name] = entry.filter { !$0.key.hasPrefix("System:") && !$0.key.hasPrefix("ExifTool:") && $0.key != "SourceFile" }
                .mapValues { "\($0)" }
        }
        return tags
    }
}

/// Parts of a JPEG file, walked by its markers.
struct JPEGParts {
    /// From the first SOS to the first EOI, both with their markers.
    let scan: Data
    /// What stands behind the first EOI.
    let trailer: Data
    /// Marker and payload of every segment before the scan.
    let segments: [(marker: UInt8, payload: Data)]

    init(_ data: Data) throws {
        let bytes = [UInt8](data)
        try #require(bytes.starts(with: [0xFF, 0xD8]), "no JPEG")
        var at = 2
        var segments: [(marker: UInt8, payload: Data)] = []
        while at + 4 <= bytes.count, bytes[at + 1] != 0xDA {
            let length = Int(bytes[at + 2]) << 8 | Int(bytes[at + 3])
            segments.append((bytes[at + 1], data.subdata(in: (at + 4)..<(at + 2 + length))))
            at += 2 + length
        }
        var end = at + 2
        while end + 1 < bytes.count, !(bytes[end] == 0xFF && bytes[end + 1] == 0xD9) { end += 1 }
        scan = data.subdata(in: at..<min(end + 2, bytes.count))
        trailer = data.subdata(in: min(end + 2, bytes.count)..<bytes.count)
        self.segments = segments
    }
}
