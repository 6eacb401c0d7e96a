import Bundles
import Digests
import Foundation
import JobModel
import LinuxSystem
import Testing

@Suite("Bundles kept on a host")
struct BundleStoreTests {
    /// A bundle of small files: by name, their text.
    private func manifest(_ files: [String: String]) throws -> BundleManifest {
        let entries = files.map { name, text in
            BundleEntry(
                name: RawPath(name), sizeBytes: UInt64(text.utf8.count), mode: name == "quire-worker" ? 0o700 : 0o600,
                digest: SHA256Stream.digest(of: Array(text.utf8)))
        }
        return try #require(BundleManifest(kind: .worker, files: entries))
    }

    private static let first = ["quire-worker": "worker 1", "ld.so": "loader", "lib/libvips.so.42": "vips", "lib/libc.so.6": "libc"]

    private func store(_ scratch: Scratch, _ names: String...) -> BundleStore {
        BundleStore(places: (names.isEmpty ? ["cache"] : names).map { scratch.path($0) })
    }

    /// Sends what is missing; returns the names that were.
    @discardableResult
    private func send(_ files: [String: String], to store: BundleStore) throws -> (names: Set<String>, folder: RawPath) {
        let arrival = try store.receive(try manifest(files))
        var names: Set<String> = []
        for (index, target) in arrival.targets {
            let name = arrival.manifest.files[index].name.display
            names.insert(name)
            let bytes = Array((files[name] ?? "").utf8)
            try OpenFile(target, .create(mode: 0o600)).write(bytes, at: 0)
            try arrival.arrived(index, digest: SHA256Stream.digest(of: bytes))
        }
        let stored = try arrival.complete()
        return (names, stored.folder)
    }

    private func folder(_ store: BundleStore, _ files: [String: String]) throws -> RawPath? {
        try store.bundle(try manifest(files))?.folder
    }

