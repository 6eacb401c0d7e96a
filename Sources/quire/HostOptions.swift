public import ArgumentParser
public import HeadNode
import JobModel

/// Which hosts are meant, the same for every command that has to do with them.
struct HostNames: ParsableArguments {
    @Option(help: ArgumentHelp("The hosts listed in this file; see cluster/hosts.example.yaml.", valueName: "file"))
    var hosts: PathArgument?

    @Option(help: ArgumentHelp("These hosts: names separated by commas, with user@ before and :slots behind if need be; localhost is this machine. Repeatable.", valueName: "a,b:4,user@c"))
    var host: [String] = []

    @Flag(help: "Trust hosts that are not in known_hosts yet, and add them. A changed key is always refused.")
    var acceptNewHostKeys = false

    func validate() throws {
        // An unset variable would else let this machine do all the work.
        if host.contains(where: { !$0.contains { $0 != "," && $0 != " " } }) { throw ValidationError("--host names no host; write a,b:4,user@c.") }
    }

    var areGiven: Bool { hosts != nil || !host.isEmpty }

    /// Nil where no host was named.
    var settings: HostSettings? {
        guard areGiven else { return nil }
        var settings = HostSettings()
        settings.file = hosts?.path
        settings.words = host.flatMap { $0.split(separator: ",").map(String.init) }
        settings.acceptsNewHostKeys = acceptNewHostKeys
        return settings
    }

    /// For commands that do nothing without hosts.
    func required() throws -> HostSettings {
        guard let settings else { throw ValidationError("Say which hosts: --hosts FILE or --host a,b:4,user@c.") }
        return settings
    }
}

/// Which machines do the work; without any of these this one does it alone.
struct HostOptions: ParsableArguments {
    @OptionGroup var names: HostNames

    @Option(help: ArgumentHelp("Whether hosts see the same files: auto (found out), shared, staged (files travel).", valueName: "how"))
    var storage: HostSpec.Storage?

    @Option(help: ArgumentHelp("Begin with so many hosts at least (default 1); fewer end the command with exit code 5.", valueName: "n"))
    var minHosts: Int?

    @Flag(help: "If too few hosts come, let this machine do the work alone.")
    var localFallback = false

    func validate() throws {
        if let minHosts, !(1...4096).contains(minHosts) { throw ValidationError("--min-hosts takes a number from 1 up.") }
        if !names.areGiven {
            let flags = [("--storage", storage != nil), ("--min-hosts", minHosts != nil), ("--local-fallback", localFallback),
                ("--accept-new-host-keys", names.acceptNewHostKeys)]
            if let (name, _) = flags.first(where: \.1) { throw ValidationError("\(name) needs hosts: add --hosts FILE or --host NAME.") }
        }
    }

    /// Nil where none of these options was given.
    var settings: HostSettings? {
        guard var settings = names.settings else { return nil }
        settings.storage = storage
        settings.hostsMin = minHosts ?? 1
        settings.fallsBack = localFallback
        return settings
    }
}

/// Which machines work on pictures, for commands that make them.
struct PictureHostOptions: ParsableArguments {
    @OptionGroup var hosts: HostOptions

    @Flag(help: "Let hosts work too whose libraries make other bytes of the same pictures.")
    var mixedCodecs = false

    func validate() throws {
        if mixedCodecs && !hosts.names.areGiven { throw ValidationError("--mixed-codecs needs hosts: add --hosts FILE or --host NAME.") }
    }

    /// Nil where none of these options was given.
    var settings: HostSettings? {
        guard var settings = hosts.settings else { return nil }
        settings.allowsMixedCodecs = mixedCodecs
        return settings
    }
}

extension HostSpec.Storage: ExpressibleByArgument {}
