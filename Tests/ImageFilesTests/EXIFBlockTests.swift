import ImageFiles
import JobModel
import Testing

@Suite("EXIF blocks")
struct EXIFBlockTests {
    @Test("A block is read in both byte orders", arguments: [true, false])
    func reading(isLittle: Bool) throws {
        let block = try EXIFBlock(parsing: Fixture.EXIF(isLittle: isLittle).bytes)
        #expect(block.orientation == 6)
        #expect(block.make == "Quirecam")
        #expect(block.dateTimeOriginal == "2024:02:03 04:05:06")
        #expect(block.hasGPS && block.hasMakerNote && block.hasThumbnail && block.isFromCamera)
        #expect(block.density == Density(horizontalMilliDPI: 240_000, verticalMilliDPI: 240_000))
        #expect(block.pixelSize?.width == 48 && block.pixelSize?.height == 32)
    }

    @Test("Every edit keeps length, offset and bytes of the maker note", arguments: [true, false])
    func inPlace(isLittle: Bool) throws {
        let fixture = Fixture.EXIF(isLittle: isLittle)
        let new = try EXIFBlock(parsing: fixture.bytes)
            .edited(orientation: 1, pixelSize: (70_000, 24), dropThumbnail: true, dropGPS: true)
        #expect(new.count == fixture.bytes.count)
        #expect(Array(new[fixture.makerNote]) == Fixture.EXIF.makerNoteBytes)
        let block = try EXIFBlock(parsing: new)
        #expect(block.orientation == 1)
        #expect(block.pixelSize?.width == 70_000 && block.pixelSize?.height == 24)
        #expect(!block.hasGPS && !block.hasThumbnail && block.hasMakerNote)
        #expect(block.make == "Quirecam" && block.density != nil && block.dateTimeOriginal != nil)
        // Not merely unlinked: a reader that looks for the bytes finds none.
        #expect(new.firstRange(of: Array("THUMBNAIL".utf8)) == nil)
        let date = Array("2024:02:03\0".utf8)
        #expect(fixture.bytes.firstRange(of: date) != nil && new.firstRange(of: date) == nil)
    }

    @Test("An Orientation that was missing is added behind everything else", arguments: [true, false])
    func added(isLittle: Bool) throws {
        let fixture = Fixture.EXIF(isLittle: isLittle, orientation: nil)
        let old = try EXIFBlock(parsing: fixture.bytes)
        #expect(old.orientation == nil)
        #expect(old.edited(orientation: 1) == fixture.bytes)
        let new = old.edited(orientation: 8)
        #expect(Array(new[fixture.makerNote]) == Fixture.EXIF.makerNoteBytes)
        let block = try EXIFBlock(parsing: new)
        #expect(block.orientation == 8 && block.hasGPS && block.hasThumbnail && block.make == "Quirecam")
        // The entry that GPS leaves has room for it.
        let roomy = old.edited(orientation: 8, dropGPS: true)
        #expect(roomy.count == fixture.bytes.count)
        #expect(try EXIFBlock(parsing: roomy).orientation == 8)
    }

    @Test("The smallest block holds Orientation", arguments: 1...8)
    func smallest(orientation: Int) throws {
        #expect(try EXIFBlock(parsing: EXIFBlock.orientationOnly(orientation)).orientation == orientation)
    }

    @Test("Orientation 0 and 9 are none", arguments: [0, 9] as [UInt16])
    func invalid(orientation: UInt16) throws {
        #expect(try EXIFBlock(parsing: Fixture.EXIF(isLittle: true, orientation: orientation).bytes).orientation == nil)
    }

    @Test("A GPS pointer at IFD0 itself costs no other tag")
    func cyclic() throws {
        var bytes = Fixture.EXIF(isLittle: true).bytes
        let pointer = try #require(bytes.firstRange(of: [0x25, 0x88, 4, 0, 1, 0, 0, 0])).upperBound
        bytes.replaceSubrange(pointer..<(pointer + 4), with: [8, 0, 0, 0])
        let block = try EXIFBlock(parsing: try EXIFBlock(parsing: bytes).edited(dropGPS: true))
        #expect(block.make == "Quirecam" && block.orientation == 6 && !block.hasGPS)
    }

    @Test("No mutation of any byte, and no truncation, traps")
    func mutations() throws {
        let bytes = Fixture.EXIF(isLittle: false).bytes
        func exercise(_ block: [UInt8]) {
            guard let parsed = try? EXIFBlock(parsing: block) else { return }
            _ = parsed.edited(orientation: 3, pixelSize: (1, 2), dropThumbnail: true, dropGPS: true)
            _ = parsed.edited(orientation: 1)
        }
        for count in bytes.indices { exercise(Array(bytes[..<count])) }
        for place in bytes.indices {
            for value in [0, 1, 0x7F, 0x80, 0xFF, bytes[place] ^ 1, bytes[place] &+ 1] as [UInt8] {
                var changed = bytes
                changed[place] = value
                exercise(changed)
            }
        }
    }
}
