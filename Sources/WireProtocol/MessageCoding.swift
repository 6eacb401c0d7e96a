public import JobModel

extension TaskIndex: WireCodable {
    public func encode(to writer: inout WireWriter) { writer.put(UInt64(rawValue)) }
    public init(from reader: inout WireReader) throws(WireError) { self.init(rawValue: try reader.integer()) }
}

extension Hello: WireCodable {
    public func encode(to writer: inout WireWriter) {
        writer.put(UInt64(versions.lowerBound))
        writer.put(UInt64(versions.upperBound))
        writer.put(build)
    }
    public init(from reader: inout WireReader) throws(WireError) {
        let lowest: UInt16 = try reader.integer()
        let highest: UInt16 = try reader.integer()
        guard lowest <= highest else { throw .invalid("versions \(lowest) to \(highest)") }
        self.init(versions: lowest...highest, build: try reader.text())
    }
}

extension TimeoutRule: WireCodable {
    public func encode(to writer: inout WireWriter) {
        switch self {
        case .none: writer.put(tag: 0)
        case .fixed(let seconds):
            writer.put(tag: 1)
            writer.put(UInt64(seconds))
        case .byInputSize: writer.put(tag: 2)
        }
    }
    public init(from reader: inout WireReader) throws(WireError) {
        switch try reader.byte() {
        case 0: self = .none
        case 1: self = .fixed(seconds: try reader.integer())
        case 2: self = .byInputSize
        case let other: throw .invalid("timeout rule \(other)")
        }
    }
}

extension AgentSetup: WireCodable {
    static let slotsAllowed = 1...4096

    public func encode(to writer: inout WireWriter) {
        writer.put(job.rawValue)
        writer.put(UInt64(epoch))
        writer.put(UInt64(leaseSeconds))
        writer.put(count: slots)
        writer.put(worker)
        writer.put(scratch)
        writer.put(yieldsToOthers)
        writer.put(workerMemoryBytesMax)
        writer.put(timeout)
        writer.put(work)
        writer.put(programs)
    }
    public init(from reader: inout WireReader) throws(WireError) {
        self.init(
            job: JobID(rawValue: try reader.text()), epoch: try reader.integer(), leaseSeconds: try reader.integer(),
            slots: try reader.integer(), worker: try reader.value(), scratch: try reader.optional(), yieldsToOthers: try reader.bool(),
            workerMemoryBytesMax: try reader.number(), timeout: try reader.value(), work: try reader.byteArray(), programs: try reader.optional())
        guard Self.slotsAllowed.contains(slots) else { throw .invalid("\(slots) slots") }
    }
}

extension HostFacts: WireCodable {
    public func encode(to writer: inout WireWriter) {
        writer.put(hostname)
        writer.put(bootID)
        writer.put(count: logicalCPUs)
        writer.put(count: physicalCPUs)
        writer.put(count: slotsMax)
        writer.put(memoryBytes)
        writer.put(signed: epochMilliseconds)
        writer.put(workerVersion)
    }
    public init(from reader: inout WireReader) throws(WireError) {
        self.init(
            hostname: try reader.text(), bootID: try reader.text(), logicalCPUs: try reader.integer(),
            physicalCPUs: try reader.integer(), slotsMax: try reader.integer(), memoryBytes: try reader.number(),
            epochMilliseconds: try reader.signed(), workerVersion: try reader.text())
    }
}

extension HeadMessage: WireCodable {
    public func encode(to writer: inout WireWriter) {
        switch self {
        case .hello(let hello):
            writer.put(tag: 0)
            writer.put(hello)
        case .setup(let setup):
            writer.put(tag: 1)
            writer.put(setup)
        case .assign(let orders):
            writer.put(tag: 2)
            writer.put(orders)
        case .retract(let tasks):
            writer.put(tag: 3)
            writer.put(tasks)
        case .ping(let number):
            writer.put(tag: 4)
            writer.put(number)
        case .stop: writer.put(tag: 5)
        case .bundle(let hash, let entries):
            writer.put(tag: 6)
            writer.put(hash)
            writer.put(entries)
        case .assignStaged(let orders):
            writer.put(tag: 7)
            writer.put(orders)
        case .cancel(let attempts):
            writer.put(tag: 8)
            writer.put(attempts)
        case .transfer(let message):
            writer.put(tag: 9)
            writer.put(message)
        case .lookForShared(let questions):
            writer.put(tag: 10)
            writer.put(questions)
        case .leaveToken(let folder, let name, let content):
            writer.put(tag: 11)
            writer.put(folder)
            writer.put(name)
            writer.put(content)
        case .carry(let files):
            writer.put(tag: 12)
            writer.put(files)
        case .limitTime(let milliseconds):
            writer.put(tag: 13)
            writer.put(milliseconds)
        }
    }
    public init(from reader: inout WireReader) throws(WireError) {
        switch try reader.byte() {
        case 0: self = .hello(try reader.value())
        case 1: self = .setup(try reader.value())
        case 2: self = .assign(try reader.array())
        case 3: self = .retract(try reader.array())
        case 4: self = .ping(try reader.number())
        case 5: self = .stop
        case 6: self = .bundle(try reader.value(), try reader.array())
        case 7: self = .assignStaged(try reader.array())
        case 8: self = .cancel(try reader.array())
        case 9: self = .transfer(try reader.value())
        case 10: self = .lookForShared(try reader.array())
        case 11: self = .leaveToken(folder: try reader.value(), name: try reader.value(), content: try reader.byteArray())
        case 12: self = .carry(try reader.array())
        case 13: self = .limitTime(milliseconds: try reader.number())
        case let other: throw .invalid("head message \(other)")
        }
    }
}

