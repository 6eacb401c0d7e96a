import Dispatch
import Foundation
import JobModel
import LinuxSystem
import Synchronization
import Testing

/// A folder of its own for one test, removed at its end.
private func withFolder(_ body: (RawPath) throws -> Void) throws {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("quire-test-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: path) }
    try body(RawPath(path))
}

private func whileHolding(_ path: RawPath, _ body: () throws -> Void) throws {
    switch try FileLock.take(path, holder: "first") {
    case .taken(let lock):
        try body()
        lock.release()
    case .heldBy(let other): Issue.record("held by \(other)")
    }
}

@Suite("Files and names")
struct FileTests {
    @Test("A rename to a new name never replaces what is there")
    func noReplace() throws {
        try withFolder { folder in
            let (one, two) = (folder.appending("one"), folder.appending(RawPath(bytes: [0xFF, 0x20])))
            try OpenFile(one, .create(mode: 0o644)).write([1], at: 0)
            try OpenFile(two, .create(mode: 0o644)).write([2, 2], at: 0)
            #expect(throws: SystemError.self) { try FileOperation.rename(one, toNew: two) }
            #expect(try FileOperation.facts(of: two).identity.sizeBytes == 2)
            try FileOperation.rename(one, replacing: two)
            #expect(try FileOperation.facts(of: two).identity.sizeBytes == 1)
            #expect(try FileOperation.factsIfPresent(of: one) == nil)
        }
    }

    @Test("A folder's listing has every name, links with what they point to")
    func listing() throws {
        try withFolder { folder in
            for name in ["a", "b c", "-d"] { _ = try OpenFile(folder.appending(name), .create(mode: 0o600)) }
            try FileOperation.createFolders(folder.appending("x/y/z"))
            try FileOperation.createFolders(folder.appending("x/y/z"))
            try FileManager.default.createSymbolicLink(atPath: folder.appending("loop").display, withDestinationPath: folder.display)
            try FileManager.default.createSymbolicLink(atPath: folder.appending("dead").display, withDestinationPath: "nowhere")
            let entries = try LinuxSystem.FolderListing.entries(of: folder)
            let names = entries.map(\.name.display).sorted()
            #expect(names == ["-d", "a", "b c", "dead", "loop", "x"])
            #expect(entries.first { $0.name.display == "dead" }?.facts == nil)
            #expect(entries.first { $0.name.display == "loop" }?.facts?.type == .folder)
            #expect(entries.first { $0.name.display == "loop" }?.isLink == true)
        }
    }

    @Test("Copies between files are exact and an early end is an error")
    func copies() throws {
        try withFolder { folder in
            let bytes = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            let source = try OpenFile(folder.appending("s"), .update(mode: 0o600))
            try source.write(bytes, at: 0)
            let target = try OpenFile(folder.appending("t"), .update(mode: 0o600))
            var done: UInt64 = 0
            while done < 200_000 {
                done += try target.copy(from: source, sourceOffset: 100 + done, targetOffset: 5 + done, count: Int(200_000 - done))
            }
            #expect(try target.read(count: 200_000, at: 5) == Array(bytes[100..<200_100]))
            #expect(throws: SystemError.self) { try target.copy(from: source, sourceOffset: 300_000, targetOffset: 0, count: 1) }
        }
    }

    @Test("A lock is refused to the second, who learns of the first, and is free afterwards")
    func locks() throws {
        try withFolder { folder in
            let path = folder.appending("lock")
            try whileHolding(path) {
                guard case .heldBy(let other) = try FileLock.take(path, holder: "second") else { Issue.record("taken twice"); return }
                #expect(other == "first")
            }
            guard case .taken = try FileLock.take(path, holder: "third") else { Issue.record("still held"); return }
        }
    }

    @Test("A lock that was given up is free at once, also while other threads start programs, which have its descriptor until they run")
    func released() throws {
        try withFolder { folder in
            let path = folder.appending("lock")
            let isOver = Atomic(false)
            let started = Atomic(0)
            let threads = DispatchGroup()
            for _ in 0..<3 {
                DispatchQueue.global().async(group: threads) {
                    do {
                        while !isOver.load(ordering: .relaxed) {
                            var child = try ChildProcess(starting: ProcessPlan(RawPath("/bin/true")))
                            started.add(1, ordering: .relaxed)
                            _ = try child.wait()
                        }
                    } catch { Issue.record(error) }
                }
            }
            defer {
                isOver.store(true, ordering: .relaxed)
                threads.wait()
            }
            repeat {
                try whileHolding(path) {}
                #expect(try FileLock.holder(of: path) == nil)
            } while started.load(ordering: .relaxed) < 60
        }
    }

    @Test("Errors name the call, the file and the kernel's reason")
    func errors() {
        #expect(throws: SystemError("open", "/nowhere/x", code: 2)) { _ = try OpenFile(RawPath("/nowhere/x"), .read) }
        #expect(SystemError("open", "/nowhere/x", code: 2).description == "open /nowhere/x: No such file or directory")
    }
}

@Suite("Mailboxes")
struct MailboxTests {
    @Test("A full mailbox makes senders wait and loses nothing")
    func bounded() {
        let mailbox = Mailbox<Int>(elementsMax: 3)
        let sender = SystemThread("send") {
            for number in 0..<1000 { mailbox.send(number) }
            mailbox.close()
        }
        var received: [Int] = []
        while let batch = mailbox.receiveAll(waitingMilliseconds: nil) {
            #expect(batch.count <= 3)
            received += batch
        }
        sender.join()
        #expect(received == Array(0..<1000))
    }

    @Test("Closing wakes a sender that waits and drops what it wanted to send")
    func closing() {
        let mailbox = Mailbox<Int>(elementsMax: 1)
        mailbox.send(1)
        let result = Mailbox<Bool>(elementsMax: 1)
        let sender = SystemThread("send") { result.send(mailbox.send(2)) }
        mailbox.close()
        #expect(result.receiveOne(waitingMilliseconds: nil) == false)
        sender.join()
        #expect(mailbox.receiveAll(waitingMilliseconds: nil) == [1])
        #expect(mailbox.receiveAll(waitingMilliseconds: nil) == nil)
    }

    @Test("Waiting ends with the time given")
    func timeout() {
        #expect(Mailbox<Int>(elementsMax: 1).receiveAll(waitingMilliseconds: 1) == [])
        #expect(Mailbox<Int>(elementsMax: 1).receiveOne(waitingMilliseconds: 1) == nil)
    }

    @Test("The file system of a folder is known by its device, whatever its name is made of")
    func mounts() throws {
        let facts = try FileOperation.facts(of: RawPath("/proc"))
        #expect(Mount.ofDevice(facts.device) == Mount(point: RawPath("/proc"), kind: "proc", source: "proc"))
        let line = #"36 35 98:0 / /mnt/a\040b\134c rw,noatime master:1 - nfs4 host:/ex\011port rw"#
        let entry = try #require(Mount.entry(Array(line.utf8)))
        #expect(entry.numbers == Array("98:0".utf8))
        #expect(entry.mount == Mount(point: RawPath("/mnt/a b\\c"), kind: "nfs4", source: "host:/ex\tport"))
        for broken in ["", "36 35 98:0 / /mnt", "36 35 98:0 / /mnt rw master:1 nfs4 host rw x y"] {
            #expect(Mount.entry(Array(broken.utf8)) == nil)
        }
    }
}
