import JobModel
import LinuxSystem

/// What the main thread tells the one that prints; never waits for it.
final class PrintingMark: Sendable {
    /// Lines of a program that still runs.
    struct LiveLines: Sendable {
        var attempt: Attempt
        var stream: ProgramStream
        var bytes: [UInt8]
    }

    /// How far the job is.
    struct News: Sendable {
        /// All tasks below this index have their final end.
        var endedBelow = 0
        /// No task ends any more.
        var isLast = false
    }

    /// What programs that ended printed and nobody has taken yet.
    struct Waiting: Sendable {
        var byteCount: UInt64 = 0
        /// All tasks below this index are printed; 0 where they are not printed in the order of the plan.
        var printedBelow = 0
    }

    private struct Source: Hashable {
        var attempt: Attempt
        var stream: ProgramStream
    }

    private struct State: Sendable {
        var news = News()
        var hasNews = false
        var isAbandoned = false
        var waiting = Waiting()
        var lines: [LiveLines] = []
        var linesByteCount = 0
        /// Of these a part had no room: what follows it is printed when their task has ended.
        var cut: Set<Source> = []
    }

    /// Lines wait for a slow reader of standard output up to this.
    static let linesBytesMax = 4 << 20

    private let state = Monitor(State())

    // MARK: The main thread

    /// Some tasks ended; those below this index all.
    func advance(to index: Int) {
        state.update { state in
            state.news.endedBelow = index
            state.hasNews = true
        }
    }

    /// So much more is to be printed.
    func expect(byteCount: UInt64) { state.update { $0.waiting.byteCount += byteCount } }

    var waiting: Waiting { state.update { $0.waiting } }

    /// Hands over what a program printed while it runs, or nothing where there is no room.
    func add(_ lines: LiveLines) {
        state.update { state in
            let source = Source(attempt: lines.attempt, stream: lines.stream)
            if state.cut.contains(source) { return }
            guard state.linesByteCount + lines.bytes.count <= Self.linesBytesMax else {
                state.cut.insert(source)
                return
            }
            state.lines.append(lines)
            state.linesByteCount += lines.bytes.count
            state.hasNews = true
        }
    }

    /// No task ends any more: end when all that can be printed is.
    func finish() {
        state.update { state in
            state.news.isLast = true
            state.hasNews = true
        }
    }

    /// End before the next task.
    func abandon() { state.update { $0.isAbandoned = true } }

    // MARK: The printing thread

    var isAbandoned: Bool { state.update { $0.isAbandoned } }

    /// Waits for something new; nil when it is abandoned.
    func wait() -> News? {
        state.wait { state -> News?? in
            if state.isAbandoned { return .some(nil) }
            guard state.hasNews else { return nil }
            state.hasNews = false
            return state.news
        }
    }

    /// So much of what was expected is printed, and all tasks below this index, if that is known.
    func printed(byteCount: UInt64 = 0, below index: Int? = nil) {
        state.update { state in
            state.waiting.byteCount -= min(byteCount, state.waiting.byteCount)
            if let index { state.waiting.printedBelow = index }
        }
    }

    func takeLines() -> [LiveLines] {
        state.update { state in
            defer { (state.lines, state.linesByteCount) = ([], 0) }
            return state.lines
        }
    }

    /// A task has ended; nothing more comes of its attempts.
    func forget(_ task: TaskIndex) {
        state.update { state in
            if !state.cut.isEmpty { state.cut = state.cut.filter { $0.attempt.task != task } }
        }
    }
}
