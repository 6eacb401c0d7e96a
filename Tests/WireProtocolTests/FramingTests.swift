import JobModel
import Testing
import WireProtocol

private let report = WorkReport(
    attempt: Attempt(task: TaskIndex(7), number: 2),
    outcome: .finished(sampleWork), usage: WorkUsage(cpuMicroseconds: 1, wallMicroseconds: 2, peakMemoryBytes: 3))

private let digest = Digest256(bytes: Array(0..<32))

private var sampleWork: FinishedWork {
    var work = FinishedWork()
    work.files = [MadeFile(temp: RawPath(bytes: [0xFF, 0x2F, 0x41]), page: 3, sizeBytes: 1 << 40, digest: digest, isVerbatim: true),
        MadeFile(temp: RawPath("t-s3-2"), page: 2, sizeBytes: 1, digest: digest, isVerbatim: false, save: 2)]
    let alpha = StreamSource(file: .spool(RawPath("mask")), ranges: [ByteRange(offset: 1, count: 2)], digest: digest)
    work.pages = [
        PageFacts(
            width: 4000, height: 3000, bitsPerComponent: 8, colour: .indexed(palette: [1, 2, 3]),
            coding: .jpeg(invertedCMYK: true, colourTransform: 0),
            stream: StreamSource(file: .output(1), ranges: [ByteRange(offset: 0, count: 9)], digest: digest),
            mask: .alpha(alpha, bitsPerComponent: 8), profile: PageProfile(source: alpha, isDeflated: true), orientation: 6,
            density: Density(horizontalMilliDPI: 300_000, verticalMilliDPI: 299_999), isFromCamera: true, carriesGPS: true)
    ]
    work.notes = [.contentIs(.png), .damageAccepted("x"), .alphaFlattened, .firstFrameOnly(of: 12), .depthReduced, .metadataDropped("a"),
        .decoderWarning("b"), .embeddedPreviewUsed, .sizeMissed("c"), .notGeotagged("c"), .compressionReplaced("d"),
        .geotagged(
            GeotagFact(time: "2024", microDegreesNorth: -1, microDegreesEast: .max, elevationCentimetres: nil, metresFromPoint: 7)),
        .geotagged(GeotagFact(time: "", microDegreesNorth: 0, microDegreesEast: 0, elevationCentimetres: -41_000, metresFromPoint: 0))]
    work.probe = ProbeFacts(
        kind: .heif, width: 1, height: 2, pageCount: 3, bands: 4, bitsPerBand: 16, orientation: 8, hasProfile: true, hasAlpha: true,
        mode: "rgba", density: nil, takenAt: "2023:01:02 03:04:05", tags: [ProbeFacts.Tag(name: "Model", value: "Ä")])
    work.thumbnail = [1, 2, 3]
    work.inputDigest = digest
    work.fingerprint = digest
    work.pixels = .max
    return work
}

private let setup = AgentSetup(
    job: JobID(rawValue: "j"), epoch: 1, leaseSeconds: 15, slots: 4, yieldsToOthers: true, workerMemoryBytesMax: 9,
    timeout: .fixed(seconds: 3), work: [1, 2])

private var processOrder: ProcessOrder {
    var order = ProcessOrder(folder: RawPath("/o"), format: .webp, pages: true, spoolFolder: nil, digestInput: true, keepTimes: true)
    order.movedTimes = [5, -6]
    order.further = [SaveTarget(folder: RawPath("/p"), format: .png)]
    order.place = InputPlace(relative: RawPath("a/b"), inputFolderName: RawPath(bytes: [0xFF]), index: 9, folderIndex: 2)
    return order
}

