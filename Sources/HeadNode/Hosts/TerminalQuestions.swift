import JobModel
import LinuxSystem
import SSHTransport
import Synchronization
import TerminalUI

/// Asks the person at the terminal for passphrases and passwords, and keeps the progress display off the terminal meanwhile; the
/// same for what programs printed.
///
/// One question, or one program's output, at a time. Answers go to `SecretKeeper` alone, which holds them in memory; they are never written anywhere.
final class TerminalQuestions: Sendable {
    private struct State {
        var isTaken = false
        /// What the display has on the terminal, as long as nothing moved it.
        var frame: StandingFrame?
        var asked = 0
        var isClosed = false
    }
    private let state = Mutex(State())
    /// Held while a person is asked, or others write.
    private let turn = Mutex(())

    /// A keeper of secrets that asks here; one that asks nobody where there is no terminal.
    func secrets() -> SecretKeeper {
        guard ControllingTerminal.canAsk else { return SecretKeeper() }
        return SecretKeeper { [self] in ask($0) }
    }

    /// Gives up a question that is open, and declines all others.
    func close() { state.withLock { $0.isClosed = true } }

    /// Performs `body`, which writes to the terminal, unless a person is being asked or a program's output is written; says whether
    /// it did. Never waits.
    ///
    /// `body` is told how often somebody was asked: what was on the terminal before has moved up by then. It returns what it leaves
    /// standing.
    func showIfFree(_ body: (_ asked: Int) -> StandingFrame?) -> Bool {
        state.withLock { state in
            if state.isTaken { return false }
            state.frame = body(state.asked)
            return true
        }
    }

    /// Performs `body`, which writes what others printed, with the progress taken away; the display shows nothing meanwhile, and
    /// nobody is asked anything.
    func print<Failure: Error>(_ body: () throws(Failure) -> Void) throws(Failure) {
        try turn.withLock { _ throws(Failure) in
            let frame = state.withLock { state in
                state.isTaken = true
                return state.frame
            }
            if let frame { Terminal.writeError(frame.erase) }
            defer {
                if let frame { Terminal.writeError(frame.draw) }
                state.withLock { $0.isTaken = false }
            }
            try body()
        }
    }

    /// Performs `body`, which writes to the terminal, once nobody is being asked.
    func show<Failure: Error>(_ body: () throws(Failure) -> Void) throws(Failure) {
        try turn.withLock { _ throws(Failure) in try body() }
    }

    private func ask(_ question: SecretKeeper.Question) -> [UInt8]? {
        turn.withLock { _ in
            let isOpen = state.withLock { state in
                guard !state.isClosed else { return false }
                state.isTaken = true
                state.frame = nil
                state.asked += 1
                return true
            }
            guard isOpen else { return nil }
            defer { state.withLock { $0.isTaken = false } }
            switch ControllingTerminal.ask(Self.text(of: question), echoes: Self.echoes(question), isGivenUp: { state.withLock { $0.isClosed } }) {
            case .line(let line):
                // As with ssh: nothing typed is no key and no password, but an answer to the server's own questions.
                if case .prompt = question { return line }
                return line.isEmpty ? nil : line
            case .none: return nil
            case .interrupted:
                close()
                return nil
            }
        }
    }

    private static func echoes(_ question: SecretKeeper.Question) -> Bool {
        if case .prompt(_, _, _, true) = question { true } else { false }
    }

    private static func text(of question: SecretKeeper.Question) -> String {
        switch question {
        case .passphrase(let key): "Enter passphrase for key '\(HumanText.harmless(key.display))': "
        case .password(let user, let host): "\(HumanText.harmless(user))'s password on \(HumanText.harmless(host)): "
        // The server's own words must not look like a question of ours.
        case .prompt(let words, let user, let host, _): "\(HumanText.harmless(user)) on \(HumanText.harmless(host)) is asked: \(HumanText.harmless(words)) "
        }
    }
}
