import Imaging
import JobModel
import Recipes
import Testing

@Suite("Metadata")
struct MetadataTests {
    private static let tags =
        "-Make=Acme -Model=M1 -Artist=Ann -Copyright='(c) Ann' -DateTimeOriginal='2020:01:02 03:04:05' -Orientation#=6"
        + " -GPSLatitude=48.5 -GPSLatitudeRef=N -GPSLongitude=11.25 -GPSLongitudeRef=W -XMP:Title=Hello -XMP:GPSLatitude=48.5"
        + " -IPTC:City=Munich -IPTC:Headline=News"

    private func fixture(_ bench: Bench, _ name: String = "a.jpg") throws {
        try bench.shell("\(chart) \(name) && exiftool -q -overwrite_original \(Self.tags) \(name)")
    }

    private func value(_ bench: Bench, _ tag: String) throws -> String { try bench.shell("exiftool -s3 -n -\(tag) out/t") }

    @Test("A smaller picture keeps every tag but size, orientation and thumbnail", arguments: [OutputFormat.jpeg, .png, .webp, .tiff, .avif, .jp2])
    func keeps(_ format: OutputFormat) throws {
        let bench = try Bench()
        try fixture(bench)
        let work = try bench.finish("a.jpg", to: format, [.shrink(.longSide(60))])
        for (tag, wanted) in [
            ("EXIF:Make", "Acme"), ("EXIF:Copyright", "(c) Ann"), ("EXIF:DateTimeOriginal", "2020:01:02 03:04:05"),
            ("EXIF:Orientation", "1"), ("EXIF:GPSLatitude", "48.5"), ("XMP:Title", "Hello"),
        ] {
            #expect(try value(bench, tag) == wanted, "\(tag) in \(format)")
        }
        let holdsIPTC = format == .jpeg || format == .tiff
        #expect(try value(bench, "IPTC:Headline") == (holdsIPTC ? "News" : ""))
        #expect(work.notes == (holdsIPTC ? [] : [.metadataDropped("IPTC")]))
    }

    @Test("A TIFF encoded anew states its own size, resolution and orientation, whatever the input's EXIF said", arguments: TIFFLayout.allCases)
    func tiff(_ layout: TIFFLayout) throws {
        let bench = try Bench()
        try fixture(bench)
        try bench.shell(
            "exiftool -q -overwrite_original -ExifImageWidth=4000 -ExifImageHeight=3000 -XResolution=300 -YResolution=300 -Software=S a.jpg")
        _ = try bench.finish("a.jpg", to: .tiff, [.shrink(.longSide(60)), .save(Save(format: .tiff, layout: layout))])
        let size = try bench.shell("identify -format '%w %h\n' out/t 2>/dev/null | head -1")
        #expect(try bench.shell("exiftool -s3 -n -IFD0:ImageWidth -IFD0:ImageHeight out/t | xargs") == size)
        #expect(try bench.shell("exiftool -s3 -n -ExifIFD:ExifImageWidth -ExifIFD:ExifImageHeight -IFD1:Make out/t") == "")
        #expect(try bench.shell("exiftool -a -s3 -n -Orientation out/t | sort -u") == "1")
        #expect(try value(bench, "IFD0:Software") == "S")
        #expect(try bench.shell("exiftool -a -G1 -s -warning -error out/t") == "")
        #expect(try bench.shell("tiffinfo -D out/t 2>&1 >/dev/null | grep -v 'Unknown field'", mayFail: true) == "")
    }

    @Test("EXIF, position and XMP of a JPEG 2000 go along into what is made of it")
    func fromJP2() throws {
        let bench = try Bench()
        try fixture(bench)
        _ = try bench.finish("a.jpg", to: .jp2, [])
        try bench.shell("mv out/t b.jp2")
        _ = try bench.finish("b.jp2", to: .jpeg, [])
        for (tag, wanted) in [("EXIF:Make", "Acme"), ("EXIF:DateTimeOriginal", "2020:01:02 03:04:05"), ("EXIF:GPSLatitude", "48.5"), ("XMP:Title", "Hello")] {
            #expect(try value(bench, tag) == wanted, "\(tag)")
        }
    }

    @Test("What is stripped or not kept is in no TIFF encoded anew")
    func strippedTIFF() throws {
        let bench = try Bench()
        try fixture(bench)
        func left(_ actions: [Action], _ tags: String) throws -> String {
            _ = try bench.finish("a.jpg", to: .tiff, [.shrink(.longSide(60))] + actions)
            return try bench.shell("exiftool -a -G1 -s -n \(tags) out/t")
        }
        #expect(try left([.strip(.all)], "-ExifIFD:all -GPS:all -XMP:all -IPTC:all -Make -Artist -Copyright -ModifyDate") == "")
        #expect(try left([.strip(.gps)], "-GPS:all -XMP-exif:all -IPTC:City") == "")
        #expect(try value(bench, "EXIF:DateTimeOriginal") == "2020:01:02 03:04:05")
        #expect(try left([.keep([.copyright, .icc])], "-ExifIFD:all -GPS:all -XMP:all -IPTC:all -Make") == "")
        #expect(try value(bench, "EXIF:Copyright") == "(c) Ann")
        #expect(try left([.save(Save(format: .tiff, metadata: .withoutPlace))], "-GPS:all") == "")
        #expect(try value(bench, "EXIF:Make") == "Acme")
    }

