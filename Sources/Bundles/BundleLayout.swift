public import JobModel
public import LinuxSystem

/// Where things lie in a bundle's folder, and how its programs are started from there.
///
/// Programs are started through the bundle's own loader, by its path: then the host's C library, its loader's cache and its
/// libraries have no say, whatever version they are.
public enum BundleLayout {
    public static let agent = RawPath("quire-agent")
    public static let worker = RawPath("quire-worker")
    public static let loader = RawPath("ld.so")
    /// Folder of the libraries, by the names they are asked for.
    public static let libraries = RawPath("lib")
    static let magickCoders = RawPath("magick/coders")
    static let magickSettings = RawPath("magick/settings")
    static let heifPlugins = RawPath("heif")
    /// Touched at every start: says which bundles are the newest.
    static let usedMark = RawPath(".used")

    /// The agent of the bundle in this folder.
    public static func agentStart(in folder: RawPath) -> ProgramStart { start(agent, in: folder) }

    /// The worker of the bundle in this folder; nothing it loads comes from the host.
    public static func workerStart(in folder: RawPath) -> ProgramStart {
        var start = start(worker, in: folder)
        let variables: [(String, RawPath)] = [
            // libvips looks for its modules below this.
            ("VIPSHOME", folder),
            ("MAGICK_CODER_MODULE_PATH", folder.appending(magickCoders)), ("MAGICK_CONFIGURE_PATH", folder.appending(magickSettings)),
            ("LIBHEIF_PLUGIN_PATH", folder.appending(heifPlugins)),
            // GLib would open the host's plug-ins, made for the host's GLib.
            ("GIO_MODULE_DIR", folder.appending("none")),
        ]
        start.variables = variables.map { Array("\($0)=".utf8) + $1.bytes }
        return start
    }

    /// The worker of the bundle in this folder with the host's own loader and libraries (`worker: host`).
    public static func workerOnHostLibraries(in folder: RawPath) -> ProgramStart { ProgramStart(folder.appending(worker)) }

    private static func start(_ program: RawPath, in folder: RawPath) -> ProgramStart {
        ProgramStart(
            folder.appending(loader),
            arguments: [
                Array("--inhibit-cache".utf8), Array("--library-path".utf8), folder.appending(libraries).bytes,
                folder.appending(program).bytes,
            ])
    }
}
