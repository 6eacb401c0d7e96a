import Foundation
import ImageFiles
import JobModel
import Testing

@Suite("JPEG files")
struct JPEGFileTests {
    private static let exif = Fixture.EXIF(isLittle: true)
    private static let segments: [(marker: UInt8, payload: [UInt8])] = [
        (0xE0, Array("JFIF\0".utf8) + [1, 2, 2, 0, 118, 0, 118, 0, 0]),
        (0xE1, Fixture.exifSignature + exif.bytes),
        (0xE1, Fixture.xmpSignature + Fixture.xmp("exif:GPSLatitude=\"48,51N\" tiff:Orientation='6'><dc:source>x</dc:source>")),
        (0xE2, Array("MPF\0".utf8) + [1, 2, 3]),
        (0xEE, Array("Adobe".utf8) + [0, 100, 0, 0, 0, 0, 1]),
        (0xFE, Array("a comment".utf8)),
    ]
    private static let tail = Fixture.jpeg(segments: [(0xE1, Fixture.exifSignature + exif.bytes)])

    @Test("The header tells frame, density and what is attached")
    func header() throws {
        let source = MemorySource(Fixture.jpeg(segments: Self.segments, tail: Self.tail))
        let jpeg = try JPEGFile(reading: source)
        #expect(jpeg.frame.width == 1 && jpeg.frame.height == 1 && jpeg.frame.precision == 8 && jpeg.frame.components.count == 1)
        #expect(jpeg.hasJFIF && jpeg.adobeTransform == 1 && !jpeg.isProgressive && !jpeg.isMultiscan)
        // 118 dots a centimetre.
        #expect(jpeg.density == Density(horizontalMilliDPI: 299_720, verticalMilliDPI: 299_720))
        #expect(jpeg.exif?.orientation == 6)
        let end = try jpeg.endOfImage(in: source)
        #expect(end == source.byteCount - UInt64(Self.tail.count))
    }

    @Test("An end marker inside a segment or behind a stuffed zero is not the picture's end")
    func endMarkers() throws {
        var core = Fixture.jpegCore
        core.removeLast(2)
        let inner = [0x12, 0xFF, 0x00, 0xD9, 0xFF, 0xD0, 0xFF, 0xFF, 0xFE, 0, 6, 0xFF, 0xD9, 0xFF, 0xD9] as [UInt8]
        let bytes = [0xFF, 0xD8] + core + inner + [0xFF, 0xD9, 7, 7]
        let source = MemorySource(bytes)
        #expect(try JPEGFile(reading: source).endOfImage(in: source) == UInt64(bytes.count - 2))
        let cut = MemorySource(Array(bytes.dropLast(4)))
        #expect(try JPEGFile(reading: cut).endOfImage(in: cut) == nil)
    }

