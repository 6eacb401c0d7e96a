import Foundation
import Testing

/// A copy of the scripts beside pretended sources, with a pretended `swift`, `dpkg-query` and `apt-get` in front of the real
/// programs: what they were asked is in `asked`.
private struct PretendedMachine {
    let folder: TemporaryFolder
    var environment: [String: String]

    init(installed: Bool, swift: Bool = true) throws {
        folder = try TemporaryFolder()
        let files = FileManager.default
        // World-readable, since some scripts are run as another user.
        for name in ["tree/Sources", "bin", "else where"] {
            try files.createDirectory(at: folder.url.appending(path: name), withIntermediateDirectories: true)
        }
        try files.copyItem(at: repository.appending(path: "scripts"), to: folder.url.appending(path: "tree/scripts"))
        try Data("// one\n".utf8).write(to: folder.url.appending(path: "tree/Sources/one.swift"))
        try Data("// package\n".utf8).write(to: folder.url.appending(path: "tree/Package.swift"))
        environment = [
            "PATH": folder.path + "/bin:/usr/bin:/bin", "HOME": folder.path, "ASKED": folder.path + "/asked",
        ]
        try program("asked-of", "echo \"$*\" >>\"$ASKED\"; chmod -f 666 \"$ASKED\" || :")
        try program("dpkg-query", installed ? "echo installed" : "test -e \"$ASKED.installed\" && echo installed")
        try program("apt-get", "asked-of apt-get \"$@\"; case \" $* \" in *' install '*) : >\"$ASKED.installed\";; esac")
        try program("sudo", "asked-of sudo \"$@\"; exec \"$@\"")
        if swift {
            try program(
                "swift",
                """
                asked-of swift "$@"
                test ! -e "$ASKED.broken" || { echo 'error: broken'; exit 1; }
                mkdir -p .build/release
                for name in quire quire-agent quire-worker; do
                    printf '#!/bin/sh\\npwd\\nfor word; do printf "<%%s>" "$word"; done\\necho\\nexit 7\\n' >.build/release/$name
                    chmod +x .build/release/$name
                done
                """)
        }
        if !swift {
            // The real swift may lie beside the tools the scripts use.
            environment["PATH"] = folder.path + "/bin"
            for tool in ["bash", "sh", "env", "dirname", "readlink", "find", "sort", "sha256sum", "mktemp", "cat", "rm", "sed"] {
                try files.createSymbolicLink(atPath: folder.path + "/bin/" + tool, withDestinationPath: "/usr/bin/" + tool)
            }
        }
        try files.setAttributes([.posixPermissions: 0o777], ofItemAtPath: folder.path + "/tree")
        try files.setAttributes([.posixPermissions: 0o777], ofItemAtPath: folder.path)
    }

    private func program(_ name: String, _ body: String) throws {
        let file = folder.url.appending(path: "bin/\(name)")
        try Data("#!/bin/sh\n\(body)\n".utf8).write(to: file)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file.path(percentEncoded: false))
    }

    var asked: [String] {
        let text = (try? String(contentsOf: folder.url.appending(path: "asked"), encoding: .utf8)) ?? ""
        return text.split(separator: "\n").map(String.init)
    }

    func write(_ text: String, to path: String) throws {
        try Data(text.utf8).write(to: folder.url.appending(path: path))
    }

    /// As a user without rights, also when the tests run as root. There is no terminal.
    func asUser(_ arguments: [String]) throws -> Ended {
        let script = folder.path + "/tree/scripts/quire"
        let user = getuid() == 0 ? ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] : []
        return try run("env", user + ["setsid", "-w", script] + arguments, environment: environment)
    }

    @discardableResult
    func quire(_ arguments: [String]) throws -> Ended {
        try run(
            folder.path + "/tree/scripts/quire", arguments, in: folder.url.appending(path: "else where"), environment: environment)
    }
}

@Suite("scripts/quire")
struct FirstRunTests {
    @Test("The first run builds; later ones start the program at once, and an edit builds again")
    func buildsOnce() throws {
        let machine = try PretendedMachine(installed: true)
        let first = try machine.quire(["run"])
        #expect(first.status == 7)
        #expect(first.errors.contains("Building quire"))
        #expect(machine.asked == ["swift build -c release --static-swift-stdlib"])

        let second = try machine.quire(["run"])
        #expect(second.status == 7)
        #expect(second.errors == "")
        #expect(machine.asked.count == 1)

        try machine.write("// longer now\n", to: "tree/Sources/one.swift")
        try machine.quire(["run"])
        #expect(machine.asked.count == 2)
        try machine.write("// new\n", to: "tree/Sources/two.swift")
        try machine.quire(["run"])
        #expect(machine.asked.count == 3)
        try FileManager.default.removeItem(atPath: machine.folder.path + "/tree/.build/release/quire-worker")
        try machine.quire(["run"])
        #expect(machine.asked.count == 4)
    }

    @Test("The program gets the user's folder, arguments and nothing on standard output before its own")
    func passesThrough() throws {
        let machine = try PretendedMachine(installed: true)
        let words = ["run", "a b", "", "it's", "\"*\"", "-", "--yes"]
        let ended = try machine.quire(["--yes"] + words)
        #expect(ended.lines == [machine.folder.path + "/else where", words.map { "<\($0)>" }.joined()])
    }

    @Test("It works through a symbolic link from any folder")
    func throughLink() throws {
        let machine = try PretendedMachine(installed: true)
        let link = machine.folder.path + "/else where/q"
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "../tree/scripts/quire")
        let ended = try run(link, ["doctor"], in: URL(filePath: "/"), environment: machine.environment)
        #expect(ended.lines == ["/", "<doctor>"])
    }

    @Test("A failed build shows why, starts nothing, and is tried again")
    func failedBuild() throws {
        let machine = try PretendedMachine(installed: true)
        try machine.write("", to: "asked.broken")
        for _ in 1...2 {
            let ended = try machine.quire(["run"])
            #expect(ended.status == 1)
            #expect(ended.errors.contains("error: broken"))
            #expect(ended.output == "")
        }
        #expect(machine.asked.count == 2)
    }

    @Test("Without Swift it says where to get it and exits 2")
    func withoutSwift() throws {
        let machine = try PretendedMachine(installed: false, swift: false)
        let ended = try machine.quire(["run"])
        #expect(ended.status == 2)
        #expect(ended.errors.contains("https://www.swift.org/install"))
        #expect(machine.asked == [])
    }

    @Test("A user without a terminal is shown the apt line, and nothing is installed")
    func showsLine() throws {
        let machine = try PretendedMachine(installed: false)
        let ended = try machine.asUser(["run"])
        #expect(ended.status == 2)
        #expect(ended.errors.contains("sudo apt-get install -y --no-install-recommends") && ended.errors.contains("libvips-dev"))
        #expect(ended.errors.contains("--yes"))
        #expect(machine.asked == [])
    }

    @Test("--yes and CI install through sudo, showing the line", arguments: [true, false])
    func installs(byFlag: Bool) throws {
        var machine = try PretendedMachine(installed: false)
        if !byFlag { machine.environment["CI"] = "true" }
        let ended = try machine.asUser(byFlag ? ["--yes", "run"] : ["run"])
        #expect(ended.status == 7, "\(ended.errors)")
        #expect(ended.errors.contains("sudo apt-get install"))
        #expect(machine.asked.contains { $0.hasPrefix("sudo ") && $0.contains("apt-get") && $0.contains("libvips-dev") })
        #expect(machine.asked.last == "swift build -c release --static-swift-stdlib")
        #expect(ended.lines.last == "<run>")
    }
}
