import JobModel
import LinuxSystem
import SSHTransport
import TerminalUI

/// One thing that was looked at on a host.
struct HostFinding: Equatable, Sendable {
    enum State: String, Sendable {
        case ok, warning
        /// The host cannot be used.
        case fault
    }
    var name: String
    var state: State
    var found: String
    /// A command where there is one.
    var cure: String?
}

/// What became of the look at one host.
struct CheckedHost: Sendable {
    var spec: HostSpec
    var answer: HostProbe.Answer?
    var findings: [HostFinding]
    /// Of connecting and asking.
    var milliseconds: UInt64 = 0

    var isUsable: Bool { !findings.contains { $0.state == .fault } }
    var state: HostFinding.State {
        isUsable ? (findings.contains { $0.state == .warning } ? .warning : .ok) : .fault
    }

    /// As many as the agent there would take, if the host told enough.
    var slots: Int? {
        if let slots = spec.slots { return slots }
        guard let cpus = answer?.cpus else { return nil }
        let byMemory = answer?.memoryBytes.map { max(1, Int(clamping: $0 / Capacity.memoryBytesPerSlot)) } ?? cpus
        return min(cpus, byMemory)
    }
}

/// Judges what a host said: pure, so that each judgement can be tried without such a host.
struct HostJudge {
    /// Less room than this for staged files is worth a warning.
    static let freeBytesWanted: UInt64 = 1 << 30
    /// Clocks that differ by less hurt nobody: modification times are compared on one machine only.
    static let skewSecondsMax: Int64 = 5
    private static let networkFileSystems: Set<String> = ["nfs", "nfs4", "cifs", "smb2", "afs", "lustre", "gpfs", "ceph", "fuseblk", "fuse.sshfs"]

    /// As `uname -m` prints it here.
    var machine: String
    /// Names of the folders of this machine's bundles, by kind.
    var bundles: [String: String]
    /// The roots inputs were named by.
    var roots: [RawPath]
    var samples: [HostProbe.Sample]

    /// - Parameters:
    ///   - before: this machine's time when the host was asked, in milliseconds since 1970.
    ///   - after: when it had answered.
    func findings(_ spec: HostSpec, _ answer: HostProbe.Answer, before: Int64, after: Int64) -> [HostFinding] {
        var findings: [HostFinding] = []
        func add(_ name: String, _ state: HostFinding.State, _ found: String, cure: String? = nil) {
            findings.append(HostFinding(name: name, state: state, found: found, cure: cure))
        }
        let name = spec.place.description
        let system = [answer.system, answer.machine].compactMap { $0 }.joined(separator: " ")
        if answer.system == "Linux" && answer.machine == machine {
            add("system", .ok, system + (answer.libc.map { ", \($0)" } ?? ""))
        } else {
            add("system", .fault, system.isEmpty ? "it does not say what it is" : system, cure: "leave it out; this machine's programs need Linux \(machine)")
        }
        if spec.worker == .host && !answer.libvips {
            add("libraries", .fault, "no libvips there, which `worker: host` asks for", cure: "ssh \(name) sudo apt-get install -y libvips42, or set `worker: bundle`")
        }
        let free = answer.scratchFreeBytes
        let place = answer.scratchPlace ?? "?"
        if !answer.scratchIsWritable && spec.storage != .shared {
            add("scratch", .fault, "\(place) cannot be written to", cure: "name a local disk with `scratch:`, or ssh \(name) sudo chmod 1777 \(place)")
        } else if let type = answer.scratchFileSystem, Self.networkFileSystems.contains(type), spec.scratch == nil {
            add("scratch", .warning, "\(place) is on a network file system (\(type))", cure: "name a local disk with `scratch:`")
        } else if let free, free < Self.freeBytesWanted {
            add("scratch", .warning, "\(HumanText.bytes(free)) free in \(place)", cure: "free some space there, or name another disk with `scratch:`")
        } else {
            add("scratch", .ok, (free.map { HumanText.bytes($0) + " free in " } ?? "") + place)
        }
        if let seconds = answer.epochSeconds, let skew = Self.skewSeconds(seconds, before: before, after: after) {
            let text = "\(HumanText.duration(Double(abs(skew)))) \(skew > 0 ? "ahead" : "behind")"
            if abs(skew) > Self.skewSecondsMax {
                add("clock", .warning, text, cure: "ssh \(name) sudo timedatectl set-ntp true")
            } else {
                add("clock", .ok, skew == 0 ? "right" : text)
            }
        }
        if spec.place != .thisMachine { addBundles(spec, answer, add) }
        addStorage(spec, answer, add)
        return findings
    }

    /// Whole seconds that are certain: neither the time the answer took nor the cut second counts.
    static func skewSeconds(_ seconds: Int64, before: Int64, after: Int64) -> Int64? {
        guard before <= after, seconds < 1 << 40 else { return nil }
        if seconds * 1000 > after { return (seconds * 1000 - after) / 1000 }
        if (seconds + 1) * 1000 < before { return -(before - (seconds + 1) * 1000) / 1000 }
        return 0
    }

    private func addBundles(_ spec: HostSpec, _ answer: HostProbe.Answer, _ add: (String, HostFinding.State, String, String?) -> Void) {
        let missing = bundles.filter { !answer.bundles.contains($0.value) }.keys.sorted()
        guard !bundles.isEmpty else { return }
        add("bundle", .ok, missing.isEmpty ? "present" : "\(missing.joined(separator: " and ")) to be sent", nil)
    }

    private func addStorage(_ spec: HostSpec, _ answer: HostProbe.Answer, _ add: (String, HostFinding.State, String, String?) -> Void) {
        for (index, root) in roots.enumerated() where spec.place != .thisMachine {
            let of = samples.indices.filter { samples[$0].root == index }
            let seen = of.filter { answer.samples[$0] == HostProbe.SeenSample(sizeBytes: samples[$0].sizeBytes, digest: samples[$0].digest) }
            let others = of.filter { answer.samples[$0] != nil }.count - seen.count
            let mapped = of.first.map { samples[$0].path.display } ?? ""
            let found: String
            if of.isEmpty {
                found = "\(root): nothing in it to compare"
            } else if seen.count == of.count {
                found = "\(root): sees the same files"
            } else if others > 0 {
                found = "\(root): has other files under these names, such as \(mapped)"
            } else {
                found = "\(root): does not see it (\(mapped))"
            }
            let isSeen = !of.isEmpty && seen.count == of.count
            switch spec.storage {
            case .staged: add("storage", .ok, found + "; staged, as the host file says", nil)
            case .auto: add("storage", .ok, found + (isSeen ? "; shared" : "; staged"), nil)
            case .shared where isSeen || of.isEmpty: add("storage", .ok, found, nil)
            case .shared: add("storage", .fault, found, "mount it there, name the place with `map:`, or set `storage: staged`")
            }
        }
    }

    /// What a connection that failed says of a host.
    static func finding(_ error: SSHError) -> HostFinding {
        let name =
            switch error {
            case .unreachable, .timedOut, .lost, .system, .cancelled, .busy: "reachable"
            case .hostKeyUnknown, .hostKeyChanged, .hostKeyRevoked: "host key"
            case .authenticationRefused, .tooManyKeys: "login"
            case .notSupported, .configuration, .negotiation: "connection"
            case .commandFailed: "shell"
            }
        return HostFinding(name: name, state: .fault, found: error.fault, cure: error.cure)
    }
}
