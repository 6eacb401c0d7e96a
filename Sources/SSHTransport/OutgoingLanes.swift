internal import Glibc
internal import LinuxSystem

/// What waits to go out of a channel: two bounded queues between any threads and the channel's own.
///
/// @unchecked because every access to the variables happens between lock and unlock of `mutex`, and the two
/// system objects live at fixed addresses until the last reference is gone.
final class OutgoingLanes: @unchecked Sendable {
    private struct Queue {
        var frames: [[UInt8]] = []
        /// Frames before this index are gone.
        var first = 0
        /// Of all frames here, and of those taken last until the next are taken.
        var bytes = 0
        var isEmpty: Bool { first == frames.count }

        mutating func takeFirst() -> [UInt8] {
            let frame = frames[first]
            frames[first] = []
            first += 1
            if first == frames.count || first >= 1024 {
                frames.removeFirst(first)
                first = 0
            }
            return frame
        }
    }

    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let hasRoom = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var queues = [Queue](repeating: Queue(), count: Lane.allCases.count)
    private var taken: (lane: Int, bytes: Int) = (0, 0)
    private var isFinished = false
    private var isEnded = false
    private let wake: Wake

    /// Small frames travel together up to this: a system call and an SSH packet for each would cost more than the copy.
    private static let togetherBytesMax = 64 << 10

    /// - Parameter wake: signalled when something came into empty lanes, and when they are finished.
    init(wake: Wake) {
        self.wake = wake
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(hasRoom, nil)
    }

    deinit {
        pthread_cond_destroy(hasRoom)
        pthread_mutex_destroy(mutex)
        hasRoom.deallocate()
        mutex.deallocate()
    }

    func send(_ bytes: [UInt8], _ lane: Lane, waits: Bool) -> Bool {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        let index = lane.rawValue
        while true {
            if isFinished || isEnded { return false }
            if queues[index].bytes == 0 || queues[index].bytes + bytes.count <= lane.bytesMax { break }
            guard waits else { return false }
            pthread_cond_wait(hasRoom, mutex)
        }
        if bytes.isEmpty { return true }
        let wasEmpty = queues.allSatisfy(\.isEmpty)
        queues[index].frames.append(bytes)
        queues[index].bytes += bytes.count
        if wasEmpty { wake.signal() }
        return true
    }

    /// Nothing more comes; what is queued still goes.
    func finish() {
        pthread_mutex_lock(mutex)
        isFinished = true
        pthread_cond_broadcast(hasRoom)
        pthread_mutex_unlock(mutex)
        wake.signal()
    }

    /// Nothing more goes: what is queued is dropped and nobody waits any longer.
    func end() {
        pthread_mutex_lock(mutex)
        isEnded = true
        queues = queues.map { _ in Queue() }
        taken = (0, 0)
        pthread_cond_broadcast(hasRoom)
        pthread_mutex_unlock(mutex)
    }

    enum Next {
        /// Whole frames of one lane; send them all before asking again.
        case bytes([UInt8])
        case nothingYet
        /// `finish` was called and everything has been taken.
        case finished
    }

    /// The next bytes to go out; those given before have gone and count no longer.
    func next() -> Next {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        if taken.bytes > 0 {
            queues[taken.lane].bytes -= taken.bytes
            taken.bytes = 0
            pthread_cond_broadcast(hasRoom)
        }
        guard let lane = queues.firstIndex(where: { !$0.isEmpty }) else { return isFinished || isEnded ? .finished : .nothingYet }
        var bytes = queues[lane].takeFirst()
        while !queues[lane].isEmpty, bytes.count + queues[lane].frames[queues[lane].first].count <= Self.togetherBytesMax {
            bytes += queues[lane].takeFirst()
        }
        taken = (lane, bytes.count)
        return .bytes(bytes)
    }
}

/// Bytes being sent: those taken from the lanes, and how many of them have gone.
struct SendingBytes {
    private var bytes: [UInt8] = []
    private var start = 0

    enum Outcome {
        /// Took this many, possibly none for now.
        case sent(Int)
        case failed
    }

    enum Progress {
        case idle
        /// The other side takes no more now.
        case blocked
        /// Everything has gone, and no more will come.
        case finished
        case failed
    }

    /// Gives `write` what is next until it takes no more or nothing is left.
    mutating func send(from lanes: OutgoingLanes, _ write: (UnsafeRawBufferPointer) -> Outcome) -> Progress {
        while true {
            if start == bytes.count {
                switch lanes.next() {
                case .bytes(let next): (bytes, start) = (next, 0)
                case .nothingYet: (bytes, start) = ([], 0); return .idle
                case .finished: (bytes, start) = ([], 0); return .finished
                }
            }
            switch bytes.withUnsafeBytes({ write(UnsafeRawBufferPointer(rebasing: $0[start...])) }) {
            case .sent(0): return .blocked
            case .sent(let count): start += count
            case .failed: return .failed
            }
        }
    }
}

/// The last bytes of a stream, as text.
struct LastBytes {
    private var bytes: [UInt8] = []

    mutating func append(_ more: UnsafeRawBufferPointer) {
        bytes += more.suffix(ChannelLimits.standardErrorBytesMax)
        if bytes.count > 2 * ChannelLimits.standardErrorBytesMax { bytes = bytes.suffix(ChannelLimits.standardErrorBytesMax) }
    }

    var text: String { String(decoding: bytes.suffix(ChannelLimits.standardErrorBytesMax), as: UTF8.self) }
}
