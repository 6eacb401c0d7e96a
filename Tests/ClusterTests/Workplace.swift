import Foundation
import Testing

/// A folder of pictures in which jobs run, here and on hosts: what they make shall be the same bytes.
///
/// Each job has a folder of its own with a copy of the pictures as `in`; `quire` is started in it, so that names are alike.
final class Workplace {
    private let folder: TemporaryFolder
    var path: String { folder.path }

    /// - Parameter pictures: lines of shell that make `in`; see `make`.
    init(_ pictures: String) throws {
        folder = try TemporaryFolder()
        try make("mkdir -p in; " + pictures)
    }

    /// One small photo of a camera, made once for all tests.
    private static let photo = Result { () throws -> String in
        let folder = cache + "/photo-\(ProcessInfo.processInfo.processIdentifier)"
        let ended = try run(program("sample-archive"), [folder, "--count", "1", "--size", "320x240"])
        guard ended.status == 0 else { throw Trouble("no photo: \(ended)") }
        let found = try run("find", [folder, "-type", "f"]).lines
        guard let first = found.first else { throw Trouble("no photo in \(folder)") }
        return first
    }

    /// Beside the programs: what they find out about their own libraries there serves all tests.
    private static let cache = program("cluster-tests")

    private static func program(_ name: String) -> String { programs.appending(path: name).path(percentEncoded: false) }

    /// Runs lines of shell in the folder.
    ///
    /// `$photo` is a small JPEG. `photos COUNT FOLDER` cuts so many small ones of it, 64 at most, as `FOLDER/N/pN.jpg`; `slow COUNT FOLDER`
    /// larger ones, which `blur.yaml` works on for some hundredths of a second each.
    @discardableResult
    func make(_ script: String) throws -> Ended {
        let tools = """
            set -eu
            cut() {
                mkdir -p "$3/0" "$3/1" "$3/2" "$3/3"
                convert "$photo" -resize "$1!" -crop 8x8@ +repage "$3/p%d.jpg"
                for n in $(seq 0 63); do
                    if [ "$n" -lt "$2" ]; then mv "$3/p$n.jpg" "$3/$((n % 4))/"; else rm "$3/p$n.jpg"; fi
                done
            }
            photos() { cut 640x480 "$@"; }
            slow() {
                cut 4000x3000 "$@"
                printf 'actions:\n  - blur: 20\n' >blur.yaml
            }

            """
        let ended = try run(
            "bash", ["-c", tools + script], in: folder.url,
            environment: ["PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin", "LC_ALL": "C", "photo": try Self.photo.get()])
        guard ended.status == 0 else { throw Trouble("\(script): \(ended)") }
        return ended
    }

    // MARK: Jobs

    /// What every quire of this folder is started with: nothing of the tester's own, and slots that no other test takes.
    var environment: [String: String] {
        [
            "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin", "HOME": folder.path + "/home", "LC_ALL": "C",
            "XDG_STATE_HOME": folder.path + "/state", "XDG_CACHE_HOME": Self.cache, "QUIRE_SLOTS": folder.path + "/slots",
        ]
    }

    /// Starts `quire` in the folder of the job called `name`.
    func start(_ name: String, _ words: [String], copiesInputs: Bool = true) throws -> RunningProgram {
        try make("mkdir -p home '\(name)'" + (copiesInputs ? "; [ -e '\(name)/in' ] || cp -a in '\(name)/in'" : ""))
        return try RunningProgram(Self.program("quire"), words, in: folder.url.appending(path: name), environment: environment)
    }

    /// `quire run in WORDS...` to its end, told with all that goes wrong; `words` may name hosts.
    @discardableResult
    func finish(_ name: String, _ words: [String], status: Int32 = 0, place: SourceLocation = #_sourceLocation) throws -> Ended {
        let ended = try start(name, ["run", "in", "--progress", "plain"] + words).wait()
        #expect(ended.status == status, "\(name): \(ended)", sourceLocation: place)
        return ended
    }

    /// Name, mode, size and digest of every file that the job called `name` has made or changed, reports left out.
    func results(_ name: String, withTimes: Bool = false) throws -> [String] {
        let time = withTimes ? " %T@" : ""
        return try make(
            """
            cd '\(name)'
            find . -type f ! -name 'report*' -printf '%p %m %s\(time)\\n' | sort
            find . -type f ! -name 'report*' -print0 | sort -z | xargs -0 sha256sum
            """
        ).lines
    }

    /// Runs a job here and on hosts, and sees to it that both make the same and say the same of files that fail.
    func expectSame(
        _ name: String, _ words: [String], on hosts: [String], status: Int32 = 0, withTimes: Bool = false, place: SourceLocation = #_sourceLocation
    ) throws {
        let here = try finish(name + "-here", words, status: status, place: place)
        let there = try finish(name + "-hosts", words + hosts, status: status, place: place)
        #expect(Self.failures(here) == Self.failures(there), "\(name)", sourceLocation: place)
        try expectSameResults(name + "-here", name + "-hosts", withTimes: withTimes, place: place)
    }

    func expectSameResults(_ one: String, _ other: String, withTimes: Bool = false, place: SourceLocation = #_sourceLocation) throws {
        let (left, right) = (Set(try results(one, withTimes: withTimes)), Set(try results(other, withTimes: withTimes)))
        for (only, name) in [(left.subtracting(right), one), (right.subtracting(left), other)] where !only.isEmpty {
            Issue.record("\(only.count) lines only in \(name): \(only.sorted().prefix(4))", sourceLocation: place)
        }
    }

    /// What a run said of files that failed, in no order.
    static func failures(_ ended: Ended) -> [String] { ended.errors.split(separator: "\n").map(String.init).filter { $0.hasPrefix("failed: ") }.sorted() }

    /// Writes a host file into the folder; `defaults` begins with the testbed's ssh settings.
    func hosts(_ bed: Testbed, defaults: String = "", _ entries: String..., file: String = "hosts.yaml") throws -> [String] {
        let text = "defaults: {ssh-config: \(bed.sshConfiguration)\(defaults.isEmpty ? "" : ", " + defaults)}\nhosts:\n" + entries.map { "  - {\($0)}\n" }.joined()
        try Data(text.utf8).write(to: folder.url.appending(path: file))
        return ["--hosts", folder.path + "/" + file]
    }
}
