internal import Digests
internal import Glibc
public import JobModel
internal import LinuxSystem

/// Makes bundles of the programs installed on this machine, with everything they load.
///
/// Blocks for a fifth of a second where the cache knows nothing; else for some milliseconds.
public struct BundleMaker: Sendable {
    private let cache: ManifestCache?
    private let archives: LibtoolArchives

    /// - Parameters:
    ///   - cacheFolder: takes the few files that are made for a bundle, and what is remembered of bundles.
    ///   - remembers: false takes every digest anew.
    public init(cacheFolder: RawPath, remembers: Bool = true) {
        cache = remembers ? ManifestCache(folder: cacheFolder.appending("manifests")) : nil
        archives = LibtoolArchives(folder: cacheFolder.appending("made"))
    }

    /// `$XDG_CACHE_HOME/quire`, else `~/.cache/quire`, else `/var/tmp/quire-UID/cache`.
    public static var usualCacheFolder: RawPath {
        if let cache = environmentVariable("XDG_CACHE_HOME"), cache.isAbsolute { return cache.appending("quire") }
        if let home = environmentVariable("HOME"), home.isAbsolute { return home.appending(".cache/quire") }
        return RawPath("/var/tmp/quire-\(geteuid())/cache")
    }

    /// The bundle of the agent `program`: itself, its loader and its libraries.
    public func agent(_ program: RawPath) throws(BundleError) -> InstalledBundle {
        try bundle(.agent, of: program) { () throws(BundleError) in
            let closure = try LibraryClosure(of: program)
            return Parts(files: Self.parts(program, as: BundleLayout.agent, closure), folders: [])
        }
    }

    /// The bundle of the worker `program`: with the modules that libvips loads, and what these load in turn.
    public func worker(_ program: RawPath) throws(BundleError) -> InstalledBundle {
        try bundle(.worker, of: program) { () throws(BundleError) in
            let folders = try VipsFolders(askedOf: program)
            let vipsModules = try ModuleFolder(folders.modules, in: folders.modulesInBundle)
            let withVips = try LibraryClosure(of: program, modules: vipsModules.libraries)
            // ImageMagick and libheif load coders of their own; both may be reached through modules of libvips alone.
            let magick = try MagickFolders(withVips.libraries)
            let heif = try ModuleFolder(besideLibrary: "libheif.so", named: "libheif/plugins", of: withVips.libraries, in: BundleLayout.heifPlugins)
            let coders = try magick.map { magick throws(BundleError) in try ModuleFolder(magick.coders, in: BundleLayout.magickCoders) }
            let folderList = [vipsModules] + [heif, coders].compactMap { $0 }
            let all = try LibraryClosure(of: program, modules: folderList.flatMap(\.libraries))
            var files = Self.parts(program, as: BundleLayout.worker, all)
            let usable = Set(all.modules)
            for folder in folderList { files += try folder.parts(usable: usable, archives) }
            files += try magick?.settings() ?? []
            return Parts(files: files, folders: folderList.map(\.path) + (magick?.settingFolders ?? []))
        }
    }

    /// What goes in, and the folders whose listings decided that.
    struct Parts {
        var files: [BundlePart]
        var folders: [RawPath]
    }

    private static func parts(_ program: RawPath, as name: RawPath, _ closure: LibraryClosure) -> [BundlePart] {
        let start = [
            BundlePart(name: name, path: program, mode: 0o700), BundlePart(name: BundleLayout.loader, path: closure.loader, mode: 0o700),
        ]
        return start
            + closure.libraries.map { library in
                BundlePart(name: BundleLayout.libraries.appending(library.name.lastComponent), path: library.path, mode: 0o600)
            }
    }

    private func bundle(
        _ kind: BundleKind, of program: RawPath, _ parts: () throws(BundleError) -> Parts
    ) throws(BundleError) -> InstalledBundle {
        if let known = cache?.bundle(kind, of: program) { return known }
        let parts = try parts()
        var paths: [RawPath: RawPath] = [:]
        var entries: [BundleEntry] = []
        // The first of a name wins.
        for part in parts.files where paths[part.name] == nil {
            paths[part.name] = part.path
            let (size, digest) = try system("read \(part.path)") { () throws(SystemError) in try contentDigest(of: part.path) }
            entries.append(BundleEntry(name: part.name, sizeBytes: size, mode: part.mode, digest: digest))
        }
        guard let manifest = BundleManifest(kind: kind, files: entries) else {
            throw .notABundle("\(entries.count) files, \(entries.reduce(0) { $0 + $1.sizeBytes }) bytes, of \(program)")
        }
        let bundle = InstalledBundle(manifest: manifest, paths: manifest.files.compactMap { paths[$0.name] })
        cache?.remember(bundle, of: program, folders: parts.folders)
        return bundle
    }
}

/// Size and SHA-256 of a file's content.
func contentDigest(of path: RawPath) throws(SystemError) -> (sizeBytes: UInt64, digest: Digest256) {
    let file = try OpenFile(path, .read)
    var stream = SHA256Stream()
    var offset: UInt64 = 0
    while true {
        let bytes = try file.read(count: 1 << 20, at: offset)
        if bytes.isEmpty { break }
        stream.update(bytes)
        offset += UInt64(bytes.count)
    }
    return (offset, stream.finish())
}
