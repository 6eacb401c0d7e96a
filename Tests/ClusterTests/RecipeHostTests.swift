import Foundation
import Glibc
import Testing

/// Recipes that make several files of each picture, from shared files, tags and DICOM pictures.
@Suite("A recipe with several saves on hosts", .enabled(if: Testbed.isWhole, "needs root rights and namespaces"), .serialized)
struct RecipeHostTests {
    /// Recipe files lie in `kit`, with all they name.
    private static let kit = #"""
        mkdir -p kit
        convert -size 16x16 xc:red kit/mark.png
        convert -size 30x20 gradient: kit/mask.png
        cp "$(fc-match -f '%{file}' 'DejaVu Sans')" kit/font.ttf
        {
            echo '<gpx version="1.1" xmlns="http://www.topografix.com/GPX/1/1"><trk><trkseg>'
            echo '<trkpt lat="47.1" lon="8.5"><ele>500</ele><time>2024-05-06T06:00:00Z</time></trkpt>'
            echo '<trkpt lat="47.3" lon="8.9"><ele>700</ele><time>2024-05-06T08:00:00Z</time></trkpt>'
            echo '</trkseg></trk></gpx>'
        } >kit/track.gpx
        cat >kit/all.yaml <<'END'
        actions:
          - auto-orient
          - write-tag: {tag: "exif:Copyright", value: "© {year} {subdir} {name} {index:03}"}
          - time-shift: {hours: -1}
          - geotag: {track: track.gpx, offset: "+00:00", gap: 86400, missing: note}
          - save: {format: keep, in: master}
          - shrink: 100
          - watermark: {file: mark.png, width: 20%}
          - text: {text: "{stem} {folder} {index}", font-file: font.ttf, size: 12}
          - save: {format: jpeg, in: web, quality: 70}
          - mask: {file: mask.png}
          - save: {format: png, name: "{stem}_{index:02}.{ext}", in: thumbs}
        END
        printf 'actions:\n  - lossless-jpeg: {operation: rotate-90, edges: trim}\n  - strip: gps\n' >kit/turn.yaml

        """#

    private static let pictures = #"""
        photos 12 in/photos
        n=0; for file in in/photos/*/*.jpg; do
            exiftool -q -overwrite_original "-DateTimeOriginal=2024:05:06 08:0$((n % 10)):00" -Orientation#=$((n % 8 + 1)) "$file"
            n=$((n + 1))
        done
        convert -size 40x30 gradient: in/p.png
        convert -size 50x30 gradient:red-blue in/t.tif
        convert -size 20x20 xc:red -size 24x20 xc:blue in/pages.tif
        img2dcm -q "$photo" in/scan.dcm
        head -c 4000 "$photo" >in/cut.jpg

        """#

    private static let words = ["-o", "out", "--recipe", "../kit/all.yaml", "--manifest", "sums", "--pdf", "b.pdf", "--missing-page", "skip", "--keep-times"]

    @Test("Shared files, tags, DICOM pictures and turned JPEGs: the same bytes whether files travel or are shared, and the manifest has them all", arguments: [[], ["--shared"]])
    func same(options: [String]) throws {
        let place = try Workplace(Self.kit + Self.pictures)
        let bed = try Testbed(hosts: 2, options)
        let hosts = ["--hosts", bed.hostsFile, "--min-hosts", "2"]
        try place.expectSame("all", Self.words, on: hosts, status: 3)
        try place.expectSame("turned", ["-o", "out", "--recipe", "../kit/turn.yaml", "--include", "*.jpg"], on: hosts, status: 3)
        // Not all alike because all failed.
        let made = try place.make("cd all-hosts; find out -type f | sed 's|out/||; s|/.*||' | sort | uniq -c | tr -s ' '").lines
        #expect(made == [" 16 master", " 17 thumbs", " 17 web"])
        let first = try place.make("cd all-hosts; exiftool -s3 -n -Copyright -DateTimeOriginal -GPSLatitude out/master/photos/0/p0.jpg out/web/photos/0/p0.jpg")
        #expect(first.lines.count { $0.hasPrefix("© 2024 photos/0 p0.jpg 0") } == 2, "\(first)")
        #expect(first.lines.count { $0 == "2024:05:06 07:00:00" } == 2 && first.lines.count { $0.hasPrefix("47.") } == 2, "\(first)")

        let whole = try place.start("all-hosts", ["verify", "--manifest", "sums"]).wait()
        #expect(whole.status == 0, "\(whole)")
        try place.make("rm all-hosts/out/web/p.jpg")
        let missing = try place.start("all-hosts", ["verify", "--manifest", "sums"]).wait()
        #expect(missing.status == 6 && missing.output.contains("missing: out/web/p.jpg"), "\(missing)")
        // All outputs of that picture are made again, and those of TIFF files, whose pages are in no output; of no other.
        let again = try place.start("all-hosts", ["run", "in", "--json", "--progress", "none"] + Self.words + hosts).wait()
        #expect(again.status == 3 && again.output.contains("\"done\": 3,"), "\(again)")
        try place.expectSameResults("all-here", "all-hosts")
        for host in ["h1", "h2"] {
            #expect(try bed.files(below: "/var/tmp/quire-0", on: host) == [])
            #expect(try bed.programs(on: host) == [])
        }
    }

    // MARK: Disturbed

    /// Three slow saves; each picture is at work for some hundredths of a second.
    private static let slow = kit + #"""
        slow 48 in
        cat >kit/slow.yaml <<'END'
        actions:
          - blur: 12
          - save: {format: tiff, in: master}
          - watermark: {file: mark.png}
          - save: {format: jpeg, in: web}
          - write-tag: {tag: "exif:Artist", value: "{stem}"}
          - flip: vertical
          - save: {format: png, name: "{stem}_small.{ext}", in: small}
        END

        """#
    private static let slowWords = ["-o", "out", "--recipe", "../kit/slow.yaml", "--manifest", "sums", "--pdf", "b.pdf"]

    private func start(_ place: Workplace, _ bed: Testbed) throws -> RunningProgram {
        try place.start("there", ["run", "in", "--progress", "json"] + Self.slowWords + hosts(bed))
    }

    private func hosts(_ bed: Testbed) -> [String] { ["--hosts", bed.hostsFile, "--min-hosts", "2"] }

    @Test("A host killed, the head killed, Ctrl-C: resumed with hosts and without, every picture has all its outputs, and their bytes")
    func disturbed() throws {
        let place = try Workplace(Self.slow)
        try place.finish("here", Self.slowWords)
        let bed = try Testbed(hosts: 2)
        let first = try start(place, bed)
        try first.untilDone(2, on: ["h1", "h2"])
        try bed.kill("h1")
        try first.untilSaid("lost h1")
        try first.untilMore(on: "h2")
        let job = try first.jobID()
        first.signal(SIGKILL)
        _ = try first.wait()
        try bed.start("h1")

        let second = try place.start("there", ["resume", job, "--progress", "json"] + hosts(bed))
        try second.untilDone(1, on: ["h1", "h2"])
        second.signal(SIGINT)
        #expect(try second.wait().status == 75)
        try bed.expectNothingLeft(on: ["h1", "h2"])
        // Whoever looks now finds whole sets.
        let sets = try place.make("cd there/out; for f in master web small; do find $f -name 'p*' | sed 's|.*/||; s|_small||; s|[.].*||' | sort | sha256sum; done | sort -u | wc -l").lines
        #expect(sets == ["1"], "\(sets)")

