public import JobModel
internal import Synchronization

/// Passphrases and passwords, each asked once for all hosts and held in memory only.
public final class SecretKeeper: Sendable {
    /// What a person is asked for.
    public enum Question: Hashable, Sendable {
        case passphrase(key: RawPath)
        case password(user: String, host: String)
        /// keyboard-interactive: the server's own words.
        case prompt(String, user: String, host: String, isEchoed: Bool)
    }

    private let ask: (@Sendable (Question) -> [UInt8]?)?
    /// Held while a person is asked: the others wait for the same answer or their turn. Nil is a question declined.
    private let answers = Mutex<[Question: [UInt8]?]>([:])

    private let openedKeys = Mutex<[RawPath: [UInt8]?]>([:])

    /// - Parameter ask: called for one question at a time, on a host's thread; nil declines. Give none where there is no terminal.
    public init(ask: (@Sendable (Question) -> [UInt8]?)? = nil) {
        self.ask = ask
    }

    var canAsk: Bool { ask != nil }

    /// The answer given before, else a new one; what the server asks for itself is asked each time.
    func answer(to question: Question) -> [UInt8]? {
        guard let ask else { return nil }
        return answers.withLock { answers in
            if case .prompt = question { return ask(question) }
            if let answer = answers[question] { return answer }
            let answer = ask(question)
            answers[question] = .some(answer)
            return answer
        }
    }

    private static let passphraseTriesMax = 3

    /// The text of an encrypted key without its encryption, which `opening` does; asked for and opened by one host only.
    ///
    /// Nil when the person declined or did not know the passphrase: then nobody is asked again.
    func openedKey(_ path: RawPath, _ opening: ([UInt8]) -> [UInt8]?) -> [UInt8]? {
        guard let ask else { return nil }
        return openedKeys.withLock { keys in
            if let known = keys[path] { return known }
            var text: [UInt8]?
            for _ in 0..<Self.passphraseTriesMax {
                guard let passphrase = ask(.passphrase(key: path)) else { break }
                text = opening(passphrase)
                if text != nil { break }
            }
            keys[path] = .some(text)
            return text
        }
    }
}

/// Lets another thread give up a `connect` that is under way.
public final class Cancellation: Sendable {
    private struct State {
        var isCancelled = false
        var interrupts: [Int: @Sendable () -> Void] = [:]
        var next = 0
    }
    private let state = Mutex(State())

    public init() {}

    /// The connect ends with `.cancelled` at once; later ones too.
    public func cancel() {
        let interrupts = state.withLock { state in
            state.isCancelled = true
            defer { state.interrupts = [:] }
            return state.interrupts
        }
        for interrupt in interrupts.values { interrupt() }
    }

    var isCancelled: Bool { state.withLock { $0.isCancelled } }

    /// Calls `interrupt` when cancelled while `body` runs, at once if that is already so.
    public func whileRunning<Result, Failure: Error>(
        _ interrupt: @escaping @Sendable () -> Void, _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let key: Int? = state.withLock { state in
            if state.isCancelled { return nil }
            state.next += 1
            state.interrupts[state.next] = interrupt
            return state.next
        }
        if key == nil { interrupt() }
        defer { if let key { state.withLock { $0.interrupts[key] = nil } } }
        return try body()
    }
}