    @Test("A maker note keeps its bytes in a smaller picture")
    func makerNote() throws {
        let bench = try Bench()
        try bench.shell("\(chart) a.jpg")
        let sample = try bench.shell(
            "ls \(#filePath | "../../../shared/samples/exif/gps/DSCN0010.jpg") 2>/dev/null", mayFail: true)
        guard !sample.isEmpty else { return }
        try bench.shell("cp '\(sample)' a.jpg")
        _ = try bench.finish("a.jpg", to: .jpeg, [.shrink(.longSide(100))])
        let wanted = try bench.shell("exiftool -b -MakerNotes a.jpg -U | sha256sum && exiftool -G1 -s -MakerNotes:all a.jpg")
        #expect(
            try bench.shell("exiftool -b -MakerNotes out/t -U | sha256sum && exiftool -G1 -s -MakerNotes:all out/t") == wanted)
    }

    @Test("Stripping the position leaves everything else, encoded again or not", arguments: [true, false])
    func stripGPS(_ shrinks: Bool) throws {
        let bench = try Bench()
        try fixture(bench)
        let work = try bench.finish("a.jpg", to: .jpeg, (shrinks ? [.shrink(.longSide(60))] : []) + [.strip(.gps)])
        #expect(try bench.shell("exiftool -gps:all -xmp-exif:all -iptc:city out/t") == "")
        #expect(try value(bench, "EXIF:Make") == "Acme")
        #expect(try value(bench, "XMP:Title") == "Hello")
        #expect(try value(bench, "IPTC:Headline") == "News")
        #expect(try value(bench, "EXIF:Orientation") == (shrinks ? "1" : "6"))
        if !shrinks {
            #expect(work.pixels == 0)
            #expect(try bench.difference("a.jpg", "out/t") == 0)
        }
    }

    @Test("Stripping everything keeps Orientation where the pixels stay, and nothing where they are turned")
    func stripAll() throws {
        let bench = try Bench()
        try fixture(bench)
        _ = try bench.finish("a.jpg", to: .jpeg, [.strip(.all)])
        #expect(try bench.shell("exiftool -s -n -EXIF:all -XMP:all -IPTC:all out/t | tr -s ' '") == "Orientation : 6")
        #expect(try bench.difference("a.jpg", "out/t") == 0)
        for format in [OutputFormat.jpeg, .png, .webp, .avif, .jp2] {
            _ = try bench.finish("a.jpg", to: format, [.shrink(.longSide(60)), .strip(.all)])
            #expect(try bench.shell("exiftool -s -EXIF:all -XMP:all -IPTC:all -ICC_Profile:all out/t") == "", "\(format)")
        }
    }

    @Test("An AVIF without EXIF holds no item of it, and its other items are where they were", arguments: [false, true])
    func avifWithoutEXIF(_ hasAlpha: Bool) throws {
        let bench = try Bench()
        try bench.shell("\(chart) \(hasAlpha ? "-alpha set -channel A -evaluate set 40% +channel" : "-strip") -define webp:lossless=true a.webp")
        // Where a PNG states no resolution libvips says 72 dpi.
        try bench.shell("exiftool -q -XMP:Title=Hello -o x.xmp && webpmux -set xmp x.xmp a.webp -o b.webp && convert b.webp a.png")
        for (actions, title) in [([Action.strip(.all)], ""), ([], "Hello"), ([Action.keep([.xmp])], "Hello")] {
            _ = try bench.finish("b.webp", to: .avif, actions + [.save(Save(format: .avif, quality: 95, subsampling: .full))])
            try bench.shell("mv out/t b.avif")
            #expect(try bench.shell("exiftool -a -G1 -s -EXIF:all -warning -error b.avif") == "")
            #expect(try bench.shell("exiftool -s3 -XMP:Title b.avif") == title)
            #expect(!(try bench.shell("heif-info -d b.avif").contains("Exif")))
            try bench.shell("heif-convert b.avif b.png && vips copy b.avif c.png")
            #expect(try bench.difference("a.png", "c.png") < 0.05)
            #expect(try bench.difference("b.png", "c.png") < 0.02)
        }
        try bench.shell("\(chart) -density 300 -units PixelsPerInch -strip r.jpg")
        _ = try bench.finish("r.jpg", to: .avif, [.save(Save(format: .avif))])
        #expect(try bench.shell("exiftool -s3 -n -EXIF:all out/t | xargs") == "300 300 2")
    }

    @Test("Keeping the copyright drops the rest")
    func keepCopyright() throws {
        let bench = try Bench()
        try fixture(bench)
        _ = try bench.finish("a.jpg", to: .jpeg, [.shrink(.longSide(60)), .keep([.copyright, .icc])])
        #expect(try value(bench, "EXIF:Copyright") == "(c) Ann")
        #expect(try value(bench, "EXIF:Artist") == "Ann")
        #expect(try bench.shell("exiftool -s -EXIF:Make -GPS:all -XMP:all -IPTC:all out/t") == "")
    }

    @Test(
        "A scan made smaller states a lower resolution, so its size on paper stays", arguments: [OutputFormat.jpeg, .png, .tiff])
    func resolution(_ format: OutputFormat) throws {
        let bench = try Bench()
        try bench.shell(
            "\(chart) -density 300 -units PixelsPerInch a.jpg && exiftool -q -overwrite_original -XResolution=300 -YResolution=300 a.jpg"
        )
        let work = try bench.finish("a.jpg", to: format, [.shrink(.percent(50))], pages: true)
        let density = try #require(work.pages.first?.density)
        #expect((149_900...150_100).contains(density.horizontalMilliDPI))
        #expect(try bench.shell("identify -units PixelsPerInch -format '%[fx:round(resolution.x)]' out/t") == "150")
        if format == .jpeg { #expect(try value(bench, "IFD0:XResolution") == "150") }
    }

    @Test("The position goes from the text that ImageMagick writes into a PNG")
    func positionInText() throws {
        let bench = try Bench()
        try fixture(bench)
        try bench.shell("convert a.jpg -set 'exif:GPSLatitude' '48/1, 30/1, 0/1' -set Title Hello a.png")
        try #require(try bench.shell("identify -verbose a.png | grep -c 'exif:GPS'") != "0")
        _ = try bench.finish("a.png", to: .png, [.strip(.gps)])
        #expect(try bench.shell("exiftool -G1 -a -s out/t | grep -i gps", mayFail: true) == "")
        #expect(try value(bench, "PNG:Title") == "Hello")
    }

    @Test("No small picture of what was cut away stays, in EXIF, Photoshop's resources or XMP", arguments: [OutputFormat.jpeg, .png])
    func previews(_ format: OutputFormat) throws {
        let bench = try Bench()
        try fixture(bench)
        try bench.shell(
            "convert a.jpg -resize 40x p.jpg && exiftool -q -overwrite_original '-ThumbnailImage<=p.jpg' '-PhotoshopThumbnail<=p.jpg'"
                + " '-XMP-xmp:ThumbnailImage<=p.jpg' a.jpg")
        try #require(try bench.shell("exiftool -a -G1 -s a.jpg | grep -c ThumbnailImage") == "2")
        _ = try bench.finish("a.jpg", to: format, [.crop(Crop(width: .percent(50), height: .percent(50)))])
        #expect(try bench.shell("exiftool -a -G1 -s -b -ThumbnailImage -PhotoshopThumbnail out/t") == "")
        #expect(try value(bench, "XMP:Title") == "Hello")
        if format == .jpeg { #expect(try value(bench, "IPTC:Headline") == "News") }
    }

    @Test("A packet too long for a JPEG goes with a note, and the picture stays")
    func longPacket() throws {
        let bench = try Bench()
        let history = (0..<3000).map { "<rdf:li>xmp.did:\(1_000_000_000_000 + $0)</rdf:li>" }.joined()
        try bench.write(
            Array(
                ("<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>"
                    + "<rdf:Description xmlns:photoshop='http://ns.adobe.com/photoshop/1.0/'><photoshop:DocumentAncestors><rdf:Bag>"
                    + history + "</rdf:Bag></photoshop:DocumentAncestors></rdf:Description></rdf:RDF></x:xmpmeta>").utf8), "long.xmp")
        try bench.shell("\(chart) a.tif && exiftool -q -overwrite_original -Make=Acme '-xmp<=long.xmp' a.tif")
        let work = try bench.finish("a.tif", to: .jpeg, [.shrink(.longSide(60))])
        #expect(work.notes == [.metadataDropped("XMP")])
        #expect(try value(bench, "EXIF:Make") == "Acme")
    }

    @Test("A probe names what exiftool names")
    func probe() throws {
        let bench = try Bench()
        try fixture(bench)
        guard case .finished(let work) = try bench.perform("a.jpg", .probe), let facts = work.probe else {
            Issue.record("no facts")
            return
        }
        #expect((facts.width, facts.height, facts.pageCount, facts.bands, facts.bitsPerBand) == (240, 160, 1, 3, 8))
        #expect(facts.orientation == 6)
        #expect(facts.takenAt == "2020:01:02 03:04:05")
        let tags = Dictionary(uniqueKeysWithValues: facts.tags.map { ($0.name, $0.value) })
        #expect(tags["Make"] == "Acme")
        #expect(tags["Artist"] == "Ann")
        #expect(tags["GPSLatitude"] == "48.500000")
        #expect(tags["GPSLongitude"] == "-11.250000")
        #expect(facts.tags.map(\.name) == facts.tags.map(\.name).sorted())
    }
}

private func | (file: StaticString, relative: String) -> String {
    file.description.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/") + "/" + relative
}