        let third = try place.start("there", ["resume", job, "--progress", "json"]).wait()
        #expect(third.status == 0, "\(third)")
        try place.expectSameResults("here", "there")
        let verified = try place.start("there", ["verify", "--manifest", "sums"]).wait()
        #expect(verified.status == 0, "\(verified)")
    }

    @Test("A save that cannot be stored fails its picture with all its outputs, and `quire retry` makes them")
    func retried() throws {
        let place = try Workplace(Self.kit + Self.pictures)
        let bed = try Testbed(hosts: 2)
        let hosts = ["--hosts", bed.hostsFile, "--min-hosts", "2"]
        try place.finish("here", Self.words, status: 3)
        // A file where a folder of one save shall be.
        try place.make("mkdir -p there/out/web/photos; echo >there/out/web/photos/2")
        let failed = try place.finish("there", Self.words + hosts, status: 3)
        #expect(Workplace.failures(failed).contains { $0.contains("denied") }, "\(failed)")
        let half = try place.make("cd there/out; ls master/photos/2 thumbs/photos/2 2>/dev/null || true").lines.filter { $0.hasPrefix("p") }
        #expect(half == [], "the other saves of pictures that failed")
        try place.make("rm there/out/web/photos/2")
        let retried = try place.start("there", ["retry", "--progress", "plain"] + hosts).wait()
        #expect(retried.status == 3, "\(retried)")
        try place.expectSameResults("here", "there")
    }

    @Test("`--overwrite changed` makes all outputs of a picture again when one was removed, and refuses when one is somebody's now")
    func changedByOthers() throws {
        let place = try Workplace(Self.kit + Self.pictures)
        let bed = try Testbed(hosts: 2)
        let words = Self.words + ["--hosts", bed.hostsFile, "--min-hosts", "2"]
        try place.finish("there", words, status: 3)
        try place.make("echo mine >there/out/web/p.jpg")
        let refused = try place.finish("there", words, status: 2)
        #expect(refused.errors.contains("out/web/p.jpg"), "\(refused)")
        #expect(try place.make("cat there/out/web/p.jpg").output == "mine\n")
        try place.make("rm there/out/web/p.jpg; touch -d 2001-01-01 there/out/thumbs/t_*.png")
        let touched = try place.finish("there", words, status: 2)
        #expect(touched.errors.contains("out/thumbs/"), "\(touched)")
    }
}
