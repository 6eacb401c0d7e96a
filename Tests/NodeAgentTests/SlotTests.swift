import Foundation
import Glibc
import JobModel
import LinuxSystem
import Testing
import WireProtocol

@testable import NodeAgent

@Suite("Slots shared by all jobs of a host", .serialized)
struct SlotTests {
    struct Unexpected: Error {}

    private func slotsHeld(_ folder: TemporaryFolder) throws -> Int {
        try FolderListing.entries(of: RawPath(folder.path)).count { entry in
            guard entry.name.display.hasPrefix("slot-") else { return false }
            return (try? FileLock.holder(of: RawPath(folder.path).appending(entry.name), users: .everybody)) != nil
        }
    }

    @Test("A job alone has all slots; a second one gets its share after the task in hand, and all are free at the end")
    func share() throws {
        let folder = try TemporaryFolder()
        let slots = 4
        let first = try AgentSession(slotsFolder: folder.path)
        let second = try AgentSession(slotsFolder: folder.path)
        try first.start(slots: slots, job: "first")
        try second.start(slots: slots, job: "second")
        first.send(.assign((0..<60).map { first.order($0, "nap:50000") }))
        try first.serve { try slotsHeld(folder) == slots }
        second.send(.assign((0..<60).map { second.order($0, "nap:50000") }))
        guard case .slots(let usable, let heldBy) = try second.next(where: { if case .slots = $0 { true } else { false } }) else { throw Unexpected() }
        #expect(usable < slots && heldBy == [JobID(rawValue: "first")])
        _ = try first.next { $0 == .slots(usable: 2, heldBy: [JobID(rawValue: "second")]) }
        // Each keeps its share while both have work.
        var most = 0
        var done = (first: 0, second: 0)
        try first.serve {
            done.first += first.takeReports()
            try second.serve(seconds: 60) { true }
            done.second += second.takeReports()
            most = max(most, try slotsHeld(folder))
            return done.first == 60
        }
        try second.serve {
            done.second += second.takeReports()
            return done.second == 60
        }
        #expect(most <= slots)
        try second.serve(seconds: 20) { try slotsHeld(folder) == 0 }
    }

    @Test("Slots that make up no whole task are given back after a while, and tried again later")
    func partial() throws {
        let folder = try TemporaryFolder()
        let path = RawPath(folder.path)
        var others: [Held] = []
        for index in 0..<3 {
            guard case .taken(let lock) = try FileLock.take(path.appending("slot-\(index)"), holder: "other", users: .everybody) else { throw Unexpected() }
            others.append(Held(lock))
        }
        var locks = SlotLocks(folder: path, job: JobID(rawValue: "job"), tasksWanted: 3, cpusPerTask: 2, slotsOfHost: 6)
        try locks.enter()
        #expect(try locks.look(busy: 0, nowMilliseconds: 1_000).usable == 1)
        #expect(try slotsHeld(folder) == 6)
        _ = try locks.look(busy: 1, nowMilliseconds: 1_900)
        #expect(try slotsHeld(folder) == 6)
        #expect(try locks.look(busy: 1, nowMilliseconds: 2_000).usable == 1)
        #expect(try slotsHeld(folder) == 5)
        // All are free now; what was given back is not asked for again at once.
        others = []
        #expect(try locks.look(busy: 1, nowMilliseconds: 2_900).usable == 1)
        #expect(try locks.look(busy: 1, nowMilliseconds: 3_000).usable == 3)
        locks.leave()
        #expect(try slotsHeld(folder) == 0)
    }

    private final class Held {
        private var lock: FileLock?
        init(_ lock: consuming FileLock) { self.lock = consume lock }
        deinit { lock.take()?.release() }
    }

    @Test("Never do more tasks run than there are slots, but for the one that every job has")
    func bound() throws {
        let folder = try TemporaryFolder()
        let marks = try TemporaryFolder()
        let slots = max(2, Capacity.ofThisMachine().slotsMax)
        let sessions = try (0..<3).map { _ in try AgentSession(slotsFolder: folder.path) }
        for (index, session) in sessions.enumerated() { try session.start(slots: slots, job: "job \(index)") }
        for session in sessions { session.send(.assign((0..<30).map { session.order($0, "mark:\(marks.path)") })) }
        var done = 0
        var most = 0
        while done < 90 {
            for session in sessions {
                try session.serve(seconds: 60) { true }
                done += session.takeReports()
            }
            most = max(most, try FileManager.default.contentsOfDirectory(atPath: marks.path).count)
        }
        #expect(most <= slots + sessions.count, "\(most) tasks ran at once")
        #expect(most >= min(slots, 3))
    }

    @Test("Locks of an agent that was killed are free at once, and a job without a free slot has one all the same")
    func killed() throws {
        let folder = try TemporaryFolder()
        let first = try AgentSession(slotsFolder: folder.path)
        try first.start(slots: 1, job: "first")
        first.assign(["spin"])
        try first.serve { try slotsHeld(folder) == 1 }
        let slots = Capacity.ofThisMachine().slotsMax
        let second = try AgentSession(slotsFolder: folder.path)
        try second.start(slots: 1, job: "second")
        second.assign(["ok", "ok"])
        _ = try second.reports(2)
        first.killAgent()
        _ = try first.wait()
        let third = try AgentSession(slotsFolder: folder.path)
        try third.start(slots: slots, job: "third")
        third.send(.assign((0..<slots).map { third.order($0, "nap:3000000") }))
        try third.serve { try slotsHeld(folder) == slots }
    }

    @Test("A folder that cannot be had keeps nobody from working")
    func noFolder() throws {
        let session = try AgentSession(slotsFolder: "/no/such/folder/slots")
        try session.start(slots: 2)
        session.assign(["ok", "ok", "ok"])
        _ = try session.reports(3)
    }

    @Test("Another user's lock can be seen and waited for")
    func anotherUser() throws {
        guard geteuid() == 0 else { return }
        let folder = try TemporaryFolder()
        chmod(folder.path, 0o1777)
        let path = RawPath(folder.path).appending("slot-0")
        guard case .taken(let lock) = try FileLock.take(path, holder: "mine", users: .everybody) else { throw Unexpected() }
        #expect(try FileOperation.facts(of: path).mode == 0o666)
        chown(folder.path + "/slot-0", 65534, 65534)
        guard case .heldBy(let text) = try FileLock.take(path, holder: "yours", users: .everybody) else { throw Unexpected() }
        #expect(text == "mine")
        lock.release()
        guard case .taken = try FileLock.take(path, holder: "yours", users: .everybody) else { throw Unexpected() }
        // A link that somebody planted is not followed.
        let target = folder.path + "/target"
        symlink(target, folder.path + "/slot-1")
        #expect(throws: SystemError.self) { _ = try FileLock.take(RawPath(folder.path + "/slot-1"), holder: "", users: .everybody) }
        #expect(!FileManager.default.fileExists(atPath: target))
    }
}
