private import CVips
private import Glibc

/// libvips in this process: started once, one thread, no caches, only the loaders that were asked for.
enum Vips {
    /// Oldest libvips whose operations quire uses: sources for every loader, `fail-on`, `jpeg-multiscan`.
    private static let oldest = (major: 8, minor: 13)
    private static let warningsMax = 8

    /// Loader classes an archive may need and that are safe on files of strangers (libvips counts JPEG 2000 as untrusted:
    /// openjpeg is fuzzed less; a worker is a process of its own, so a crash there costs one file).
    private static let trustedLoaders = [
        "VipsForeignLoadJpeg", "VipsForeignLoadPng", "VipsForeignLoadWebp", "VipsForeignLoadNsgif", "VipsForeignLoadTiff",
        "VipsForeignLoadHeif", "VipsForeignLoadJp2k",
    ]
    /// What `--allow-loader NAME` opens.
    static let untrustedLoaders: [(name: String, loader: String)] = [
        ("svg", "VipsForeignLoadSvg"), ("pdf", "VipsForeignLoadPdf"), ("magick", "VipsForeignLoadMagick"),
        ("openslide", "VipsForeignLoadOpenslide"), ("ppm", "VipsForeignLoadPpm"), ("fits", "VipsForeignLoadFits"),
        ("openexr", "VipsForeignLoadOpenexr"), ("radiance", "VipsForeignLoadRad"), ("jxl", "VipsForeignLoadJxl"),
    ]

    /// Starts libvips; a second call only changes the allow-list.
    static func start(allowedLoaders: [String]) throws(ImagingError) {
        guard vips_init("quire-worker") == 0 else { throw .unusable("libvips does not start: \(takeErrorText())") }
        let (major, minor) = (Int(vips_version(0)), Int(vips_version(1)))
        guard (major, minor) >= oldest else {
            throw .unusable("libvips \(major).\(minor) is older than \(oldest.major).\(oldest.minor)")
        }
        vips_concurrency_set(1)
        vips_cache_set_max(0)
        vips_cache_set_max_mem(0)
        vips_cache_set_max_files(0)
        collectLogs()
        vips_operation_block_set("VipsForeignLoad", 1)
        for name in trustedLoaders { vips_operation_block_set(name, 0) }
        for name in allowedLoaders {
            guard let entry = untrustedLoaders.first(where: { $0.name == name }) else {
                let known = untrustedLoaders.map(\.name).joined(separator: ", ")
                throw .unusable("no loader is named \(name); there are \(known)")
            }
            vips_operation_block_set(entry.loader, 0)
        }
        guard vips_type_find("VipsOperation", "jpegload_source") != 0 else { throw .unusable("this libvips reads no JPEG") }
    }

    /// `8.14.1`.
    static var version: String { "\(vips_version(0)).\(vips_version(1)).\(vips_version(2))" }

    /// The folder libvips loads its modules from while it starts (since 8.13: HEIC, JPEG XL, ImageMagick...).
    ///
    /// The variable VIPSHOME moves it, how depends on the options libvips was built with.
    static var moduleFolder: String {
        let libraries = String(cString: vips_guess_libdir("quire-worker", "VIPSHOME"))
        return "\(libraries)/vips-modules-\(vips_version(0)).\(vips_version(1))"
    }

    /// The error buffer in one line, emptied.
    static func takeErrorText() -> String {
        guard let copy = vips_error_buffer_copy() else { return "" }
        defer { g_free(copy) }
        let lines = String(cString: copy).split(whereSeparator: \.isNewline)
        return lines.joined(separator: "; ")
    }

    static func clearErrors() { vips_error_clear() }

    // MARK: Warnings

    /// What GLib logged since the last `takeWarnings`; at most `warningsMax` different lines, and one more of lost pixels.
    /// Only the log handler and the thread that runs the pipelines touch it, the handler under `lock`.
    nonisolated(unsafe) private static var warnings: [String] = []
    nonisolated(unsafe) private static var lock = pthread_mutex_t()

    static func takeWarnings() -> [String] {
        pthread_mutex_lock(&lock)
        defer { pthread_mutex_unlock(&lock) }
        let taken = warnings
        warnings = []
        return taken
    }

    /// What `takeWarnings` would take.
    static var pendingWarnings: [String] {
        pthread_mutex_lock(&lock)
        defer { pthread_mutex_unlock(&lock) }
        return warnings
    }

    private static func note(_ line: String) {
        pthread_mutex_lock(&lock)
        defer { pthread_mutex_unlock(&lock) }
        // Said of most AVIF files: their colours are converted by libheif before.
        guard line != "heifload: ignoring nclx profile", !warnings.contains(line) else { return }
        // Chatter must not hide that pixels were lost.
        let tellsFirstLoss = DecoderVerdict.tellsLoss(line) && !warnings.contains(where: DecoderVerdict.tellsLoss)
        if warnings.count < warningsMax || tellsFirstLoss { warnings.append(line) }
    }

    private static func collectLogs() {
        g_log_set_default_handler(
            { _, level, text, _ in
                guard let text, level.rawValue & G_LOG_LEVEL_DEBUG.rawValue == 0, level.rawValue & G_LOG_LEVEL_INFO.rawValue == 0
                else { return }
                Vips.note(String(String(cString: text).prefix(200)))
            }, nil)
    }
}
