import JobModel
import SSHTransport

/// The hosts that `--hosts` and `--host` name together.
enum HostList {
    static func specs(of settings: HostSettings) throws(HeadError) -> [HostSpec] {
        var specs: [HostSpec] = []
        if let file = settings.file { specs += try HostFile(reading: file).hosts }
        if !settings.words.isEmpty { specs += try HostFile(commandLine: settings.words.joined(separator: ",")).hosts }
        for index in specs.indices {
            if let storage = settings.storage { specs[index].storage = storage }
            if settings.acceptsNewHostKeys { specs[index].connection.hostKeys = .acceptNew }
            let name = specs[index].name
            if specs[..<index].contains(where: { $0.name == name }) { throw .usage("host \(name) is named twice; leave it out of --host or of the file") }
        }
        return specs
    }
}
