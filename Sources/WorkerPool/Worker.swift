import JobModel
import LinuxSystem
import WireProtocol

/// One worker process and our ends of its pipes. Owned by the pool.
final class Worker {
    var process: ChildProcess
    /// Nil once closed, which asks the worker to end.
    var input: OpenFile?
    let output: OpenFile
    let errors: OpenFile
    var reader = FrameReader<WorkerMessage>(awaitsMagic: false)
    var outgoing = OutgoingBytes(bytesMax: Frame.payloadBytesMax + (1 << 20))
    var isBlocked = false
    var outputHasEnded = false
    var errorsHaveEnded = false
    /// After a first wrong message nothing more is read as one.
    var hasMisbehaved = false
    /// When it is killed, having been asked to end and to take its program with it; nil while it was not.
    var killMilliseconds: UInt64?
    var lastWords = LastWords()

    init(_ settings: WorkerSettings) throws(SystemError) {
        let toWorker = try Descriptors.pipe()
        let fromWorker = try Descriptors.pipe()
        let noise = try Descriptors.pipe()
        // Only our ends: the worker's block as it expects.
        try Descriptors.setNonBlocking(toWorker.writing.descriptor)
        try Descriptors.setNonBlocking(fromWorker.reading.descriptor)
        try Descriptors.setNonBlocking(noise.reading.descriptor)
        process = try ChildProcess(
            starting: settings.plan(
                input: toWorker.reading.descriptor, output: fromWorker.writing.descriptor, errors: noise.writing.descriptor))
        let writing = toWorker.writing
        input = consume writing
        output = fromWorker.reading
        errors = noise.reading
    }

    /// Reads what there is of standard error; only its end is kept.
    func readErrors(into buffer: inout [UInt8]) {
        while !errorsHaveEnded {
            switch Descriptors.read(errors.descriptor, into: &buffer) {
            case .bytes(let count):
                lastWords.add(buffer[..<count])
                // A worker that never stops talking must not keep us from the others.
                if count < buffer.count { return }
            case .nothingYet: return
            case .ended, .failed: errorsHaveEnded = true
            }
        }
    }
}
