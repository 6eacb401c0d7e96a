internal import JobModel
internal import LinuxSystem

/// Where this machine's libvips is installed, in the words of the worker that links it.
struct VipsFolders {
    /// The folder it loads modules from.
    let modules: RawPath
    /// The same below a bundle's folder, which VIPSHOME makes the place of its installation.
    let modulesInBundle: RawPath

    private static let limitMilliseconds: UInt64 = 20_000

    init(askedOf worker: RawPath) throws(BundleError) {
        modules = try Self.folder(worker, home: nil)
        let elsewhere = RawPath("/quire-bundle")
        let moved = try Self.folder(worker, home: elsewhere)
        guard let below = moved.relative(to: elsewhere), !below.isEmpty else {
            throw .helperFailed(worker, "with VIPSHOME=\(elsewhere) its libvips looks for modules in \(moved)")
        }
        modulesInBundle = below
    }

    private static func folder(_ worker: RawPath, home: RawPath?) throws(BundleError) -> RawPath {
        var plan = ProcessPlan(worker)
        plan.arguments = [Array("--module-folder".utf8)]
        plan.environment = ProcessPlan.inheritedEnvironment(without: ["VIPSHOME"]) + (home.map { [Array("VIPSHOME=".utf8) + $0.bytes] } ?? [])
        let run = try system("ask \(worker) where libvips has its modules") { () throws(SystemError) in
            try CollectedRun.run(plan, limitMilliseconds: limitMilliseconds)
        }
        let answer = RawPath(bytes: Array(run.output.split(separator: 0x0A).last ?? [])).normalized
        guard run.end == .exited(code: 0), answer.isAbsolute else {
            throw .helperFailed(worker, "\(run.end): " + String(decoding: run.output.prefix(300), as: UTF8.self))
        }
        return answer
    }
}

/// A folder whose libraries a program loads while it runs.
struct ModuleFolder {
    let path: RawPath
    private let place: RawPath
    private let names: [RawPath]

    /// - Parameter place: where it goes in the bundle. A folder that is not there has no libraries.
    init(_ path: RawPath, in place: RawPath) throws(BundleError) {
        self.path = path
        self.place = place
        names = try system("list \(path)") { () throws(SystemError) in
            do throws(SystemError) {
                let entries = try FolderListing.entries(of: path) { name in ["so", "la"].contains(name.lowercasedExtension) }
                return entries.filter { $0.facts?.type == .regular }.map(\.name).sorted()
            } catch {
                if error.isNotFound { return [] }
                throw error
            }
        }
    }

    /// The folder `name` beside the library whose name begins with `library`; nil when the program does not use that library.
    init?(besideLibrary library: String, named name: String, of libraries: [LibraryClosure.Library], in place: RawPath) throws(BundleError) {
        guard let found = libraries.first(where: { $0.name.bytes.starts(with: Array(library.utf8)) }) else { return nil }
        try self.init(try realFolder(of: found.path).appending(name), in: place)
    }

    var libraries: [RawPath] { names.filter { $0.lowercasedExtension == "so" }.map { path.appending($0) } }

    /// - Parameter usable: the libraries that can be loaded on this machine; others are as good as not there.
    func parts(usable: Set<RawPath>, _ archives: LibtoolArchives) throws(BundleError) -> [BundlePart] {
        let stems = Set(usable.map(\.stem))
        var parts: [BundlePart] = []
        for name in names where stems.contains(name.stem) {
            let whole = path.appending(name)
            let source = name.lowercasedExtension == "la" ? try archives.movable(whole) : whole
            parts.append(BundlePart(name: place.appending(name), path: source, mode: 0o600))
        }
        return parts
    }
}

/// Where ImageMagick keeps its coders and settings; the name of its library tells (`libMagickCore-6.Q16.so.6`).
struct MagickFolders {
    let coders: RawPath
    /// The first that has a name wins, as ImageMagick looks for them.
    let settingFolders: [RawPath]

    /// Nil where no ImageMagick is used, or one with its coders built in.
    init?(_ libraries: [LibraryClosure.Library]) throws(BundleError) {
        let start = Array("libMagickCore-".utf8)
        guard let library = libraries.first(where: { $0.name.bytes.starts(with: start) }) else { return nil }
        let parts = library.name.bytes.dropFirst(start.count).split(separator: UInt8(ascii: "."))
        guard parts.count >= 2 else { return nil }
        let (major, depth) = (String(decoding: parts[0], as: UTF8.self), String(decoding: parts[1], as: UTF8.self))
        let folder = try realFolder(of: library.path)
        let candidates = try system("list \(folder)") { () throws(SystemError) in
            try FolderListing.entries(of: folder) { $0.bytes.starts(with: Array("ImageMagick-\(major).".utf8)) }
        }
        let homes = candidates.filter { $0.facts?.type == .folder }.map { folder.appending($0.name) }.sorted()
        guard let home = homes.last else { return nil }
        coders = home.appending("modules-\(depth)/coders")
        settingFolders = [
            home.appending("config-\(depth)"), RawPath("/etc/ImageMagick-\(major)"), RawPath("/usr/share/ImageMagick-\(major)"),
        ]
    }

    func settings() throws(BundleError) -> [BundlePart] {
        var parts: [BundlePart] = []
        for folder in settingFolders {
            let entries = try system("list \(folder)") { () throws(SystemError) in
                guard try FileOperation.factsIfPresent(of: folder) != nil else { return [FolderEntry]() }
                return try FolderListing.entries(of: folder) { $0.lowercasedExtension == "xml" }
            }
            // Links lead to fonts and the like, whose absence costs nothing.
            for entry in entries.sorted(by: { $0.name < $1.name }) where entry.facts?.type == .regular {
                parts.append(BundlePart(name: BundleLayout.magickSettings.appending(entry.name), path: folder.appending(entry.name), mode: 0o600))
            }
        }
        return parts
    }
}

/// The folder a library really lies in, behind its links.
private func realFolder(of library: RawPath) throws(BundleError) -> RawPath {
    try system("find \(library)") { () throws(SystemError) in try FileOperation.resolved(library) }.parent
}