extension AgentMessage: WireCodable {
    public func encode(to writer: inout WireWriter) {
        switch self {
        case .hello(let hello, let facts):
            writer.put(tag: 0)
            writer.put(hello)
            writer.put(facts)
        case .ready(let host):
            writer.put(tag: 1)
            writer.put(host)
        case .reports(let reports):
            writer.put(tag: 2)
            writer.put(reports)
        case .released(let tasks):
            writer.put(tag: 3)
            writer.put(tasks)
        case .pong(let number):
            writer.put(tag: 4)
            writer.put(number)
        case .load(let busy, let waiting):
            writer.put(tag: 5)
            writer.put(count: busy)
            writer.put(count: waiting)
        case .unusable(let text):
            writer.put(tag: 6)
            writer.put(text)
        case .log(let text):
            writer.put(tag: 7)
            writer.put(text)
        case .bundleMissing(let indexes):
            writer.put(tag: 8)
            writer.put(count: indexes.count)
            for index in indexes { writer.put(UInt64(index)) }
        case .bundleReady: writer.put(tag: 9)
        case .started(let tasks):
            writer.put(tag: 10)
            writer.put(tasks)
        case .transfer(let message):
            writer.put(tag: 11)
            writer.put(message)
        case .sharedFiles(let answers):
            writer.put(tag: 12)
            writer.put(count: answers.count)
            for answer in answers { writer.put(answer) }
        case .tokenLeft(let fault):
            writer.put(tag: 13)
            writer.put(fault)
        case .slots(let usable, let holders):
            writer.put(tag: 14)
            writer.put(count: usable)
            writer.put(count: holders.count)
            for holder in holders { writer.put(holder.rawValue) }
        case .printed(let attempt, let stream, let bytes):
            writer.put(tag: 15)
            writer.put(attempt)
            writer.put(stream)
            writer.put(bytes)
        }
    }
    public init(from reader: inout WireReader) throws(WireError) {
        switch try reader.byte() {
        case 0: self = .hello(try reader.value(), try reader.value())
        case 1: self = .ready(try reader.value())
        case 2: self = .reports(try reader.array())
        case 3: self = .released(try reader.array())
        case 4: self = .pong(try reader.number())
        case 5: self = .load(busySlots: try reader.integer(), waitingOrders: try reader.integer())
        case 6: self = .unusable(try reader.text())
        case 7: self = .log(try reader.text())
        case 8:
            var indexes: [UInt32] = []
            for _ in 0..<(try reader.count()) { indexes.append(try reader.integer()) }
            self = .bundleMissing(indexes)
        case 9: self = .bundleReady
        case 10: self = .started(try reader.array())
        case 11: self = .transfer(try reader.value())
        case 12:
            var answers: [Bool] = []
            for _ in 0..<(try reader.count()) { answers.append(try reader.bool()) }
            self = .sharedFiles(answers)
        case 13: self = .tokenLeft(try reader.optional())
        case 14:
            let usable: Int = try reader.integer()
            guard usable <= AgentSetup.slotsAllowed.upperBound else { throw .invalid("\(usable) slots") }
            var holders: [JobID] = []
            for _ in 0..<(try reader.count()) { holders.append(JobID(rawValue: try reader.text())) }
            self = .slots(usable: usable, heldBy: holders)
        case 15: self = .printed(try reader.value(), try reader.value(), try reader.byteArray())
        case let other: throw .invalid("agent message \(other)")
        }
    }
}

extension WorkerCommand: WireCodable {
    public func encode(to writer: inout WireWriter) {
        switch self {
        case .hello(let hello):
            writer.put(tag: 0)
            writer.put(hello)
        case .setup(let setup):
            writer.put(tag: 1)
            writer.put(setup)
        case .order(let order):
            writer.put(tag: 2)
            writer.put(order)
        case .limitTime(let milliseconds):
            writer.put(tag: 3)
            writer.put(milliseconds)
        }
    }
    public init(from reader: inout WireReader) throws(WireError) {
        switch try reader.byte() {
        case 0: self = .hello(try reader.value())
        case 1: self = .setup(try reader.value())
        case 2: self = .order(try reader.value())
        case 3: self = .limitTime(milliseconds: try reader.number())
        case let other: throw .invalid("worker command \(other)")
        }
    }
}

extension WorkerMessage: WireCodable {
    public func encode(to writer: inout WireWriter) {
        switch self {
        case .ready(let hello, let version):
            writer.put(tag: 0)
            writer.put(hello)
            writer.put(version)
        case .report(let report):
            writer.put(tag: 1)
            writer.put(report)
        case .unusable(let text):
            writer.put(tag: 2)
            writer.put(text)
        case .printed(let attempt, let stream, let bytes):
            writer.put(tag: 3)
            writer.put(attempt)
            writer.put(stream)
            writer.put(bytes)
        }
    }
    public init(from reader: inout WireReader) throws(WireError) {
        switch try reader.byte() {
        case 0: self = .ready(try reader.value(), version: try reader.text())
        case 1: self = .report(try reader.value())
        case 2: self = .unusable(try reader.text())
        case 3: self = .printed(try reader.value(), try reader.value(), try reader.byteArray())
        case let other: throw .invalid("worker message \(other)")
        }
    }
}