private let headMessages: [HeadMessage] = [
    .hello(Hello(build: "b")), .setup(setup),
    .assign([
        WorkOrder(
            attempt: Attempt(task: TaskIndex(0), number: 1), input: RawPath("/a\nb"),
            identity: InputIdentity(sizeBytes: 5, modifiedNanoseconds: -5),
            kind: .process(processOrder),
            tempName: RawPath("t")),
        WorkOrder(
            attempt: Attempt(task: TaskIndex(1), number: 1), input: RawPath("x"), identity: InputIdentity(sizeBytes: 0, modifiedNanoseconds: 0),
            kind: .page(PageOrder(spoolFolder: RawPath("s"), digestInput: false)), tempName: RawPath("t")),
        WorkOrder(
            attempt: Attempt(task: TaskIndex(2), number: 1), input: RawPath("x"), identity: InputIdentity(sizeBytes: 0, modifiedNanoseconds: 0),
            kind: .probe, tempName: RawPath("t")),
        WorkOrder(
            attempt: Attempt(task: TaskIndex(3), number: 1), input: RawPath("x"), identity: InputIdentity(sizeBytes: 0, modifiedNanoseconds: 0),
            kind: .thumbnail(sidePixelsMax: 160), tempName: RawPath("t")),
        WorkOrder(
            attempt: Attempt(task: TaskIndex(4), number: 1), input: RawPath("x"), identity: InputIdentity(sizeBytes: 0, modifiedNanoseconds: 0),
            kind: .fingerprint(FingerprintOrder(folder: RawPath("/s"), work: .process(files: true, pages: false))), tempName: RawPath("t")),
        WorkOrder(
            attempt: Attempt(task: TaskIndex(5), number: 1), input: RawPath("x"), identity: InputIdentity(sizeBytes: 0, modifiedNanoseconds: 0),
            kind: .fingerprint(FingerprintOrder(folder: RawPath("/s"), work: .page)), tempName: RawPath("t")),
        WorkOrder(
            attempt: Attempt(task: TaskIndex(6), number: 1), input: RawPath("/s"), identity: InputIdentity(sizeBytes: 0, modifiedNanoseconds: 0),
            kind: .sheet(
                SheetOrder(
                    folder: RawPath("/s"), format: .png, columns: 3, cellSide: 64, hasCaptions: true,
                    cells: [SheetCell(.picture([1, 2]), caption: "a"), SheetCell(.absent("damaged"), caption: "")])), tempName: RawPath("t")),
    ]),
    .retract([TaskIndex(3)]), .ping(.max), .stop,
    .bundle(digest, [BundleEntry(name: RawPath("lib/libvips.so.42"), sizeBytes: 9, mode: 0o755, digest: digest)]),
    .assignStaged([
        StagedOrder(
            order: WorkOrder(
                attempt: Attempt(task: TaskIndex(4), number: 2), input: RawPath("/a.jpg"),
                identity: InputIdentity(sizeBytes: 5, modifiedNanoseconds: 7), kind: .probe, tempName: RawPath("t")),
            stagesInput: true, stagesOutput: false)
    ]),
    .cancel([Attempt(task: TaskIndex(4), number: 2)]), .lookForShared([SharedFileQuestion(path: RawPath("/a"), identity: InputIdentity(sizeBytes: 1, modifiedNanoseconds: 2), headDigest: digest)]),
    .leaveToken(folder: RawPath("/o"), name: RawPath(".t"), content: [1, 2]),
] + transfers.map { .transfer($0) }

private let transfers: [TransferMessage] = [
    .begin(TransferHeader(id: TransferID(rawValue: 7), file: .input(Attempt(task: TaskIndex(1), number: 1)), identity: InputIdentity(sizeBytes: 1 << 40, modifiedNanoseconds: -1), mode: 0o640)),
    .whole([
        WholeFile(
            header: TransferHeader(
                id: TransferID(rawValue: 8), file: .output(Attempt(task: TaskIndex(1), number: 1), RawPath(".quire-x")),
                identity: InputIdentity(sizeBytes: 2, modifiedNanoseconds: 0), mode: 0o640),
            content: [1, 2], digest: digest)
    ]),
    .begin(TransferHeader(id: TransferID(rawValue: 9), file: .spooled(Attempt(task: TaskIndex(1), number: 1), RawPath("s")), identity: InputIdentity(sizeBytes: 0, modifiedNanoseconds: 0), mode: 0o640)),
    .begin(TransferHeader(id: TransferID(rawValue: 10), file: .bundle(3), identity: InputIdentity(sizeBytes: 0, modifiedNanoseconds: 0), mode: 0o640)),
    .end(TransferID(rawValue: 7), digest), .broken(TransferID(rawValue: 7), StorageFault(code: 5, call: "read")),
    .refused(TransferID(rawValue: 7), StorageFault(code: 28, call: "write")), .credit(bytes: 65_536),
]

@Suite("Frames and messages")
struct FramingTests {
    @Test("Messages come out as they went in, however the bytes are cut", arguments: [1, 2, 3, 7, 16, 17, 1000, 100_000])
    func roundTrip(cut: Int) throws {
        let bytes = magicBytes + headMessages.flatMap { Frame.encode($0) }
        var reader = FrameReader<HeadMessage>(awaitsMagic: true)
        var found: [HeadMessage] = []
        for start in stride(from: 0, to: bytes.count, by: cut) {
            reader.feed(bytes[start..<min(bytes.count, start + cut)])
            while let message = try reader.next() { found.append(message) }
        }
        #expect(found == headMessages)
        #expect(!reader.holdsPartialMessage)
    }

