/// The sRGB profile that a PDF/A names as its output intent: ICC version 2, matrix and curve.
///
/// Made here, so that no file need be shipped.
enum OutputIntent {
    static let profile: [UInt8] = {
        // Colorants of IEC 61966-2-1 adapted to D50 (Bradford), as in ICC's sRGB profiles; s15Fixed16 numbers.
        let tags: [(name: String, content: [UInt8])] = [
            ("desc", description("sRGB")),
            ("cprt", type("text") + Array("Public domain".utf8) + [0]),
            ("wtpt", xyz(0xF6D6, 0x10000, 0xD32D)),
            ("rXYZ", xyz(0x6FA2, 0x38F5, 0x0390)),
            ("gXYZ", xyz(0x6299, 0xB785, 0x18DA)),
            ("bXYZ", xyz(0x24A0, 0x0F84, 0xB6CF)),
            ("rTRC", type("curv") + big(UInt32(curve.count)) + curve.flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] }),
        ]
        var table: [UInt8] = []
        var data: [UInt8] = []
        let start = 128 + 4 + 12 * (tags.count + 2)
        for tag in tags {
            let entry = big(UInt32(start + data.count)) + big(UInt32(tag.content.count))
            table += Array(tag.name.utf8) + entry
            // The three channels share one curve.
            if tag.name == "rTRC" { table += Array("gTRC".utf8) + entry + Array("bTRC".utf8) + entry }
            data += tag.content + [UInt8](repeating: 0, count: (4 - tag.content.count % 4) % 4)
        }
        var header = big(UInt32(start + data.count)) + big(0) + big(0x0210_0000) + Array("mntrRGB XYZ ".utf8)
        for part: UInt16 in [2026, 1, 1, 0, 0, 0] { header += [UInt8(part >> 8), UInt8(part & 255)] }
        header += Array("acsp".utf8) + [UInt8](repeating: 0, count: 28) + big(0xF6D6) + big(0x10000) + big(0xD32D)
        header += [UInt8](repeating: 0, count: 128 - header.count)
        return header + big(UInt32(tags.count + 2)) + table + data
    }()

    private static func big(_ value: UInt32) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> UInt32($0)) }
    }

    private static func type(_ name: String) -> [UInt8] {
        Array(name.utf8) + [0, 0, 0, 0]
    }

    private static func xyz(_ x: UInt32, _ y: UInt32, _ z: UInt32) -> [UInt8] {
        type("XYZ ") + big(x) + big(y) + big(z)
    }

    /// textDescriptionType (ICC.1:2001, 6.5.17) with its empty Unicode and Macintosh parts.
    private static func description(_ text: String) -> [UInt8] {
        type("desc") + big(UInt32(text.utf8.count + 1)) + Array(text.utf8) + [0]
            + [UInt8](repeating: 0, count: 4 + 4 + 2 + 1 + 67)
    }

    /// The transfer function of IEC 61966-2-1 at n/255, in 65,535ths.
    private static let curve: [UInt16] = [
        0, 20, 40, 60, 80, 99, 119, 139, 159, 179, 199, 219, 241, 264, 288, 313,
        340, 367, 396, 427, 458, 491, 526, 562, 599, 637, 677, 718, 761, 805, 851, 898,
        947, 997, 1048, 1101, 1156, 1212, 1270, 1330, 1391, 1453, 1517, 1583, 1651, 1720, 1790, 1863,
        1937, 2013, 2090, 2170, 2250, 2333, 2418, 2504, 2592, 2681, 2773, 2866, 2961, 3058, 3157, 3258,
        3360, 3464, 3570, 3678, 3788, 3900, 4014, 4129, 4247, 4366, 4488, 4611, 4736, 4864, 4993, 5124,
        5257, 5392, 5530, 5669, 5810, 5953, 6099, 6246, 6395, 6547, 6700, 6856, 7014, 7174, 7335, 7500,
        7666, 7834, 8004, 8177, 8352, 8528, 8708, 8889, 9072, 9258, 9445, 9635, 9828, 10022, 10219, 10417,
        10619, 10822, 11028, 11235, 11446, 11658, 11873, 12090, 12309, 12530, 12754, 12980, 13209, 13440, 13673, 13909,
        14146, 14387, 14629, 14874, 15122, 15371, 15623, 15878, 16135, 16394, 16656, 16920, 17187, 17456, 17727, 18001,
        18277, 18556, 18837, 19121, 19407, 19696, 19987, 20281, 20577, 20876, 21177, 21481, 21787, 22096, 22407, 22721,
        23038, 23357, 23678, 24002, 24329, 24658, 24990, 25325, 25662, 26001, 26344, 26688, 27036, 27386, 27739, 28094,
        28452, 28813, 29176, 29542, 29911, 30282, 30656, 31033, 31412, 31794, 32179, 32567, 32957, 33350, 33745, 34143,
        34544, 34948, 35355, 35764, 36176, 36591, 37008, 37429, 37852, 38278, 38706, 39138, 39572, 40009, 40449, 40891,
        41337, 41785, 42236, 42690, 43147, 43606, 44069, 44534, 45002, 45473, 45947, 46423, 46903, 47385, 47871, 48359,
        48850, 49344, 49841, 50341, 50844, 51349, 51858, 52369, 52884, 53401, 53921, 54445, 54971, 55500, 56032, 56567,
        57105, 57646, 58190, 58737, 59287, 59840, 60396, 60955, 61517, 62082, 62650, 63221, 63795, 64372, 64952, 65535,
    ]
}
