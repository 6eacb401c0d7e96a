internal import JobModel
internal import LinuxSystem

/// All libraries a program needs, each by the name it is asked for and the file that answers.
///
/// The loader itself is asked, as ldd(1) does, for it alone knows all its rules: its cache and configuration, RUNPATH,
/// $ORIGIN, what a library loaded earlier provides. It maps the libraries and runs none of their code.
struct LibraryClosure {
    struct Library: Hashable {
        /// As it is asked for: `libvips.so.42`.
        var name: RawPath
        var path: RawPath
    }

    let loader: RawPath
    /// By name, without the loader.
    let libraries: [Library]
    /// Those of the loadable modules asked for whose own libraries are all there.
    let modules: [RawPath]

    private static let limitMilliseconds: UInt64 = 20_000

    /// - Parameter modules: libraries the program opens while it runs, which nothing in the program names.
    init(of program: RawPath, modules: [RawPath] = []) throws(BundleError) {
        loader = try ProgramHeader.loader(of: program)
        let own = try Self.list(program, modules: [], by: loader)
        guard own.missing.isEmpty else { throw .librariesMissing(program: program, own.missing) }
        var usable = modules
        var all = modules.isEmpty ? own : try Self.list(program, modules: modules, by: loader)
        // Which module lacks something is only told when each is asked for alone. Such a module does not open here either.
        if !all.missing.isEmpty || modules.contains(where: { !all.preloaded.contains($0) }) {
            usable = []
            for module in modules {
                let one = try Self.list(program, modules: [module], by: loader)
                if one.missing.isEmpty, one.preloaded.contains(module) { usable.append(module) }
            }
            all = try Self.list(program, modules: usable, by: loader)
        }
        let loaderName = loader.lastComponent
        libraries = Set(all.found).filter { $0.path.lastComponent != loaderName && $0.name.lastComponent != loaderName }
            .sorted { $0.name < $1.name }
        self.modules = usable
    }

    private struct Listing {
        var found: [Library] = []
        var preloaded: Set<RawPath> = []
        var missing: [String] = []
    }

    private static func list(_ program: RawPath, modules: [RawPath], by loader: RawPath) throws(BundleError) -> Listing {
        var run = try list(program, modules: modules, by: loader, asksForBaseline: true)
        // Loaders before glibc 2.33 have no variants by processor, and refuse to hear of them.
        if run.end != .exited(code: 0) { run = try list(program, modules: modules, by: loader, asksForBaseline: false) }
        let listing = listing(run.output)
        guard run.end == .exited(code: 0) || !listing.missing.isEmpty else {
            throw .helperFailed(loader, "\(run.end): " + String(decoding: run.output.prefix(300), as: UTF8.self))
        }
        return listing
    }

    /// - Parameter asksForBaseline: never variants for this machine's processor (glibc-hwcaps): another host has another one.
    private static func list(
        _ program: RawPath, modules: [RawPath], by loader: RawPath, asksForBaseline: Bool
    ) throws(BundleError) -> CollectedRun {
        var plan = ProcessPlan(loader)
        if asksForBaseline { plan.arguments += [Array("--glibc-hwcaps-mask".utf8), Array("none".utf8)] }
        if !modules.isEmpty { plan.arguments += [Array("--preload".utf8), Array(modules.map(\.bytes).joined(separator: [0x20]))] }
        plan.arguments.append(program.bytes)
        // Not `--list`, which stops at the first library that is missing. Else as a worker is started: with the one variable
        // that says where libraries are.
        plan.environment = [Array("LC_ALL=C".utf8), Array("LD_TRACE_LOADED_OBJECTS=1".utf8)]
        if let folders = environmentVariable("LD_LIBRARY_PATH") { plan.environment.append(Array("LD_LIBRARY_PATH=".utf8) + folders.bytes) }
        return try system("ask the loader for the libraries of \(program)") { () throws(SystemError) in
            try CollectedRun.run(plan, limitMilliseconds: limitMilliseconds)
        }
    }

    /// Lines are `<tab>name => /path (0xaddress)`, `<tab>/path (0xaddress)` or `<tab>name => not found`.
    private static func listing(_ output: [UInt8]) -> Listing {
        var listing = Listing()
        for line in output.split(separator: 0x0A) where line.first == 0x09 {
            let text = line.dropFirst()
            let arrow = Array(" => ".utf8)
            let cut = text.indices.first { text[$0...].starts(with: arrow) }
            let name = RawPath(bytes: Array(cut.map { text[..<$0] } ?? withoutAddress(text)))
            guard let cut else {
                // What is named by its path was asked for by it: a module, or the loader.
                if name.isAbsolute { listing.preloaded.insert(name) }
                continue
            }
            let path = RawPath(bytes: Array(withoutAddress(text[(cut + arrow.count)...])))
            if path.isAbsolute {
                listing.found.append(Library(name: name, path: path))
            } else if path.bytes.starts(with: Array("not found".utf8)) {
                listing.missing.append(name.display)
            }
        }
        return listing
    }

    private static func withoutAddress(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let opening = Array(" (0x".utf8)
        guard let cut = text.indices.last(where: { text[$0...].starts(with: opening) }) else { return text }
        return text[..<cut]
    }
}
