import JobModel
import Planning
import Testing

@Suite("What a walk leaves out")
struct SkipRulesTests {
    private func file(_ rules: SkipRules, _ relative: String) -> SkipReason? {
        rules.reason(againstFile: RawPath("/in").appending(relative), relative: RawPath(relative))
    }

    private func folder(_ rules: SkipRules, _ relative: String) -> SkipReason? {
        rules.reason(againstFolder: RawPath("/in").appending(relative), relative: RawPath(relative))
    }

    @Test("Dot names, system folders and quire's own folders are left out; --hidden takes the first two")
    func defaults() {
        let rules = SkipRules(ownFolders: [RawPath("/in/out")])
        #expect(file(rules, "a/._x.jpg") == .hidden)
        #expect(folder(rules, ".snapshot") == .hidden)
        #expect(folder(rules, "a/@eaDir") == .systemFolder)
        #expect(folder(rules, "lost+found") == .systemFolder)
        #expect(file(rules, "lost+found") == nil)
        #expect(folder(rules, "out") == .insideOutput)
        #expect(file(rules, "out/x.jpg") == .insideOutput)
        #expect(folder(rules, "output") == nil)
        let all = SkipRules(takesHidden: true, ownFolders: [RawPath("/in/out")])
        #expect(file(all, ".x.jpg") == nil && folder(all, "@eaDir") == nil && folder(all, "out") == .insideOutput)
    }

    @Test("Excludes win over includes and close whole folders")
    func patterns() throws {
        let rules = SkipRules(includes: [try Glob("*.jpg"), try Glob("keep/**")], excludes: [try Glob("raw"), try Glob("bad*")])
        #expect(file(rules, "a/x.jpg") == nil)
        #expect(file(rules, "a/x.png") == .excluded)
        #expect(file(rules, "keep/x.png") == nil)
        #expect(file(rules, "bad.jpg") == .excluded)
        #expect(folder(rules, "a/raw") == .excluded)
        #expect(folder(rules, "a") == nil)
    }

    @Test("Every reason has a text of its own")
    func texts() {
        let reasons: [SkipReason] =
            [.hidden, .systemFolder, .insideOutput, .madeByQuire, .excluded, .notImage, .symlinkLoop, .duplicate]
            + SpecialFile.allCases.map(SkipReason.special)
        #expect(Set(reasons.map(\.text)).count == reasons.count)
    }
}