    @Test("A made file of a first save has the form it had before recipes could save more than once, which ledgers hold")
    func formOfLedgers() throws {
        let bytes: [UInt8] = [1, 0x74, 3, 9, 32] + digest.bytes + [1]
        let file = MadeFile(temp: RawPath("t"), page: 3, sizeBytes: 9, digest: digest, isVerbatim: true)
        #expect(file.wireBytes == bytes)
        #expect(try MadeFile(wireBytes: bytes) == file)
    }

    @Test("Names of temp files say of which save they are", arguments: [0, 1, 9], [0, 1, 11])
    func tempNames(save: Int, page: Int) {
        let attempt = RawPath(".quire-j-s2-7-1")
        let name = TempName.name(attempt, save: save, page: page)
        #expect(TempName.save(of: name, attempt: attempt) == save)
        if save == 1, page == 11 { #expect(name == RawPath(".quire-j-s2-7-1-s2-12")) }
    }

    @Test("Chunks of files come between messages, and what a login shell prints comes before them")
    func bulkAndNoise() throws {
        let chunk = [UInt8](repeating: 0x51, count: 1000)
        let stream = Array("Welcome to h2\n".utf8) + magicBytes + Frame.encode(headMessages[0])
            + Frame.bulkHeader(TransferID(rawValue: 7), payloadBytes: chunk.count) + chunk + Frame.encode(headMessages[4])
        for cut in [1, 5, 16, 999, 100_000] {
            var reader = FrameReader<HeadMessage>(awaitsMagic: true, noiseBytesMax: 1 << 16)
            var found: [Framed<HeadMessage>] = []
            for start in stride(from: 0, to: stream.count, by: cut) {
                reader.feed(stream[start..<min(stream.count, start + cut)])
                while let frame = try reader.nextFrame() { found.append(frame) }
            }
            #expect(found == [.message(headMessages[0]), .bulk(TransferID(rawValue: 7), chunk), .message(headMessages[4])])
            #expect(String(decoding: reader.noise, as: UTF8.self) == "Welcome to h2\n")
        }
    }

    @Test("Large chunks keep their bytes and their order, also when several wait, and one that is cut is no chunk", arguments: [4_096, 65_536, 150_000, 1 << 20])
    func largeChunks(cut: Int) throws {
        let chunks = [Transfer.chunkBytesMax, 0, 1, Transfer.chunkBytesMax, 70_000].enumerated().map { number, count in
            (TransferID(rawValue: UInt32(number + 1)), (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7 + number) })
        }
        let stream = magicBytes + chunks.flatMap { Frame.bulkHeader($0, payloadBytes: $1.count) + $1 } + Frame.encode(headMessages[0])
        var reader = FrameReader<HeadMessage>(awaitsMagic: true)
        var found: [Framed<HeadMessage>] = []
        // Two pieces at a time: what is not taken at once must wait in order.
        for start in stride(from: 0, to: stream.count, by: 2 * cut) {
            for piece in [start, start + cut] where piece < stream.count { reader.feed(stream[piece..<min(stream.count, piece + cut)]) }
            while let frame = try reader.nextFrame() { found.append(frame) }
        }
        #expect(found == chunks.map { .bulk($0, $1) } + [.message(headMessages[0])])
        #expect(!reader.holdsPartialMessage)

        var short = FrameReader<HeadMessage>(awaitsMagic: true)
        short.feed(stream[..<(magicBytes.count + Transfer.chunkBytesMax)])
        #expect(try short.nextFrame() == nil)
        #expect(short.holdsPartialMessage)
    }

    @Test("A shell that goes on talking is no quire, and no name leads out of the folder it is meant for")
    func refused() throws {
        var reader = FrameReader<AgentMessage>(awaitsMagic: true, noiseBytesMax: 20)
        reader.feed(Array("sh: quire-agent: not found, and so on\n".utf8))
        #expect(throws: WireError.self) { try reader.nextFrame() }
        for name in ["..", "a/b", "", "."] {
            let header = TransferHeader(
                id: TransferID(rawValue: 1), file: .output(Attempt(task: TaskIndex(0), number: 1), RawPath(name)),
                identity: InputIdentity(sizeBytes: 0, modifiedNanoseconds: 0), mode: 0o640)
            #expect(throws: WireError.self) { try TransferMessage(wireBytes: TransferMessage.begin(header).wireBytes) }
        }
        for name in ["../x", "/etc/x", "a//b", "a/../b", ""] {
            let entry = BundleEntry(name: RawPath(name), sizeBytes: 0, mode: 0, digest: digest)
            #expect(throws: WireError.self) { try BundleEntry(wireBytes: entry.wireBytes) }
        }
    }

