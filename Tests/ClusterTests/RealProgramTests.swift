import Foundation
import Testing

/// The programs of the README's examples, here and on hosts that have none of the files.
@Suite("Real programs make on hosts what they make here", .enabled(if: Testbed.isWhole, "needs root rights and namespaces"), .serialized)
struct RealProgramTests {
    private static let files = #"""
        mkdir -p in/clips/deep in/takes in/logs in/scans
        ffmpeg -nostdin -loglevel error -f lavfi -i testsrc=size=320x240:rate=10:duration=4 -f lavfi -i sine=duration=4 -c:v mpeg4 -c:a mp2 one.avi
        ffmpeg -nostdin -loglevel error -f lavfi -i sine=duration=2 -bitexact one.wav
        convert -size 500x480 gradient:black-white one.jpg
        img2dcm one.jpg one.dcm
        for n in $(seq 12); do
            cp one.avi "in/clips/deep/$n b'\"\$c.avi"
            cp one.wav "in/takes/-$n.wav"
            cp one.dcm "in/scans/$n.dcm"
            seq $((n * 10)) >"in/logs/$n.log"
        done
        cp one.avi "$(printf 'in/clips/\377\376\nx.avi')"
        echo broken >in/clips/broken.avi
        for name in one two broken; do
            mkdir -p "in/projects/$name/sub"
            printf 'cmake_minimum_required(VERSION 3.13)\nproject(p NONE)\ninclude(sub/part.cmake)\n' >"in/projects/$name/CMakeLists.txt"
            echo 'message(STATUS "part of ${CMAKE_SOURCE_DIR}")' >"in/projects/$name/sub/part.cmake"
        done
        rm in/projects/broken/sub/part.cmake
        """#

    private static let jobs: [(name: String, words: [String], program: [String], status: Int32)] = [
        (
            "ffmpeg", ["in/clips", "--only", "avi", "--return", "{.}.mkv"],
            [
                "ffmpeg", "-nostdin", "-loglevel", "error", "-ss", "1", "-i", "{}", "-c:v", "libtheora", "-c:a", "libvorbis", "-flags", "bitexact",
                "-fflags", "+bitexact", "{.}.mkv",
            ], 3
        ),
        ("flac", ["in/takes", "--only", "wav", "--return", "{.}.flac"], ["flac", "--silent", "-8", "-T", "ARTIST=Ada", "-o", "{.}.flac", "{}"], 0),
        (
            "convert", ["in/scans", "--return", "{}.png"],
            ["convert", "{}", "-crop", "400x400+10+10", "+repage", "-density", "300", "-units", "PixelsPerInch", "-define", "png:exclude-chunks=date,tIME", "{}.png"], 0
        ),
        ("wc", ["in/logs", "--table", #"(?<lines>\d+) +(?<words>\d+) +(?<bytes>\d+)"#], ["wc"], 0),
        (
            "cmake", ["in/projects", "--dirs", "--having", "CMakeLists.txt", "--fail-if-output", "CMake Error", "--shell"],
            [#"cmake -S {} -B "${TMPDIR:-/tmp}/quire-test-$$" 2>&1 | grep -e Error -e part | sed 's/ of .*//'; rm -rf "${TMPDIR:-/tmp}/quire-test-$$""#], 3
        ),
    ]

    /// Standard output without the columns that differ from run to run.
    private static func told(_ ended: Ended, by job: String) -> String {
        guard job == "wc" else { return ended.output }
        return ended.lines.map { line in
            var cells = line.split(separator: ",", omittingEmptySubsequences: false)
            // Its seconds.
            cells.remove(at: 2)
            return cells.joined(separator: ",")
        }.joined(separator: "\n")
    }

    @Test("ffmpeg, flac, ImageMagick, wc and cmake: the same files and the same words, and nothing stays on a host")
    func same() throws {
        let place = try Workplace(Self.files)
        let bed = try Testbed(hosts: 3)
        for job in Self.jobs {
            let here = try place.start(job.name + "-here", ["exec"] + job.words + ["--progress", "plain", "--"] + job.program).wait()
            let there = try place.start(
                job.name + "-hosts", ["exec"] + job.words + ["--progress", "plain", "--hosts", bed.hostsFile, "--min-hosts", "3", "--"] + job.program).wait()
            #expect(here.status == job.status, "\(job.name): \(here)")
            #expect(there.status == job.status, "\(job.name): \(there)")
            #expect(!here.output.isEmpty || job.name != "wc" && job.name != "cmake")
            #expect(Self.told(here, by: job.name) == Self.told(there, by: job.name), "\(job.name): \(there)")
            #expect(Workplace.failures(here) == Workplace.failures(there), "\(job.name)")
            try place.expectSameResults(job.name + "-here", job.name + "-hosts")
        }
        for host in ["h1", "h2", "h3"] {
            #expect(try bed.files(below: "/var/tmp/quire-0", on: host) == [])
            #expect(try bed.programs(on: host) == [])
        }
    }
}
