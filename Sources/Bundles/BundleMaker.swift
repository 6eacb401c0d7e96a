internal import Digests
public import JobModel
public import LinuxSystem

/// Makes bundles of the programs installed on this machine, with everything they load.
///
/// Blocks for a fifth of a second where the cache knows nothing; else for some milliseconds.
public struct BundleMaker: Sendable {
    private let cache: ManifestCache?

    /// - Parameter cacheFolder: where to remember digests; nil to take them anew each time.
    public init(cacheFolder: RawPath?) {
        cache = cacheFolder.map { ManifestCache(folder: $0.appending("manifests")) }
    }

    /// `$XDG_CACHE_HOME/quire`, else `~/.cache/quire`; nil where neither is known.
    public static var usualCacheFolder: RawPath? {
        if let cache = environmentVariable("XDG_CACHE_HOME"), cache.isAbsolute { return cache.appending("quire") }
        if let home = environmentVariable("HOME"), home.isAbsolute { return home.appending(".cache/quire") }
        return nil
    }

    /// The bundle of the agent `program`: itself, its loader and its libraries.
    public func agent(_ program: RawPath) throws(BundleError) -> InstalledBundle {
        try bundle(.agent, of: program) { () throws(BundleError) in
            let closure = try LibraryClosure(of: program)
            return Parts(files: Self.files(program, as: BundleLayout.agent, closure), folders: [])
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
            var files = Self.files(program, as: BundleLayout.worker, all)
            let usable = Set(all.modules)
            for folder in folderList { files += folder.files(usable: usable) }
            files += try magick?.settings() ?? []
            return Parts(files: files, folders: folderList.map(\.path) + (magick?.settingFolders ?? []))
        }
    }

    /// What goes in: by name in the bundle, where it comes from; and the folders whose listings decided that.
    struct Parts {
        var files: [(name: RawPath, source: BundleSource, mode: UInt32)]
        var folders: [RawPath]
    }

    private static func files(
        _ program: RawPath, as name: RawPath, _ closure: LibraryClosure
    ) -> [(name: RawPath, source: BundleSource, mode: UInt32)] {
        [(name, .file(program), 0o700), (BundleLayout.loader, .file(closure.loader), 0o700)]
            + closure.libraries.map { (BundleLayout.libraries.appending($0.name.lastComponent), .file($0.path), 0o600) }
    }

    private func bundle(
        _ kind: BundleKind, of program: RawPath, _ parts: () throws(BundleError) -> Parts
    ) throws(BundleError) -> InstalledBundle {
        if let known = cache?.bundle(kind, of: program) { return known }
        let parts = try parts()
        var sources: [RawPath: BundleSource] = [:]
        var entries: [BundleEntry] = []
        for file in parts.files where sources.updateValue(file.source, forKey: file.name) == nil {
            entries.append(try Self.entry(file.name, file.source, mode: file.mode))
        }
        guard let manifest = BundleManifest(kind: kind, files: entries) else {
            throw .notABundle("\(entries.count) files, \(entries.reduce(0) { $0 + $1.sizeBytes }) bytes, of \(program)")
        }
        let bundle = InstalledBundle(
            manifest: manifest,
            sources: manifest.files.map { entry in
                guard let source = sources[entry.name] else { preconditionFailure("every entry came from a source") }
                return source
            })
        cache?.remember(bundle, of: program, folders: parts.folders)
        return bundle
    }

    private static func entry(_ name: RawPath, _ source: BundleSource, mode: UInt32) throws(BundleError) -> BundleEntry {
        switch source {
        case .file(let path):
            let (size, digest) = try system("read \(path)") { () throws(SystemError) in try contentDigest(of: path) }
            return BundleEntry(name: name, sizeBytes: size, mode: mode, digest: digest)
        case .libtoolArchive(let path):
            let bytes = try LibtoolArchive.movable(path)
            return BundleEntry(name: name, sizeBytes: UInt64(bytes.count), mode: mode, digest: SHA256Stream.digest(of: bytes))
        }
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
