import Foundation
import JobModel
import LinuxSystem
import Testing
import WireProtocol

@testable import HeadNode

@Suite("What travels to hosts that share nothing")
struct CarriedListingTests {
    /// A tree made by lines of shell, gone at the end.
    private func withTree(_ script: String, _ body: (RawPath) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("quire-listing-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let shell = Process()
        shell.executableURL = URL(fileURLWithPath: "/bin/sh")
        shell.arguments = ["-euc", script]
        shell.currentDirectoryURL = folder
        try shell.run()
        shell.waitUntilExit()
        #expect(shell.terminationStatus == 0)
        try body(RawPath(folder.path))
    }

    private func names(_ listing: CarriedListing, in folder: RawPath) -> [String] {
        listing.files.map { file in
            let name = file.path.relative(to: folder)?.display ?? file.path.display
            return switch file.kind {
            case .folder: name + "/"
            case .file: name
            }
        }
    }

    @Test("A folder's files and folders are listed, folders first; links count as the file they lead to inside, others are told of")
    func folder() throws {
        try withTree(
            """
            mkdir -p d/sub/empty d/.quire-job-1-1; echo 1 >d/sub/a; echo 22 >"d/$(printf 'b\\377')"; touch d/.quire-job-1-1/x
            ln -s sub/a d/near; ln -s ../out d/far; ln -s sub d/folder; ln -s nowhere d/broken; mkfifo d/pipe; echo o >out; chmod 750 d/sub/a
            """
        ) { folder in
            let listing = try CarriedListing(below: folder.appending("d"))
            #expect(names(listing, in: folder.appending("d")) == ["b\\xff", "near", "sub/", "sub/a", "sub/empty/"])
            #expect(listing.passedOver.map { $0.lastComponent.display } == ["broken", "far", "folder", "pipe"])
            #expect(listing.passedOverText?.hasSuffix("d/broken and 3 more are links to elsewhere, or no files: they are not sent") == true)
            #expect(listing.sizeBytes == 3 + 2 + 2)
            #expect(listing.files.first { $0.path.lastComponent == RawPath("a") }?.mode == 0o750)
        }
    }

    @Test("Files and folders of --send are listed with what is in them")
    func sent() throws {
        try withTree("mkdir -p tools/lib; touch tools/lib/x one; mkfifo pipe") { folder in
            let listing = try CarriedListing(of: [folder.appending("one"), folder.appending("tools")])
            #expect(names(listing, in: folder) == ["one", "tools/", "tools/lib/", "tools/lib/x"])
            #expect(listing.passedOverText == nil)
            #expect { try CarriedListing(of: [folder.appending("pipe")]) } throws: { if case .noFile? = $0 as? CarriedListing.Fault { true } else { false } }
        }
    }

    @Test("A folder of more files than can be announced is refused, and one that is gone is told as gone")
    func limits() throws {
        try withTree("mkdir d; cd d; seq \(StagedOrder.partsMax) | xargs touch") { folder in
            #expect(try CarriedListing(below: folder.appending("d")).files.count == StagedOrder.partsMax)
            try OpenFile(folder.appending("d/more"), .create(mode: 0o600)).write([1], at: 0)
            #expect { try CarriedListing(below: folder.appending("d")) } throws: { if case .tooMany? = $0 as? CarriedListing.Fault { true } else { false } }
            #expect { try CarriedListing(below: folder.appending("gone")) } throws: { error in
                if case .system(let reason)? = error as? CarriedListing.Fault { reason.isNotFound } else { false }
            }
        }
    }

    @Test(
        "Hosts that share the files get the user's variables, but for those that speak of this machine",
        arguments: [
            ("PATH=/bin", false), ("HOME=/h", false), ("LC_ALL=C", false), ("MY_DISPLAY=1", false), ("SSHX=1", false), ("=odd", false),
            ("DISPLAY=:0", true), ("SSH_AUTH_SOCK=/s", true), ("TMPDIR=/t", true), ("HOSTNAME=h", true), ("XDG_RUNTIME_DIR=/run", true), ("_=/x", true),
        ])
    func environment(_ variable: String, _ isOfOneMachine: Bool) {
        #expect(ProgramBriefing.isOfOneMachine(Array(variable.utf8)) == isOfOneMachine)
    }
}
