public import JobModel

/// Which hosts a job may use besides, or in place of, this machine.
public struct HostSettings: Sendable {
    /// `--hosts FILE`
    public var file: RawPath?
    /// `--host a,b:4,user@c`, a word each.
    public var words: [String] = []
    /// `--storage`, for hosts that say nothing themselves; nil is auto.
    public var storage: HostSpec.Storage?
    /// `--min-hosts`
    public var hostsMin = 1
    /// `--local-fallback`: this machine does the work if too few hosts come at the start.
    public var fallsBack = false
    /// `--mixed-codecs`: hosts whose canary set gives other bytes may work all the same.
    public var allowsMixedCodecs = false
    /// `--accept-new-host-keys`
    public var acceptsNewHostKeys = false

    public init() {}

    /// Whether any hosts are named; without them this machine does all the work.
    public var areGiven: Bool { file != nil || !words.isEmpty }
}
