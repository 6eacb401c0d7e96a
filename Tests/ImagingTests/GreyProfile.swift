/// An ICC profile for one component (ICC.1:2010, 8.4).
enum GreyProfile {
    /// Whose values are shares of light.
    static var ofGamma1: [UInt8] {
        func big(_ value: UInt32) -> [UInt8] { [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) } }
        func text(_ text: String) -> [UInt8] { Array(text.utf8) }
        let d50 = big(0xF6D6) + big(0x10000) + big(0xD32D)
        let description = text("desc") + big(0) + big(5) + text("grey\0") + [UInt8](repeating: 0, count: 78 + 1)
        let tags: [(String, [UInt8])] = [
            ("desc", description), ("cprt", text("text") + big(0) + text("none") + big(0)),
            ("wtpt", text("XYZ ") + big(0) + d50),
            // A curve of no points is the identity.
            ("kTRC", text("curv") + big(0) + big(0)),
        ]
        var table = big(UInt32(tags.count))
        var content: [UInt8] = []
        for (name, bytes) in tags {
            let offset = 128 + 4 + 12 * tags.count + content.count
            table += text(name) + big(UInt32(offset)) + big(UInt32(bytes.count))
            content += bytes + [UInt8](repeating: 0, count: (4 - bytes.count % 4) % 4)
        }
        let dates = [UInt8](repeating: 0, count: 12)
        var header = big(UInt32(128 + table.count + content.count)) + big(0) + big(0x0210_0000) + text("mntrGRAYXYZ ") + dates
        header += text("acsp") + [UInt8](repeating: 0, count: 28) + d50
        header += [UInt8](repeating: 0, count: 128 - header.count)
        return header + table + content
    }
}