    @Test("An agent that offers no slots, or more than any machine has, is not understood", arguments: [0, 4097, Int.max])
    func oddSlots(slots: Int) throws {
        let ready = AgentMessage.ready(ReadyHost(slots: slots, workerVersion: "v"))
        #expect(throws: WireError.invalid("\(slots) slots")) { try AgentMessage(wireBytes: ready.wireBytes) }
        guard slots > 0 else { return }
        #expect(throws: WireError.invalid("\(slots) slots")) { try AgentMessage(wireBytes: AgentMessage.slots(usable: slots, heldBy: []).wireBytes) }
    }

    @Test("Every kind of report survives the wire")
    func reports() throws {
        let messages: [AgentMessage] = [
            .reports([report, WorkReport(attempt: report.attempt, outcome: .failed(TaskFailure(.tooLarge, "big")), usage: .none)]),
            .released([TaskIndex(1)]), .started([TaskIndex(2)]), .bundleMissing([0, 7]), .bundleReady, .sharedFiles([true, false]),
            .tokenLeft(nil), .tokenLeft(StorageFault(code: 13, call: "open")), .slots(usable: 1, heldBy: [JobID(rawValue: "other")]),
            .ready(ReadyHost(slots: 2, workerVersion: "v", scratchFreeBytes: 1 << 33, scratch: RawPath("/var/tmp/q"))),
            .load(busySlots: 2, waitingOrders: 3), .unusable("x"), .log("y"), .pong(1),
        ]
        for message in messages { #expect(try AgentMessage(wireBytes: message.wireBytes) == message) }
    }

    @Test("A shell's greeting is told apart from a peer")
    func greeting() {
        var reader = FrameReader<AgentMessage>(awaitsMagic: true)
        reader.feed(Array("Welcome to host 7!\n".utf8))
        #expect(throws: WireError.notQuire(found: Array("Welcome to host 7!\n".utf8))) { try reader.next() }
    }

    @Test("A reader that lost its place says so instead of waiting for gigabytes")
    func damagedHeader() {
        let frame = Frame.encode(HeadMessage.stop)
        for index in 0..<Frame.headerBytes {
            var bytes = frame
            bytes[index] ^= 0x40
            var reader = FrameReader<HeadMessage>(awaitsMagic: false)
            reader.feed(bytes)
            #expect(throws: WireError.self) { try reader.next() }
        }
    }

    @Test("No cut and no flipped bit of a message traps or is taken for a longer one")
    func mutations() {
        let bytes = AgentMessage.reports([report]).wireBytes
        for length in 0..<bytes.count {
            #expect(throws: WireError.self) { try AgentMessage(wireBytes: Array(bytes[..<length])) }
        }
        for index in bytes.indices {
            for bit in 0..<8 {
                var mutated = bytes
                mutated[index] ^= 1 << bit
                // Either an error or some other message; what counts is that nothing traps and no memory is taken on a claim.
                _ = Result { try AgentMessage(wireBytes: mutated) }
            }
        }
        #expect(throws: WireError.trailingBytes(1)) { try AgentMessage(wireBytes: bytes + [0]) }
    }

    @Test("No message of the head, cut or with a bit flipped, traps, and what decodes is what was written", arguments: headMessages.indices)
    func brokenHeadMessages(index: Int) throws {
        let bytes = headMessages[index].wireBytes
        for length in bytes.indices { #expect(throws: WireError.self) { try HeadMessage(wireBytes: Array(bytes[..<length])) } }
        for place in bytes.indices {
            for bit in 0..<8 {
                var mutated = bytes
                mutated[place] ^= 1 << bit
                guard let message = try? HeadMessage(wireBytes: mutated) else { continue }
                #expect(try HeadMessage(wireBytes: message.wireBytes) == message)
            }
        }
    }

    @Test("Peers agree on the highest common version and refuse where there is none")
    func versions() throws {
        let ours = Hello(versions: 2...4, build: "")
        #expect(try ours.agreed(with: Hello(versions: 1...3, build: "")) == 3)
        #expect(throws: WireError.versionMismatch(ours: 2...4, theirs: 5...6)) { try ours.agreed(with: Hello(versions: 5...6, build: "")) }
    }

    private static let times: [(UInt64, UInt64)] = [(0, 120_000), (1_000_000, 125_000), (1 << 62, 120_000 + (1 << 40) / 1000 * 5)]

    @Test("Time for a file grows with its size", arguments: times)
    func timeouts(bytes: UInt64, milliseconds: UInt64) {
        #expect(TimeoutRule.byInputSize.limitMilliseconds(inputBytes: bytes) == milliseconds)
        #expect(TimeoutRule.none.limitMilliseconds(inputBytes: bytes) == nil)
        #expect(TimeoutRule.fixed(seconds: 2).limitMilliseconds(inputBytes: bytes) == 2000)
    }
}
