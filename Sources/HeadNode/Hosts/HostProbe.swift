import JobModel

/// Asks a host what it is, with a script that any POSIX shell runs, and reads what it says.
///
/// The script goes to `/bin/sh` as standard input, so that no login shell reads it. Tools that a host may lack leave their answer out.
struct HostProbe {
    static let command = "exec /bin/sh -s"

    /// Some of an input root, to find out whether a host sees the same files.
    struct Sample: Sendable {
        var root: Int
        /// As the host would call it.
        var path: RawPath
        /// The first `headBytes` of it.
        var digest: String
        var sizeBytes: UInt64
        static let headBytes = 65_536
    }

    var scratch: RawPath?
    /// Names of bundles' folders.
    var bundles: [String]
    var samples: [Sample]

    /// What a host answered; nil is what it did not say.
    struct Answer: Equatable, Sendable {
        var epochSeconds: Int64?
        var system: String?
        var machine: String?
        var hostname: String?
        var user: String?
        var cpus: Int?
        var memoryBytes: UInt64?
        var load: String?
        /// Such as `glibc 2.36`; other C libraries say other words or nothing.
        var libc: String?
        var libvips = false
        /// The folder for scratch, or the nearest one above it that is there.
        var scratchPlace: String?
        var scratchIsWritable = false
        var scratchFileSystem: String?
        var scratchFreeBytes: UInt64?
        /// Of those asked for, by name.
        var bundles: Set<String> = []
        /// Of those asked for, by place; nil in place of what cannot be read.
        var samples: [Int: SeenSample] = [:]
    }

    struct SeenSample: Equatable, Sendable {
        var sizeBytes: UInt64
        var digest: String
    }

    /// The script; answers stand between two lines `mark`, since start-up files of shells may print what they like.
    func script(mark: String) -> [UInt8] {
        var lines: [UInt8] = []
        func line(_ text: String) { lines += Array(text.utf8) + [0x0A] }
        line(
            """
            LC_ALL=C; export LC_ALL; PATH=$PATH:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin
            say() { [ -z "$2" ] || echo "$1 $2"; }
            echo; echo \(mark)
            say time "$(date +%s)"
            say system "$(uname -s)"; say machine "$(uname -m)"; say name "$(uname -n)"; say user "$(id -un)"
            say cpus "$(nproc 2>/dev/null || getconf _NPROCESSORS_ONLN 2>/dev/null)"
            while read -r key value unit; do [ "$key" != MemTotal: ] || say memory "$value"; done </proc/meminfo
            read -r load rest </proc/loadavg; say load "$load"
            say libc "$(getconf GNU_LIBC_VERSION 2>/dev/null)"
            case $(ldconfig -p 2>/dev/null) in *libvips.so.42*) say libvips yes;; esac
            """)
        lines += Array("place=".utf8) + (scratch.map(Self.quoted) ?? Array(#"/var/tmp/quire-$(id -u)"#.utf8)) + [0x0A]
        line(
            #"""
            while [ ! -d "$place" ] && [ -n "$place" ]; do place=${place%/*}; done; place=${place:-/}
            say scratch "$place"; [ ! -w "$place" ] || say writable yes
            say filesystem "$(stat -f -c %T "$place" 2>/dev/null)"
            df -Pk "$place" 2>/dev/null | { read -r header; read -r device blocks used free rest; say free "$free"; }
            """#)
        for bundle in bundles {
            line(
                """
                for place in "$HOME/.cache/quire" "/var/tmp/quire-$(id -u)/bundles" "/dev/shm/quire-$(id -u)/bundles"; do \
                [ ! -d "$place/\(bundle)" ] || say bundle \(bundle); done
                """)
        }
        for (index, sample) in samples.enumerated() {
            lines += Array("f=".utf8) + Self.quoted(sample.path) + [0x0A]
            line(#"[ ! -r "$f" ] || say sample "\#(index) $(wc -c <"$f") $(head -c \#(Sample.headBytes) "$f" | sha256sum | cut -c1-64)""#)
        }
        line("echo \(mark)")
        return lines
    }

    /// Nil when the host's shell ran no script.
    static func answer(in output: [UInt8], mark: String) -> Answer? {
        let lines = output.split(separator: 0x0A).map { String(decoding: $0, as: UTF8.self) }
        guard let first = lines.firstIndex(of: mark), let last = lines.lastIndex(of: mark), first < last else { return nil }
        var answer = Answer()
        for line in lines[(first + 1)..<last] {
            guard let space = line.firstIndex(of: " ") else { continue }
            let value = String(line[line.index(after: space)...])
            switch line[..<space] {
            case "time": answer.epochSeconds = Int64(value)
            case "system": answer.system = value
            case "machine": answer.machine = value
            case "name": answer.hostname = value
            case "user": answer.user = value
            case "cpus": answer.cpus = Int(value).flatMap { $0 > 0 ? $0 : nil }
            case "memory": answer.memoryBytes = kibibytes(value)
            case "load": answer.load = value
            case "libc": answer.libc = value
            case "libvips": answer.libvips = true
            case "scratch": answer.scratchPlace = value
            case "writable": answer.scratchIsWritable = true
            case "filesystem": answer.scratchFileSystem = value
            case "free": answer.scratchFreeBytes = kibibytes(value)
            case "bundle": answer.bundles.insert(value)
            case "sample":
                let words = value.split(separator: " ")
                if words.count == 3, let index = Int(words[0]), let size = UInt64(words[1]) {
                    answer.samples[index] = SeenSample(sizeBytes: size, digest: String(words[2]))
                }
            default: break
            }
        }
        return answer
    }

    private static func kibibytes(_ text: String) -> UInt64? { UInt64(text).flatMap { $0 < 1 << 50 ? $0 << 10 : nil } }

    /// One word for a POSIX shell, whatever bytes the name has.
    static func quoted(_ path: RawPath) -> [UInt8] {
        var word: [UInt8] = [0x27]
        for byte in path.bytes { word += byte == 0x27 ? Array(#"'\''"#.utf8) : [byte] }
        return word + [0x27]
    }
}
