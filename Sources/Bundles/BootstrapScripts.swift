internal import JobModel

/// The lines of shell that look for an agent on a host, bring it there and start it.
///
/// The user's login shell may be any: each script is one word in single quotes, handed to /bin/sh. That word holds no single
/// quote (none can be quoted alike everywhere), no backslash (fish reads those), no exclamation mark and no newline (csh).
/// Used are a POSIX shell's own commands and uname, id, wc, cat, head, tail, mkdir, chmod, mv and rm.
struct BootstrapScripts {
    /// The bundle's folder, without the folder it lies in.
    let name: String
    let files: [BundleEntry]

    /// Where an agent may lie, the best first. Home folders may be full, read-only or shared by many hosts, /var/tmp may be
    /// mounted noexec, and memory is last.
    static let places = ["${HOME:-/none}/.cache/quire", "/var/tmp/quire-$u/bundles", "/dev/shm/quire-$u/bundles"]

    /// What people read instead of the variables.
    static let placeNames = ["~/.cache/quire", "/var/tmp", "/dev/shm"]

    /// Nil where a file's name would mean something to a shell.
    init?(name: String, files: [BundleEntry]) {
        let allowed = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+-/".utf8)
        guard files.allSatisfy({ $0.name.bytes.allSatisfy(allowed.contains) && $0.name.bytes.first != UInt8(ascii: "-") }) else { return nil }
        self.name = name
        self.files = files
    }

    /// Starts the agent, from one place or from the first that has it; 127 where none has.
    func start(from place: Int? = nil) -> String {
        let places = place.map { [Self.places[$0]] } ?? Self.places
        return quoted(
            """
            unset LD_PRELOAD LD_AUDIT; u=$(id -u); for p in \(list(places)); do d="$p/\(name)"; \
            if [ -f "$d/ld.so" ] && \(isOurs); then true 2>/dev/null >"$d/.used"; exec \(agent("$d")); fi; done; exit 127
            """)
    }

    /// Prints, behind a line `mark`: kernel and processor, then for each place that has the bundle its number, the sizes of
    /// its files as wc(1) tells them, and what the agent says of its version.
    func probe(mark: String) -> String {
        quoted(
            """
            set -f; u=$(id -u); unset LD_PRELOAD LD_AUDIT; echo; echo \(mark); echo system $(uname -s) $(uname -m); i=0; for p in \(list(Self.places)); do \
            d="$p/\(name)"; if [ -d "$d" ] && \(isOurs); then echo at $i; \
            echo sizes $(cd "$d" && wc -c \(files.map { word($0.name) }.joined(separator: " ")) 2>/dev/null); \
            v=$(\(agent("$d")) --version 2>/dev/null </dev/null); echo version $? $v; fi; i=$((i + 1)); done; echo \(mark)
            """)
    }

    /// Takes all files, one behind the other, from standard input and makes the bundle's folder of them; says how far it came.
    ///
    /// The folder appears whole or not at all. When two heads are at it at once, one's is dropped, and both are the same.
    /// - Parameter replaces: an existing folder is a damaged one.
    func install(at place: Int, replaces: Bool, mark: String) -> String {
        var offset: UInt64 = 1
        var cuts: [String] = []
        for file in files {
            cuts.append("c \(offset) \(file.sizeBytes) \(word(file.name))")
            offset += file.sizeBytes
        }
        let folders = Set(files.map { $0.name.parent }).filter { !$0.isEmpty }.sorted().map { "\"$t/\(word($0))\"" }
        let settle =
            replaces
            ? "if [ -e \"$d\" ]; then mv \"$d\" \"$p/.gone-\(mark)\"; fi && mv \"$t\" \"$d\""
            : "if [ -e \"$d\" ]; then true; else mv \"$t\" \"$d\"; fi"
        return quoted(
            """
            set -f; umask 077; unset LD_PRELOAD LD_AUDIT; u=$(id -u); p="\(Self.places[place])"; d="$p/\(name)"; t="$p/.up-\(mark)"; s=folder; \
            c() { tail -c "+$1" "$t/up" | head -c "$2" >"$t/$3" && chmod 700 "$t/$3"; }; \
            mkdir -p "$p" && \(isOurPlace) && mkdir "$t" && s=upload && cat >"$t/up" && [ $(wc -c <"$t/up") -eq \(offset - 1) ] && \
            s=unpacking && mkdir -p \((folders + ["\"$t\""]).joined(separator: " ")) && \(cuts.joined(separator: " && ")) && rm "$t/up" && \
            s=start && v=$(\(agent("$t")) --version </dev/null) && true >"$t/.used" && s=rename && \(settle) && s=done; e=$?; cat >/dev/null; \
            rm -rf "$t" "$p/.gone-\(mark)" "$d/.up-\(mark)"\(replaces ? "; if [ $s = done ]; then true; else rm -rf \"$d\"; fi" : ""); \
            echo; echo \(mark); echo stage $s $e; echo version $e $v; echo \(mark)
            """)
    }

    /// A folder somebody else made in a place that all may write to is none of ours; nor is one behind a link there, which
    /// whoever made it can turn elsewhere once we have looked.
    private var isOurPlace: String {
        #"case "$p" in */bundles) if [ -L "${p%/*}" ]; then false; else true; fi;; esac && [ -O "$p" ] && [ -O "$p/.." ]"#
    }

    private var isOurs: String { #"\#(isOurPlace) && [ -O "$d" ]"# }

    private func agent(_ folder: String) -> String {
        let start = [BundleLayout.loader, BundleLayout.libraries, BundleLayout.agent].map { "\"\(folder)/\(word($0))\"" }
        return "\(start[0]) --inhibit-cache --library-path \(start[1]) \(start[2])"
    }

    private func list(_ places: [String]) -> String { places.map { "\"\($0)\"" }.joined(separator: " ") }

    private func word(_ name: RawPath) -> String { String(decoding: name.bytes, as: UTF8.self) }

    private func quoted(_ script: String) -> String {
        precondition(!script.contains { "'\\!\n\r".contains($0) }, "a script that not every shell passes on unchanged")
        return "exec /bin/sh -c '\(script)'"
    }
}
