private import Glibc
private import JobModel
private import WireProtocol

/// The worker's loop: commands on descriptor 0, messages on descriptor 1, until the agent closes its end.
///
/// No magic bytes: the agent starts the worker itself and both are of one build or agree by `Hello`. A file's failure is a
/// report; the worker ends only with its input, a setup it cannot work with, bytes it cannot understand, or no memory left.
public enum WorkerMain {
    /// Returns the exit status: 0 at the end of input, 1 when the agent cannot be understood or answered,
    /// 2 for an unusable setup, 77 when memory ran out over an order.
    public static func run() -> Int32 {
        // Nothing a library prints may get between the frames.
        let output = dup(STDOUT_FILENO)
        guard output >= 0, dup2(STDERR_FILENO, STDOUT_FILENO) >= 0 else { return 1 }
        signal(SIGPIPE, SIG_IGN)
        // Default names of new files are given by mode; nothing of this process's own mask may be taken off.
        umask(0)

        var reader = FrameReader<WorkerCommand>(awaitsMagic: false)
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        var engine: ImageEngine?
        while true {
            do throws(WireError) {
                while let command = try reader.next() {
                    switch answer(to: command, with: &engine) {
                    case .nothing: continue
                    case .say(let message): guard write(Frame.encode(message), to: output) else { return 1 }
                    case .giveUp(let reason):
                        _ = write(Frame.encode(WorkerMessage.unusable(reason)), to: output)
                        return 2
                    case .outOfMemory(let text):
                        _ = write(Array("\(text)\n".utf8), to: STDERR_FILENO)
                        return 77
                    }
                }
            } catch {
                _ = write(Frame.encode(WorkerMessage.unusable("the worker cannot understand its agent: \(error)")), to: output)
                return 1
            }
            let count = read(STDIN_FILENO, &buffer, buffer.count)
            if count == 0 { return 0 }
            if count < 0 {
                if errno == EINTR { continue }
                return 1
            }
            reader.feed(buffer[..<count])
        }
    }

    private enum Answer {
        case nothing
        case say(WorkerMessage)
        case giveUp(String)
        case outOfMemory(String)
    }

    private static func answer(to command: WorkerCommand, with engine: inout ImageEngine?) -> Answer {
        switch command {
        case .hello(let hello):
            do throws(WireError) {
                _ = try hello.agreed(with: Hello(build: ImageEngine.version))
                return .nothing
            } catch {
                return .giveUp("the worker speaks protocol \(Hello.ownVersions), the agent \(hello.versions)")
            }
        case .limitTime: return .nothing
        case .setup(let setup):
            do throws(ImagingError) {
                engine = try ImageEngine(setup: setup)
                return .say(.ready(Hello(build: ImageEngine.version), version: ImageEngine.version))
            } catch {
                return .giveUp(error.text)
            }
        case .order(let order):
            guard let engine else { return .giveUp("an order came before the setup") }
            let report = engine.perform(order)
            // No verdict on the file: the agent tries it once more in a fresh worker that has the host to itself.
            if case .failed(let failure) = report.outcome, failure.reason == .memory { return .outOfMemory(failure.message) }
            return .say(.report(report))
        }
    }

    private static func write(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }
}
