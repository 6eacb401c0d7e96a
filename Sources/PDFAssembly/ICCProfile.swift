/// Builds ICC profiles of version 2.1 (ICC.1:2001), so that none need be shipped as files.
enum ICCProfile {
    /// A whole profile; tags with several names share their content.
    ///
    /// - Parameter kind: Class, colour space and connection space, four characters each.
    static func bytes(kind: String, tags: [(names: [String], content: [UInt8])]) -> [UInt8] {
        let count = tags.reduce(0) { $0 + $1.names.count }
        let start = 128 + 4 + 12 * count
        var table: [UInt8] = []
        var data: [UInt8] = []
        for tag in tags {
            let place = big(UInt32(start + data.count)) + big(UInt32(tag.content.count))
            for name in tag.names { table += Array(name.utf8) + place }
            data += tag.content + [UInt8](repeating: 0, count: (4 - tag.content.count % 4) % 4)
        }
        var header = big(UInt32(start + data.count)) + big(0) + big(0x0210_0000) + Array(kind.utf8)
        for part: UInt16 in [2026, 1, 1, 0, 0, 0] { header += [UInt8(part >> 8), UInt8(part & 255)] }
        header += Array("acsp".utf8) + [UInt8](repeating: 0, count: 28) + big(0xF6D6) + big(0x10000) + big(0xD32D)
        header += [UInt8](repeating: 0, count: 128 - header.count)
        return header + big(UInt32(count)) + table + data
    }

    static func big(_ value: UInt32) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> UInt32($0)) }
    }

    /// What every tag's content begins with.
    static func type(_ name: String) -> [UInt8] {
        Array(name.utf8) + [0, 0, 0, 0]
    }

    /// s15Fixed16 numbers.
    static func xyz(_ x: UInt32, _ y: UInt32, _ z: UInt32) -> [UInt8] {
        type("XYZ ") + big(x) + big(y) + big(z)
    }

    static func text(_ text: String) -> [UInt8] {
        type("text") + Array(text.utf8) + [0]
    }

    /// textDescriptionType (6.5.17) with its empty Unicode and Macintosh parts.
    static func description(_ text: String) -> [UInt8] {
        type("desc") + big(UInt32(text.utf8.count + 1)) + Array(text.utf8) + [0]
            + [UInt8](repeating: 0, count: 4 + 4 + 2 + 1 + 67)
    }
}
