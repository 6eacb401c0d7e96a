import Foundation
import Testing

/// Pictures that several tests use, made once by programs of others.
enum Fixtures {
    /// `upright.png`, a smooth picture with a mark in each corner, and what is made of it.
    static let made = Result { try make() }

    /// Stored as these ImageMagick operations say, a picture stands upright when shown by its EXIF Orientation 1 to 8.
    static let storing = [
        [], ["-flop"], ["-rotate", "180"], ["-flip"], ["-transpose"], ["-rotate", "270"], ["-transverse"], ["-rotate", "90"],
    ]

    static let oriented = (1...8).map { "o\($0).jpg" }

    private static func make() throws -> Workshop {
        let shop = try Workshop()
        try shop.tool(
            "convert", "-seed", "7", "-size", "240x160", "plasma:navy-orange", "-blur", "0x4", "-fill", "red", "-draw",
            "rectangle 0,0 40,30",
            "-fill", "lime", "-draw", "rectangle 200,0 239,30", "-fill", "blue", "-draw", "rectangle 0,130 40,159", "-alpha",
            "off", "-depth", "8",
            "-define", "png:exclude-chunks=date,time,tEXt", "-strip", "upright.png")
        var all = ["upright.png"]
        for (index, operations) in storing.enumerated() {
            let turned =
                operations.isEmpty
                ? [] : ["(", "-clone", "0"] + operations + ["-quality", "95", "-write", "o\(index + 1).jpg", "+delete", ")"]
            all += turned
        }
        try shop.tool("convert", all + ["-quality", "95", "o1.jpg"])
        // As cameras store them: turned like the picture.
        try shop.tool("convert", oriented + ["-resize", "50%", "-quality", "70", "thumbnail%d.jpg"])
        var edits: [String] = []
        for orientation in 1...8 {
            edits +=
                ["-execute"].filter { _ in orientation > 1 } + [
                    "-q", "-overwrite_original", "-n", "-Orientation=\(orientation)", "-ThumbnailImage<=thumbnail\(orientation - 1).jpg",
                    "-Make=Quirecam", "-XResolution=72", "-YResolution=72",
                    "-DateTimeOriginal=2024:02:03 04:05:0\(orientation)", "-ExifImageWidth=240", "-GPSLatitude=48.5",
                    "-GPSLatitudeRef=N",
                    "-GPSLongitude=2.25", "-GPSLongitudeRef=E", "-XMP-exif:GPSLatitude=48.5", "-XMP-dc:Title=A title",
                    "-IPTC:City=Paris",
                    "-IPTC:Keywords=book", "-Copyright=Nobody", "o\(orientation).jpg",
                ]
        }
        try shop.tool("exiftool", edits)
        return shop
    }

    static func shop() throws -> Workshop { try made.get() }
}
