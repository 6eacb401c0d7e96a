import JobModel
import Planning
import SeededNumbers
import Testing

@Suite("Patterns")
struct GlobTests {
    @Test(
        "What a pattern names",
        arguments: [
            ("*.jpg", ["a.jpg", "x/y/a.jpg", ".jpg"], ["a.JPG", "a.jpg/b", "a.jpgx"]),
            ("IMG_????.*", ["IMG_1234.jpg", "d/IMG_abcd."], ["IMG_123.jpg", "IMG_12345.jpg"]),
            ("[a-c]x", ["ax", "cx"], ["dx", "x", "aax"]), ("[!a-c]x", ["dx", "-x"], ["ax", "x"]), ("[]]x", ["]x"], ["x"]),
            ("[a-]x", ["-x", "ax"], ["bx"]), ("[\\]a]", ["]", "a"], ["\\"]), ("a\\*b", ["a*b"], ["axb"]), ("\\[x", ["[x"], ["x"]),
            ("raw/*.dng", ["raw/1.dng"], ["x/raw/1.dng", "raw/x/1.dng", "1.dng"]), ("/*.dng", ["1.dng"], ["raw/1.dng"]),
            ("**/raw/*", ["raw/1", "a/raw/1", "a/b/raw/1"], ["raw", "araw/1", "raw/a/1"]),
            ("a/**/b", ["a/b", "a/x/b", "a/x/y/b"], ["ab", "a/xb", "b"]), ("a/**", ["a/b", "a/b/c"], ["a", "b/a/c"]),
            ("**", ["a", "a/b"], []),
            ("a**b", ["ab", "axxb", "d/ab"], ["a/b"]), ("**/a*b/**/c", ["ab/c", "x/axb/y/c", "ab/ab/ab/c"], ["ab/x", "a/b/c"]),
            ("*a*b*c", ["abc", "xaxbxc", "aabbcc"], ["acb", "ab"]), ("Ärger*", ["Ärger.jpg"], ["Arger.jpg"]),
        ])
    func table(_ pattern: String, _ named: [String], _ others: [String]) throws {
        let glob = try Glob(pattern)
        for name in named { #expect(glob.matches(RawPath(name)), "\(pattern) names \(name)") }
        for name in others { #expect(!glob.matches(RawPath(name)), "\(pattern) does not name \(name)") }
    }

    @Test("A slash at the end means folders only")
    func folders() throws {
        let glob = try Glob("thumbs/")
        #expect(glob.matches(RawPath("a/thumbs"), isFolder: true))
        #expect(!glob.matches(RawPath("a/thumbs")))
    }

    @Test(
        "Broken patterns are refused with their place",
        arguments: [
            ("a[bc", "pattern 'a[bc', byte 2: this [ has no ]; a bracket itself is written \\["),
            ("[z-a]", "pattern '[z-a]', byte 3: this range ends before it begins"),
            ("a\\", "pattern 'a\\', byte 2: nothing follows the backslash"), ("", "pattern '', byte 1: it is empty"),
            ("/", "pattern '/', byte 1: it is empty"),
        ])
    func broken(_ pattern: String, _ line: String) {
        do throws(PlanningError) {
            _ = try Glob(pattern)
            Issue.record("\(pattern) was read")
        } catch { #expect(error.description == line) }
    }

    /// Plain backtracking over the definition.
    private func oracle(_ pattern: ArraySlice<UInt8>, _ text: ArraySlice<UInt8>, atStart: Bool = true) -> Bool {
        guard let first = pattern.first else { return text.isEmpty }
        let slash = UInt8(ascii: "/")
        if first == UInt8(ascii: "*") {
            let stars = pattern.prefix { $0 == first }.count
            let rest = pattern.dropFirst(stars)
            if stars == 2, atStart, rest.isEmpty { return true }
            if stars == 2, atStart, rest.first == slash {
                let inner = rest.dropFirst()
                if oracle(inner, text) { return true }
                return text.indices.contains { text[$0] == slash && oracle(inner, text[($0 + 1)...]) }
            }
            var index = text.startIndex
            while true {
                if oracle(rest, text[index...], atStart: false) { return true }
                guard index < text.endIndex, text[index] != slash else { return false }
                index += 1
            }
        }
        guard let byte = text.first else { return false }
        guard first == UInt8(ascii: "?") ? byte != slash : byte == first else { return false }
        return oracle(pattern.dropFirst(), text.dropFirst(), atStart: first == slash)
    }

    @Test("All short patterns match all short paths as the definition says", .timeLimit(.minutes(1)))
    func exhaustive() throws {
        func words(_ alphabet: String, _ longest: Int) -> [[UInt8]] {
            var (all, last): ([[UInt8]], [[UInt8]]) = ([], [[]])
            for _ in 0..<longest {
                last = last.flatMap { word in alphabet.utf8.map { word + [$0] } }
                all += last
            }
            return all
        }
        let texts = words("ab/", 5).filter { $0.first != 0x2F && $0.last != 0x2F }
        var random = SeededNumbers(seed: 2)
        let shortPatterns =
            words("ab*/?", 4)
            + (0..<2000).map { _ in (0..<(5 + random.below(6))).map { _ in Array("ab**/?/".utf8)[random.below(7)] } }
        for pattern in shortPatterns where pattern.contains(0x2F) && pattern.last != 0x2F && pattern.first != 0x2F {
            let glob = try Glob(String(decoding: pattern, as: UTF8.self))
            let wrong = texts.filter { glob.matches(RawPath(bytes: $0)) != oracle(pattern[...], $0[...]) }
            #expect(
                wrong.isEmpty,
                "\(String(decoding: pattern, as: UTF8.self)) and \(wrong.first.map { String(decoding: $0, as: UTF8.self) } ?? "")"
            )
        }
    }

    @Test("Patterns built to stall a matcher do not", .timeLimit(.minutes(1)))
    func hostile() throws {
        let letters = RawPath(bytes: [UInt8](repeating: UInt8(ascii: "a"), count: 4000))
        #expect(try !Glob(String(repeating: "*a", count: 400) + "b").matches(letters))
        let deep = RawPath(String(repeating: "a/", count: 2000) + "a")
        #expect(try !Glob(String(repeating: "**/*a/", count: 160) + "b").matches(deep))
        #expect(try !Glob("**/" + String(repeating: "*/", count: 400) + "b").matches(deep))
    }

    @Test("Random patterns are read or refused, never a trap", .timeLimit(.minutes(1)))
    func fuzz() {
        var random = SeededNumbers(seed: 4)
        let alphabet = Array("ab*?[]!-\\/^é\u{7F}").map(String.init)
        var readCount = 0
        for _ in 0..<25_000 {
            let pattern = (0..<random.below(12)).map { _ in alphabet[random.below(alphabet.count)] }.joined()
            guard let glob = try? Glob(pattern) else { continue }
            readCount += 1
            let bytes = (0..<random.below(8)).map { _ in Array("ab/[-\\".utf8)[random.below(6)] }
            _ = glob.matches(RawPath(bytes: bytes), isFolder: random.below(2) == 0)
        }
        #expect(readCount > 2_000)
    }
}
