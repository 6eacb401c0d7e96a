import Foundation
import JobModel
import Programs
import Testing

/// Every text is run by the shells of this machine: what matters is what they make of it.
@Suite("Texts for a shell")
struct ShellTests {
    static let nasty: [[UInt8]] =
        [
            "plain", "two words", "it's", "\"quoted\"", "$(touch pwned)", "`touch pwned`", "${HOME}", "$HOME", "back\\slash", "ends\\", "\\", "'", "\"",
            "''", "-n", "--help", "new\nline", "\n", "a;touch pwned", "a|b&c", "*", "[a-z]?", "~", "#comment", "!bang", "{}", "{a,b}", "%s\\n", "\t",
            "a'b\"c`d$e\\f", "'; touch pwned; '", "\"; touch pwned; \"", "$'\\x41'", "été", "\u{1F600}", "(x)", "<in", ">out", "=", "a=b", "", "$", "$$", "\r",
        ].map { Array($0.utf8) } + [[0xFF, 0xFE], [0x80, 0x81, 0x82, 0x88], (1...255).map { UInt8($0) }]

    private static let shells = ["/bin/sh", "/bin/bash"].filter { FileManager.default.isExecutableFile(atPath: $0) }

    /// What the command prints when `shell` runs it in an empty folder, which must stay empty.
    private func run(_ text: String, _ argument: [UInt8], shell: String, number: Int64 = 7) throws -> [UInt8] {
        let spec = try ProgramSpec(words: [Array(text.utf8)], usesShell: true, argumentKind: .text)
        let line = try spec.commandLine(ProgramValues(argument: RawPath(bytes: argument), number: number))
        #expect(line.count == 3 && line[0] == Array("/bin/sh".utf8) && line[1] == Array("-c".utf8))
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { #expect(throws: Never.self) { try FileManager.default.removeItem(at: folder) } }
        // The text travels in a file: Foundation passes no arguments that are not UTF-8.
        let script = folder.appendingPathComponent("script")
        try Data(line[2]).write(to: script)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: shell)
        process.arguments = [script.path]
        process.currentDirectoryURL = folder
        process.environment = ["HOME": "/home", "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"]
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = FileHandle.nullDevice
        try process.run()
        let printed = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0, "\(shell): \(String(decoding: line[2], as: UTF8.self))")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["script"], "a name was taken for code")
        return Array(printed)
    }

    @Test(
        "A value reaches the program byte for byte wherever it stands, and none is taken for code",
        arguments: [
            ("printf %s {}", ""), ("printf %s '{}'", ""), ("printf %s \"{}\"", ""), ("printf %s a{}b'c{}d'\"e{}f\"", "mixed"),
            ("printf %s \"$(printf %sx {})\"", "x"), ("printf %s \"$(printf %s \"{}\"; printf x)\"", "x"), ("x={}; printf %s \"$x\"", ""),
            ("printf %s \"it's {}\"", "it's "), ("printf %s 'say \"{}\"'", "said"), ("# it's a comment\nprintf %s {}", ""),
            ("printf %s \\\"{}\\\"", "said quotes"), ("printf %s $((1+1)){}", "2"), ("printf %s ${x:-y}{}", "y"), ("(printf %s {})", ""),
            ("case {} in x) ;; *) printf %s {};; esac", ""), ("printf %s \"$((2*(3+1)))\"{}", "8"), ("printf %s `echo it`{}", "it"),
            ("echo > /dev/null \\\n# it's\nprintf %s {}", ""), ("printf %s \"a\\\"{}\"", "a\""), ("printf %s 'a$'{}", "a$"), ("printf %s \"$\"{}", "$"),
            ("printf %s a#'{}'", "a#"), ("printf %s \"${HOME#/}\"{}", "home"),
        ])
    func exact(_ text: String, _ around: String) throws {
        for shell in Self.shells {
            for value in Self.nasty {
                let printed = try run(text, value, shell: shell)
                let expected: [UInt8] =
                    switch around {
                    case "mixed": Array("a".utf8) + value + Array("bc".utf8) + value + Array("de".utf8) + value + Array("f".utf8)
                    case "said": Array("say \"".utf8) + value + Array("\"".utf8)
                    case "said quotes": Array("\"".utf8) + value + Array("\"".utf8)
                    case "x": value + Array("x".utf8)
                    default: Array(around.utf8) + value
                    }
                #expect(printed == expected, "\(shell) \(text) with \(value)")
            }
        }
    }

    @Test("A number can be counted with, and never becomes a redirection")
    func numbers() throws {
        for shell in Self.shells {
            #expect(try run("printf %s $(( {#} * 2 ))", [], shell: shell) == Array("14".utf8))
            #expect(try run("printf %s \"$(({} + {#}))\"", Array("-3".utf8), shell: shell) == Array("4".utf8))
            #expect(try run("printf %s {#}>/dev/stdout", [], shell: shell, number: 2) == Array("2".utf8))
            #expect(try run("cat <<END\n{#4}\nEND", [], shell: shell) == Array("0007\n".utf8))
            #expect(try run("printf %s `printf %s {#}`", [], shell: shell) == Array("7".utf8))
        }
        let spec = try ProgramSpec(words: [Array("echo $(({} + 1))".utf8)], usesShell: true, argumentKind: .text)
        #expect(throws: ProgramError.self) { try spec.commandLine(ProgramValues(argument: RawPath("a[$(id)]"), number: 1)) }
    }

    @Test(
        "Where a value cannot be quoted it is refused, with the way to do it",
        arguments: [
            "echo `ls {}`", "cat <<END\n{}\nEND", "cat << 'END'; echo {}", "echo # {}", "echo ${x:-{}}", "echo ${{}}", "echo \\{}", "echo \"\\{}\"", "echo ${}",
            "echo \"${}\"", "echo $'a'{}", "echo $(case x in a) echo {};; esac)", "echo ${x:-\"}{}", "echo ${x#'}'}{}", "echo $((\"1\"))) {}", "echo $((1) {}",
            "echo \"`echo {}`\"", "echo ${#}", "echo \"$(echo `ls {}`)\"", "echo $((1 # ))\n)) {}", "echo $\\\n(case {}",
        ])
    func refused(_ text: String) {
        let error = #expect(throws: ProgramError.self) { try ProgramSpec(words: [Array(text.utf8)], usesShell: true) }
        #expect("\(error as Any)".contains("cannot be filled in safely") && "\(error as Any)".contains("sh -c 'SCRIPT' sh {}"), "\(error as Any)")
    }

    @Test(
        "A text that ends within quotes is refused before any task",
        arguments: [("echo 'a {}", "single quotes"), ("echo \"{}", "double quotes"), ("echo $(ls {}", "$( )"), ("echo {} $((1 + 2", "$(( ))"), ("echo {} ${x", "${ }"), ("echo {} `ls", "`...`")])
    func unclosed(_ text: String, _ what: String) {
        #expect(throws: ProgramError.unclosedShellText(what)) { try ProgramSpec(words: [Array(text.utf8)], usesShell: true) }
    }

    @Test("Words are joined by spaces, and the path comes last when none has a placeholder")
    func joined() throws {
        let spec = try ProgramSpec(words: ["wc", "-l", "<"].map { Array($0.utf8) }, usesShell: true)
        #expect(try spec.commandLine(ProgramValues(argument: RawPath("a b"), number: 1)).last == Array("wc -l < 'a b'".utf8))
    }
}