    @Test("dropGPS takes positions and what lies behind the picture, and nothing else")
    func gps() throws {
        let old = Fixture.jpeg(segments: Self.segments, tail: Self.tail)
        let source = MemorySource(try edited(old, .jpeg, [.dropGPS]))
        let jpeg = try JPEGFile(reading: source)
        #expect(jpeg.exif?.hasGPS == false && jpeg.exif?.make == "Quirecam" && jpeg.exif?.hasMakerNote == true)
        let xmp = String(decoding: try #require(try jpeg.metadata(in: source).xmp), as: UTF8.self)
        #expect(!xmp.contains("GPS") && xmp.contains("tiff:Orientation='6'") && xmp.contains("<dc:source>x</dc:source>"))
        #expect(jpeg.segments(of: .mpf).isEmpty && jpeg.segments(of: .comment).count == 1)
        #expect(try jpeg.endOfImage(in: source) == source.byteCount)
        #expect(source.bytes.suffix(Fixture.jpegCore.count) == Fixture.jpegCore[...])
    }

    @Test("dropAll keeps JFIF, Adobe, coding segments and Orientation")
    func all() throws {
        let old = Fixture.jpeg(segments: Self.segments, tail: Self.tail)
        let new = try edited(old, .jpeg, [.dropAll(keepOrientation: true)])
        let expected = Fixture.jpeg(segments: [
            Self.segments[0], (0xE1, Fixture.exifSignature + EXIFBlock.orientationOnly(6)), Self.segments[4],
        ])
        #expect(new == expected)
        let upright = try edited(old, .jpeg, [.dropAll(keepOrientation: false)])
        #expect(upright == Fixture.jpeg(segments: [Self.segments[0], Self.segments[4]]))
    }

    @Test("setOrientation changes EXIF and XMP in place")
    func orientation() throws {
        let old = Fixture.jpeg(segments: Self.segments, tail: Self.tail)
        let new = try edited(old, .jpeg, [.setOrientation(1)])
        #expect(new.count == old.count)
        let differing = zip(old, new).filter { $0 != $1 }
        #expect(differing.count == 2)
        let added = try edited(Fixture.jpeg(), .jpeg, [.setOrientation(5)])
        #expect(added == Fixture.jpeg(segments: [(0xE1, Fixture.exifSignature + EXIFBlock.orientationOnly(5))]))
        #expect(try edited(Fixture.jpeg(), .jpeg, [.setOrientation(1)]) == Fixture.jpeg())
    }

    @Test("keepOnly keeps what it names")
    func keepOnly() throws {
        let old = Fixture.jpeg(segments: Self.segments)
        let new = MemorySource(try edited(old, .jpeg, [.keepOnly([.xmp])]))
        let jpeg = try JPEGFile(reading: new)
        #expect(jpeg.segments(of: .xmp).count == 1 && jpeg.segments(of: .comment).isEmpty)
        #expect(jpeg.exif?.orientation == 6 && jpeg.exif?.make == nil)
    }

    @Test("Metadata of one file go into another as they are")
    func splicing() throws {
        let old = MemorySource(Fixture.jpeg(segments: Self.segments))
        let carried = try embeddedMetadata(of: old, kind: .jpeg).applying([
            .setOrientation(1), .dropThumbnail, .setPixelSize(width: 9, height: 7),
        ])
        let fresh = MemorySource(
            Fixture.jpeg(segments: [Self.segments[0], (0xE1, Fixture.exifSignature + EXIFBlock.orientationOnly(3))]))
        let new = MemorySource(try replaceMetadata(with: carried, in: fresh, kind: .jpeg).joined(from: fresh))
        let jpeg = try JPEGFile(reading: new)
        #expect(jpeg.segments.map(\.kind).prefix(3) == [.jfif, .exif, .xmp])
        let block = try #require(jpeg.exif)
        #expect(block.orientation == 1 && block.pixelSize?.width == 9 && !block.hasThumbnail)
        #expect(Array(block.bytes[Self.exif.makerNote]) == Fixture.EXIF.makerNoteBytes)
        #expect(try embeddedMetadata(of: new, kind: .jpeg) == carried)
    }

    @Test("An EXIF block too large for a segment is refused")
    func tooLarge() throws {
        let fresh = MemorySource(Fixture.jpeg())
        let metadata = EmbeddedMetadata(exif: [UInt8](repeating: 1, count: 65_528))
        #expect(throws: ImageFileError.self) { try replaceMetadata(with: metadata, in: fresh, kind: .jpeg) }
    }

    @Test("Extended XMP goes when it tells a position, and its note with it")
    func extendedXMP() throws {
        let guid = [UInt8](repeating: 0x41, count: 32)
        let note = Fixture.xmp("xmpNote:HasExtendedXMP=\"\(String(decoding: guid, as: UTF8.self))\">")
        func file(_ body: String) -> [UInt8] {
            let packet = Array(body.utf8)
            let half = packet.count / 2
            func part(_ offset: Int, _ bytes: ArraySlice<UInt8>) -> [UInt8] {
                Array("http://ns.adobe.com/xmp/extension/\0".utf8) + guid + [
                    0, 0, 0, UInt8(packet.count), 0, 0, 0, UInt8(offset),
                ] + bytes
            }
            // In the wrong order, and cut inside the name that matters.
            return Fixture.jpeg(segments: [
                (0xE1, Fixture.xmpSignature + note), (0xE1, part(half, packet[half...])), (0xE1, part(0, packet[..<half])),
            ])
        }
        let harmless = file("<a><dc:subject>tower, iron</dc:subject></a>")
        #expect(try edited(harmless, .jpeg, [.dropGPS]) == harmless)
        let telling = try edited(file("<a><exif:GPSLatitude>48</exif:GPSLatitude></a>"), .jpeg, [.dropGPS])
        let text = String(decoding: telling, as: UTF8.self)
        #expect(!text.contains("xmp/extension") && !text.contains("HasExtendedXMP"))
    }

    @Test("No truncation or mutation traps or costs much")
    func mutations() throws {
        let bytes = Fixture.jpeg(segments: Self.segments, tail: Array(Self.tail.prefix(40)))
        try Mutation.exercise(bytes, .jpeg)
    }

    @Test("exiftool and ImageMagick agree with dropGPS and dropAll on a file with everything", .enabled(if: Tool.isExiftoolHere))
    func oracle() throws {
        let folder = try TemporaryFolder()
        let old = try Fixture.make(
            "a.jpg", in: folder, convert: ["-set", "comment", "hi"], tags: Fixture.placeTags + Fixture.iptcTags)
        try folder.write(try edited(old, .jpeg, [.dropGPS]), as: "gps.jpg")
        try folder.write(try edited(old, .jpeg, [.dropAll(keepOrientation: true)]), as: "all.jpg")
        try Oracle.expectPlacesGone("a.jpg", "gps.jpg", in: folder)
        let all = try #require(try Tool.tags(["all.jpg"], in: folder.url)["all.jpg"])
        #expect(all["IFD0:Orientation"] == "6")
        #expect(
            !all.keys.contains {
                $0.hasPrefix("XMP") || $0.hasPrefix("IPTC") || $0.hasPrefix("GPS") || $0.hasSuffix("Artist")
                    || $0.hasSuffix("Comment")
            })
        let pixels = try Tool.pixels("a.jpg", in: folder.url)
        #expect(try Tool.pixels("gps.jpg", in: folder.url) == pixels)
        #expect(try Tool.pixels("all.jpg", in: folder.url) == pixels)
    }
}
