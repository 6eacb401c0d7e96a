import Testing

@testable import TerminalUI

@Suite("Progress of a command that runs no job")
struct CountProgressTests {
    @Test("On a terminal one line stands, is as wide as the terminal at most, and goes before anything else is written")
    func terminal() {
        var progress = CountProgress("pictures", of: 100_000, isTerminal: true, columns: 80)
        var screen = Screen(columns: 80)
        screen.write(progress.note(done: 10, atSeconds: 0.9))
        #expect(screen.lines == [])
        screen.write(progress.note(done: 1_000, atSeconds: 1))
        #expect(screen.lines == ["1,000 of 100,000 pictures (1%), 1,000/s, about 2 min left"])
        #expect(progress.note(done: 1_100, atSeconds: 1.2) == [])
        screen.write(progress.note(done: 50_000, atSeconds: 50))
        #expect(screen.lines == ["50,000 of 100,000 pictures (50%), 1,000/s, 48–53 s left"])
        screen.write(progress.note(done: 100_000, atSeconds: 100))
        #expect(screen.lines == ["100,000 of 100,000 pictures (100%), 1,000/s"])
        screen.write(progress.clear())
        #expect(screen.lines == [])
        #expect(progress.clear() == [])

        var narrow = CountProgress("pictures", of: 100_000, isTerminal: true, columns: 20)
        screen = Screen(columns: 20)
        screen.write(narrow.note(done: 1_000, atSeconds: 2))
        #expect(screen.lines == ["1,000 of 100,000 pi"])
    }

    @Test("In a log there is a line every ten seconds, and none of what is over sooner")
    func log() {
        var progress = CountProgress("pictures", of: 3_000, isTerminal: false)
        #expect(progress.note(done: 900, atSeconds: 9) == [])
        #expect(String(decoding: progress.note(done: 1_000, atSeconds: 10), as: UTF8.self) == "1,000 of 3,000 pictures (33%), 100/s, 19–21 s left\n")
        #expect(progress.note(done: 1_900, atSeconds: 19) == [])
        #expect(progress.clear() == [])
    }

    @Test("What does not move has no rate and no end")
    func stalled() {
        var progress = CountProgress("pictures", of: 5, isTerminal: false)
        #expect(String(decoding: progress.note(done: 0, atSeconds: 10), as: UTF8.self) == "0 of 5 pictures (0%), 0/s\n")
    }
}
