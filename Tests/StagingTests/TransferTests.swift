import Digests
import Foundation
import Glibc
import JobModel
import LinuxSystem
import Staging
import Synchronization
import Testing
import WireProtocol

@Suite("Files over a connection", .serialized)
struct TransferTests {
    private func input(_ task: Int) -> TransferredFile { .input(Attempt(task: TaskIndex(task), number: 1)) }

    /// Bytes that no other seed gives, and no shift of them by a block or chunk.
    private func bytes(_ count: Int, seed: UInt64) -> [UInt8] {
        var state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1
        let block = (0..<1_021).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(truncatingIfNeeded: state >> 33)
        }
        var all: [UInt8] = []
        all.reserveCapacity(count + block.count)
        while all.count < count { all += block }
        return Array(all.prefix(count))
    }

    private func placing(_ target: TemporaryFolder, keepsTime: Bool = false) -> @Sendable (TransferredFile) -> Placement? {
        { file in
            let name = file.attempt.map { "\($0.task.rawValue)" } ?? "none"
            return Placement(path: target.path.appending(RawPath(name)), mode: 0o600, keepsTime: keepsTime)
        }
    }

    @Test("Every size arrives whole, with its digest and its time, small ones many to a message")
    func sizes() throws {
        let (source, target) = (try TemporaryFolder(), try TemporaryFolder())
        let sizes =
            [0, 1, Transfer.wholeFileBytesMax, Transfer.wholeFileBytesMax + 1, Transfer.chunkBytesMax, Transfer.chunkBytesMax + 1,
             Transfer.windowBytes, Transfer.windowBytes + 1, 3 * Transfer.windowBytes + 77] + Array(repeating: 500, count: 2_000)
        let gate = Monitor(false)
        let loop = TransferLoop(
            alter: { framed in
                gate.wait { $0 ? () : nil }
                return framed
            }, place: placing(target, keepsTime: true))
        var contents: [[UInt8]] = []
        for (task, size) in sizes.enumerated() {
            contents.append(bytes(size, seed: UInt64(task)))
            let path = try source.write("\(task)", contents[task])
            try OpenFile(path, .read).setModified(nanoseconds: 1_000_000_000_123_456_789 - Int64(task))
            loop.sender.add(OutgoingFile(path: path, file: input(task), identity: try FileOperation.facts(of: path).identity))
        }
        gate.update { $0 = true }
        for event in try loop.received.next(sizes.count) {
            guard case .arrived(let file, let path, let digest) = event, let task = file.attempt?.task.position else {
                Issue.record("\(event)")
                continue
            }
            var expected = SHA256Stream()
            contents[task].withUnsafeBytes { expected.update($0) }
            #expect(digest == expected.finish())
            #expect(try target.read("\(task)") == contents[task])
            #expect(try FileOperation.facts(of: path).identity.modifiedNanoseconds == 1_000_000_000_123_456_789 - Int64(task))
        }
        #expect(loop.traffic.whole.load(ordering: .relaxed) < 20, "small files travel together")
        #expect(loop.traffic.overruns.load(ordering: .relaxed) == 0)
        #expect(try loop.sent.next(sizes.count).allSatisfy { if case .sent = $0 { true } else { false } })
    }

    @Test("Permissions come along where they are wanted, small files and large, but never the right to run as somebody else")
    func modes() throws {
        let (source, target) = (try TemporaryFolder(), try TemporaryFolder())
        let loop = TransferLoop(place: { file in
            let task = file.attempt?.task.position ?? 0
            return Placement(path: target.path.appending(RawPath("\(task)")), mode: 0o600, keepsTime: false, keepsMode: task < 4)
        })
        let modes: [UInt32] = [0o755, 0o4777, 0o040, 0o2440, 0o777]
        for (task, mode) in modes.enumerated() {
            let path = try source.write("\(task)", bytes(task % 2 == 0 ? 10 : Transfer.wholeFileBytesMax + 1, seed: 1))
            let identity = try FileOperation.facts(of: path).identity
            // One that its owner may not read only root can send.
            try FileOperation.setMode(path, mode | (geteuid() == 0 ? 0 : 0o400))
            loop.sender.add(OutgoingFile(path: path, file: input(task), identity: identity))
        }
        _ = try loop.received.next(modes.count)
        #expect(try modes.indices.map { try FileOperation.facts(of: target.path.appending(RawPath("\($0)"))).mode } == [0o755, 0o777, 0o440, 0o440, 0o600])
    }

    @Test("A frame that is added in order comes behind the files added before it")
    func inOrder() throws {
        let (source, target) = (try TemporaryFolder(), try TemporaryFolder())
        let loop = TransferLoop(place: placing(target))
        for round in 0..<20 {
            let path = try source.write("\(round)", bytes(round % 2 == 0 ? 300 : 300_000, seed: UInt64(round)))
            loop.sender.add(OutgoingFile(path: path, file: input(round), identity: nil))
            loop.sender.addInOrder(Frame.encode(HeadMessage.ping(UInt64(round))))
        }
        #expect(try loop.frames.next(20) == (0..<20).map { Frame.encode(HeadMessage.ping($0)) })
        let events = try loop.received.next(20)
        #expect(events.map { if case .arrived(let file, _, _) = $0 { file } else { input(999) } } == (0..<20).map(input))
    }

    @Test("A receiver that stores nothing is sent one window and no more")
    func slowConsumer() throws {
        let (source, target) = (try TemporaryFolder(), try TemporaryFolder())
        let gate = Monitor(false)
        let loop = TransferLoop { file in
            gate.wait { $0 ? () : nil }
            return Placement(path: target.path.appending(RawPath("\(file.attempt!.task.rawValue)")), mode: 0o600, keepsTime: false)
        }
        let path = try source.write("large", bytes(3 * Transfer.windowBytes, seed: 1))
        for task in 0..<2 { loop.sender.add(OutgoingFile(path: path, file: input(task), identity: nil)) }
        let windowful = (Transfer.windowBytes - Transfer.fileCostBytes) / Transfer.chunkBytesMax * Transfer.chunkBytesMax
        let deadline = SystemClock.monotonicMilliseconds() + 30_000
        while loop.traffic.contentBytes.load(ordering: .relaxed) < windowful, SystemClock.monotonicMilliseconds() < deadline { usleep(1_000) }
        // Time in which a sender that minds no window would have sent the rest.
        #expect(loop.sent.receiveOne(waitingMilliseconds: 200) == nil)
        #expect(loop.traffic.contentBytes.load(ordering: .relaxed) == windowful)
        gate.update { $0 = true }
        #expect(try loop.received.next(2).allSatisfy { if case .arrived = $0 { true } else { false } })
        #expect(loop.traffic.overruns.load(ordering: .relaxed) == 0)
    }

    @Test("A file that changes while it is sent is void on both sides, and the next one is not", arguments: ["grows", "shrinks", "is touched"])
    func changes(how: String) throws {
        let (source, target) = (try TemporaryFolder(), try TemporaryFolder())
        let gate = Monitor(false)
        let loop = TransferLoop { file in
            gate.wait { $0 ? () : nil }
            return Placement(path: target.path.appending(RawPath("\(file.attempt!.task.rawValue)")), mode: 0o600, keepsTime: false)
        }
        let path = try source.write("0", bytes(2 * Transfer.windowBytes, seed: 1))
        let small = try source.write("1", [1, 2, 3])
        loop.sender.add(OutgoingFile(path: path, file: input(0), identity: try FileOperation.facts(of: path).identity))
        loop.sender.add(OutgoingFile(path: small, file: input(1), identity: nil))
        let deadline = SystemClock.monotonicMilliseconds() + 30_000
        while loop.traffic.contentBytes.load(ordering: .relaxed) == 0, SystemClock.monotonicMilliseconds() < deadline { usleep(1_000) }
        let file = try OpenFile(path, .update(mode: 0o600))
        switch how {
        case "grows": try file.write([9], at: UInt64(2 * Transfer.windowBytes))
        case "shrinks": try file.truncate(to: UInt64(Transfer.windowBytes))
        default: try file.setModified(nanoseconds: 1)
        }
        gate.update { $0 = true }
        #expect(try loop.sent.next() == .failed(input(0), .changed))
        guard case .failed(input(0), .broken) = try loop.received.next() else { throw TimedOut() }
        guard case .arrived(input(1), _, _) = try loop.received.next() else { throw TimedOut() }
        #expect(try target.names == ["1"])
    }

    @Test("A file that is not as planned, or not there, is told to its owner and to the other side")
    func notAsPlanned() throws {
        let (source, target) = (try TemporaryFolder(), try TemporaryFolder())
        let loop = TransferLoop(place: placing(target))
        let path = try source.write("0", [1, 2, 3])
        loop.sender.add(OutgoingFile(path: path, file: input(0), identity: InputIdentity(sizeBytes: 3, modifiedNanoseconds: 5)))
        loop.sender.add(OutgoingFile(path: source.path.appending(RawPath("absent")), file: input(1), identity: nil))
        loop.sender.add(OutgoingFile(path: source.path, file: input(2), identity: nil))
        #expect(try loop.sent.next() == .failed(input(0), .changed))
        guard case .failed(input(1), .unreadable(let absent)) = try loop.sent.next() else { throw TimedOut() }
        #expect(absent.isNotFound)
        guard case .failed(input(2), .unreadable) = try loop.sent.next() else { throw TimedOut() }
        let told = try loop.received.next(3)
        #expect(told.allSatisfy { if case .failed(_, .broken) = $0 { true } else { false } })
        #expect(try target.names == [])
    }

    @Test("Bytes that are not those which were sent are noticed", arguments: [300, 300_000])
    func garbled(size: Int) throws {
        let (source, target) = (try TemporaryFolder(), try TemporaryFolder())
        let loop = TransferLoop(
            alter: { framed in
                switch framed {
                case .bulk(let id, var chunk):
                    chunk[7] ^= 1
                    return .bulk(id, chunk)
                case .message(.transfer(.whole(var files))):
                    files[0].content[7] ^= 1
                    return .message(.transfer(.whole(files)))
                case .message: return framed
                }
            }, place: placing(target))
        let path = try source.write("0", bytes(size, seed: 3))
        loop.sender.add(OutgoingFile(path: path, file: input(0), identity: nil))
        #expect(try loop.received.next() == .failed(input(0), .garbled))
        #expect(try target.names == [])
    }

    @Test("A file that nobody wants is refused and sent no further")
    func unwanted() throws {
        let (source, target) = (try TemporaryFolder(), try TemporaryFolder())
        let place = placing(target)
        let loop = TransferLoop { $0 == .input(Attempt(task: TaskIndex(0), number: 1)) ? nil : place($0) }
        let large = try source.write("large", bytes(20 * Transfer.windowBytes, seed: 1))
        loop.sender.add(OutgoingFile(path: large, file: input(0), identity: nil))
        loop.sender.add(OutgoingFile(path: try source.write("small", [1]), file: input(1), identity: nil))
        guard case .failed(input(0), .refused) = try loop.sent.next() else { throw TimedOut() }
        guard case .arrived(input(1), _, _) = try loop.received.next() else { throw TimedOut() }
        #expect(loop.traffic.contentBytes.load(ordering: .relaxed) < 10 * Transfer.windowBytes)
    }

    @Test("A withdrawn attempt's files stop, waiting or half sent, and others go on")
    func withdrawn() throws {
        let (source, target) = (try TemporaryFolder(), try TemporaryFolder())
        let gate = Monitor(false)
        let loop = TransferLoop { file in
            gate.wait { $0 ? () : nil }
            return Placement(path: target.path.appending(RawPath("\(file.attempt!.task.rawValue)")), mode: 0o600, keepsTime: false)
        }
        let large = try source.write("large", bytes(2 * Transfer.windowBytes, seed: 1))
        for task in 0..<4 { loop.sender.add(OutgoingFile(path: large, file: input(task), identity: nil)) }
        let deadline = SystemClock.monotonicMilliseconds() + 30_000
        while loop.traffic.contentBytes.load(ordering: .relaxed) == 0, SystemClock.monotonicMilliseconds() < deadline { usleep(1_000) }
        loop.sender.withdraw([0, 2].reduce(into: []) { $0.insert(Attempt(task: TaskIndex($1), number: 1)) })
        gate.update { $0 = true }
        guard case .failed(input(0), .broken) = try loop.received.next() else { throw TimedOut() }
        guard case .arrived(input(1), _, _) = try loop.received.next() else { throw TimedOut() }
        guard case .arrived(input(3), _, _) = try loop.received.next() else { throw TimedOut() }
        #expect(try loop.sent.next(2).allSatisfy { if case .sent = $0 { true } else { false } })
        #expect(try target.names == ["1", "3"])
    }

    @Test("A full disk refuses the file, leaves nothing of it, and takes the next that fits")
    func fullDisk() throws {
        guard geteuid() == 0 else { return }
        let (source, target) = (try TemporaryFolder(), try TemporaryFolder())
        let mounted = target.path.withCString { mount("tmpfs", $0, "tmpfs", 0, "size=1m") }
        guard mounted == 0 else { return }
        defer { _ = target.path.withCString { umount2($0, Int32(MNT_DETACH)) } }
        let loop = TransferLoop(place: placing(target))
        let large = try source.write("large", bytes(20 * Transfer.windowBytes, seed: 1))
        loop.sender.add(OutgoingFile(path: large, file: input(0), identity: nil))
        loop.sender.add(OutgoingFile(path: try source.write("1", bytes(100_000, seed: 2)), file: input(1), identity: nil))
        let events = try loop.received.next(2)
        guard case .failed(input(0), .notStored(let fault)) = events[0] else { throw TimedOut() }
        #expect(fault.code == ENOSPC)
        guard case .arrived(input(1), _, _) = events[1] else { throw TimedOut() }
        #expect(try loop.sent.next() == .failed(input(0), .refused(fault)))
        #expect(try target.names == ["1"])
    }

    @Test("A file that stands where one shall go is kept, and the fault is told")
    func existing() throws {
        let (source, target) = (try TemporaryFolder(), try TemporaryFolder())
        _ = try target.write("0", [5])
        let loop = TransferLoop(place: placing(target))
        loop.sender.add(OutgoingFile(path: try source.write("0", [1]), file: input(0), identity: nil))
        guard case .failed(input(0), .notStored(let fault)) = try loop.received.next() else { throw TimedOut() }
        #expect(fault.code == EEXIST)
        #expect(try target.read("0") == [5])
    }

    @Test("A sender that minds no window or no order is found out")
    func violations() throws {
        let told = Mailbox<FileReceiver.Event>(elementsMax: 100)
        let receiver = FileReceiver(
            name: "receive", place: { _ in nil }, answer: { _ in }, tell: { told.send($0) })
        defer {
            receiver.close()
            receiver.join()
        }
        #expect(receiver.take([1], of: TransferID(rawValue: 9)))
        guard case .violated = try told.next() else { throw TimedOut() }
        #expect(receiver.take(.end(TransferID(rawValue: 9), Digest256(bytes: Array(repeating: 0, count: 32)))))
        guard case .violated = try told.next() else { throw TimedOut() }
        let gate = Monitor(false)
        let slow = FileReceiver(
            name: "receive",
            place: { _ in
                gate.wait { $0 ? () : nil }
                return nil
            }, answer: { _ in }, tell: { _ in })
        let header = TransferHeader(id: TransferID(rawValue: 1), file: input(0), identity: InputIdentity(sizeBytes: 1 << 30, modifiedNanoseconds: 0), mode: 0o640)
        #expect(slow.take(.begin(header)))
        let chunk = [UInt8](repeating: 0, count: Transfer.chunkBytesMax)
        let taken = (0..<100).prefix { _ in slow.take(chunk, of: header.id) }.count
        #expect(taken == (Transfer.windowBytes - Transfer.fileCostBytes) / Transfer.chunkBytesMax)
        gate.update { $0 = true }
        slow.close()
        slow.join()
    }
}