    private func names(_ scratch: Scratch, _ place: String = "cache") throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: scratch.path(place).display).sorted()
    }

    @Test("A bundle is absent, or whole with its files and modes")
    func whole() throws {
        let scratch = try Scratch()
        let store = store(scratch)
        #expect(try folder(store, Self.first) == nil)
        do {
            let arrival = try store.receive(try manifest(Self.first))
            #expect(arrival.missing == [0, 1, 2, 3])
            #expect(try folder(store, Self.first) == nil)
        }
        #expect(try names(scratch) == [], "an arrival that is given up leaves nothing")
        let (sent, folder) = try send(Self.first, to: store)
        #expect(sent == Set(Self.first.keys))
        #expect(try self.folder(store, Self.first) == folder)
        #expect(try scratch.bytes(folder.appending("lib/libc.so.6")) == Array("libc".utf8))
        #expect(try FileOperation.facts(of: folder.appending("quire-worker")).mode == 0o700)
        #expect(try FileOperation.facts(of: folder.appending("ld.so")).mode == 0o600)
        #expect(try FileOperation.facts(of: folder).mode == 0o700)
        #expect(try names(scratch).count == 1)
    }

    @Test("A new version brings only the files that no older one here has")
    func shared() throws {
        let scratch = try Scratch()
        let store = store(scratch)
        let (_, old) = try send(Self.first, to: store)
        let second = Self.first.merging(["quire-worker": "worker 2", "lib/libheif.so.1": "heif"]) { $1 }
        // Of the right size and wrong content: read before it is believed.
        try OpenFile(old.appending("lib/libc.so.6"), .update(mode: 0)).write(Array("LIBC".utf8), at: 0)
        let (sent, new) = try send(second, to: store)
        #expect(sent == ["quire-worker", "lib/libheif.so.1", "lib/libc.so.6"])
        #expect(try scratch.bytes(new.appending("lib/libc.so.6")) == Array("libc".utf8))
        #expect(try FileOperation.facts(of: new.appending("ld.so")).inode == FileOperation.facts(of: old.appending("ld.so")).inode)
    }

    @Test("A damaged bundle is not used, and only what is damaged of it comes again", arguments: ["cut", "changed", "removed", "record"])
    func damaged(how: String) throws {
        let scratch = try Scratch()
        let store = store(scratch)
        let (_, folder) = try send(Self.first, to: store)
        let library = folder.appending("lib/libvips.so.42")
        switch how {
        case "cut": try OpenFile(library, .update(mode: 0)).truncate(to: 2)
        case "changed": try OpenFile(library, .update(mode: 0)).write(Array("VIPS".utf8), at: 0)
        case "removed": try FileOperation.remove(library)
        default:
            // Without its record a bundle is read, and is whole.
            try FileOperation.remove(folder.appending(".record"))
            #expect(try self.folder(store, Self.first) == folder)
            return
        }
        #expect(try self.folder(store, Self.first) == nil)
        #expect(try send(Self.first, to: store).names == ["lib/libvips.so.42"])
        #expect(try self.folder(store, Self.first) == folder)
        #expect(try names(scratch).count == 1)
    }

    @Test("A file that arrives with other content is refused, and may come again")
    func wrongContent() throws {
        let scratch = try Scratch()
        let arrival = try store(scratch).receive(try manifest(Self.first))
        let target = try #require(arrival.targets[0])
        let bad = Array("LOADER".utf8)
        try OpenFile(target, .create(mode: 0o600)).write(bad, at: 0)
        #expect(throws: BundleError.wrongContent(RawPath("ld.so"))) { try arrival.arrived(0, digest: SHA256Stream.digest(of: bad)) }
        #expect(arrival.missing.contains(0))
        #expect(try FileOperation.factsIfPresent(of: target) == nil)
    }

    @Test("Of two agents that complete the same bundle one gives way, and both have it")
    func twice() throws {
        let scratch = try Scratch()
        let store = store(scratch)
        let (one, other) = (try store.receive(try manifest(Self.first)), try store.receive(try manifest(Self.first)))
        for arrival in [one, other] {
            for (index, target) in arrival.targets {
                let bytes = Array((Self.first[arrival.manifest.files[index].name.display] ?? "").utf8)
                try OpenFile(target, .create(mode: 0o600)).write(bytes, at: 0)
                try arrival.arrived(index, digest: SHA256Stream.digest(of: bytes))
            }
        }
        let first = try one.complete()
        let second = try other.complete()
        #expect(first.folder == second.folder)
        #expect(try names(scratch).count == 1)
    }

    @Test("The newest three stay, and those in use; leftovers go after a day")
    func pruned() throws {
        let scratch = try Scratch()
        let store = store(scratch)
        var folders: [RawPath] = []
        for version in 0..<6 {
            folders.append(try send(["quire-worker": "worker \(version)"], to: store).folder)
            let mark = folders[version].appending(".used").display
            try FileManager.default.setAttributes([.modificationDate: Date(timeIntervalSince1970: Double(1_000 + version))], ofItemAtPath: mark)
        }
        for (name, age) in [(".new-old", 100_000.0), (".up-young", 10.0)] {
            try FileOperation.createFolders(scratch.path("cache/\(name)"))
            try FileManager.default.setAttributes(
                [.modificationDate: Date(timeIntervalSince1970: 2_000_000 - age)], ofItemAtPath: scratch.path("cache/\(name)").display)
        }
        // The oldest but one is in use: opening it also makes it the newest.
        let inUse = try #require(try store.bundle(try manifest(["quire-worker": "worker 1"])))
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSince1970: 1)], ofItemAtPath: inUse.folder.appending(".used").display)
        store.prune(epochSeconds: 2_000_000)
        let kept = Set([folders[1], folders[3], folders[4], folders[5]].map(\.lastComponent.display) + [".up-young"])
        #expect(try Set(names(scratch)) == kept)
        withExtendedLifetime(inUse) {}
    }

    @Test("A bundle that cannot be removed keeps no other")
    func prunedApart() throws {
        let scratch = try Scratch()
        let store = store(scratch)
        var folders: [RawPath] = []
        for version in 0..<5 {
            folders.append(try send(["quire-worker": "worker \(version)"], to: store).folder)
            let mark = folders[version].appending(".used").display
            try FileManager.default.setAttributes([.modificationDate: Date(timeIntervalSince1970: Double(1_000 + version))], ofItemAtPath: mark)
        }
        // Where the second oldest would go, something is in the way.
        try FileOperation.createFolders(scratch.path("cache/.gone-\(getpid())-\(folders[1].lastComponent)/full"))
        store.prune(epochSeconds: 2_000)
        #expect(try FileOperation.factsIfPresent(of: folders[0]) == nil)
        #expect(try FileOperation.factsIfPresent(of: folders[1]) != nil)
    }

    @Test("A place behind a link that somebody else made is not used", .enabled(if: geteuid() == 0))
    func strangersLink() throws {
        let scratch = try Scratch()
        try send(Self.first, to: BundleStore(places: [scratch.path("real/bundles")]))
        let link = scratch.path("link")
        try #require(symlink(scratch.path("real").display, link.display) == 0)
        let behind = BundleStore(places: [link.appending("bundles")])
        #expect(try folder(behind, Self.first) != nil, "a link of our own is followed")
        try #require(lchown(link.display, 12_345, 12_345) == 0)
        #expect(try folder(behind, Self.first) == nil)
        #expect(throws: BundleError.self) { try behind.receive(try manifest(Self.first)) }
    }

    @Test("A place that cannot be written gives way to the next; without any, all are named")
    func places() throws {
        let scratch = try Scratch()
        try scratch.write([], "file")
        let store = store(scratch, "file/below", "second")
        #expect(try send(Self.first, to: store).folder.isInside(scratch.path("second")))
        #expect(try folder(store, Self.first)?.isInside(scratch.path("second")) == true)
        #expect(throws: BundleError.noPlace(["\(scratch.path("file/below")): Not a directory"])) {
            try BundleStore(places: [scratch.path("file/below")]).receive(try manifest(Self.first))
        }
    }

    @Test("A list that would leave its folder, or that no folder can hold, is no bundle", arguments: [
        ["/etc/passwd"], ["../x"], ["a/../../x"], ["a//b"], ["a", "a/b"], ["a", "a"], [""], ["a\nb"], ["./a"], [],
    ])
    func names(list: [String]) {
        let digest = SHA256Stream.digest(of: [])
        let files = list.map { BundleEntry(name: RawPath($0), sizeBytes: 0, mode: 0o600, digest: digest) }
        #expect(BundleManifest(kind: .worker, files: files) == nil)
    }

    @Test("A bundle's hash is that of its list, whatever the order it was given in")
    func hash() throws {
        let manifest = try manifest(["b": "2", "a": "1"])
        let text = """
            quire bundle 1 worker
            6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b 1 - a
            d4735e3a265e16eee03f59718b9b5d03019c07d8b6c51f90da3a666eec13ab35 1 - b

            """
        #expect(manifest.hash(SHA256Stream.self) == SHA256Stream.digest(of: Array(text.utf8)))
        #expect(BundleManifest(kind: .worker, files: manifest.files.reversed()) == manifest)
    }
}
