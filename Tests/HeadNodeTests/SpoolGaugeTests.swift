import JobModel
import Scheduling
import Testing

@testable import HeadNode

private let digest = Digest256(bytes: Array(repeating: 0, count: 32))

private func work(_ bytes: UInt64, in file: PageFile = .spool(RawPath("x"))) -> FinishedWork {
    var work = FinishedWork()
    work.pages = [
        PageFacts(
            width: 1, height: 1, bitsPerComponent: 8, colour: .grey, coding: .flate(pngPredictor: false),
            stream: StreamSource(file: file, ranges: [ByteRange(offset: 0, count: bytes)], digest: digest))
    ]
    return work
}

@Suite("Room of the spool")
struct SpoolGaugeTests {
    @Test("Dispatch stops when it is full and goes on once it is half empty")
    func fills() {
        var gauge = SpoolGauge()
        for index in 1...10 { gauge.add(TaskIndex(index), work(10)) }
        var wasFull: [Bool] = []
        for bound in [0, 5, 7] {
            gauge.update(boundBelow: bound, bytesMax: 99)
            wasFull.append(gauge.isFull)
        }
        #expect(wasFull == [true, true, false])
        #expect(!gauge.isFull)
        #expect(gauge.byteCount == 40)
    }

    @Test("While it is full the lowest open task may still be given out again, after a pause or a lost host: else its page never came")
    func lowestGoesOn() {
        let start = Instant(microseconds: 0)
        let (lowest, host) = (TaskIndex(0), HostIndex(rawValue: 0))
        var scheduler = Scheduler(taskCount: 3, order: .plan)
        #expect(scheduler.apply(.hostReady(host, Scheduler.HostOffer(slots: 1)), at: start) == [.dispatch(host, [Attempt(task: lowest, number: 1)])])
        #expect(scheduler.apply(.bound(SpoolGauge().dispatchBound(lowestOpen: lowest)), at: start).isEmpty)
        #expect(scheduler.apply(.released(host, [lowest]), at: start) == [.dispatch(host, [Attempt(task: lowest, number: 2)])])
    }

    @Test("Pages that an output holds, or that are bound already, take no room")
    func outputs() {
        var gauge = SpoolGauge()
        gauge.add(TaskIndex(1), work(1000, in: .output(0)))
        gauge.update(boundBelow: 5)
        gauge.add(TaskIndex(3), work(1000))
        #expect(gauge.byteCount == 0)
    }
}

@Suite("Room for what programs printed")
struct PrintingRoomTests {
    @Test("Beyond its limit nothing starts before what has ended is printed, and then only what printing waits for, until half is printed")
    func fills() {
        let mark = PrintingMark()
        var printing = JobRunner.Printing(mark: mark)
        func bound(_ lowestOpen: Int) -> TaskIndex? { printing.dispatchBound(lowestOpen: TaskIndex(lowestOpen), bytesMax: 100) }
        mark.expect(byteCount: 100)
        #expect(bound(5) == nil)
        mark.expect(byteCount: 1)
        #expect(bound(5) == TaskIndex(0), "a reader that stands still")
        mark.printed(byteCount: 21, below: 5)
        #expect(bound(5) == TaskIndex(6), "a slow first task")
        mark.printed(byteCount: 30)
        #expect(bound(5) == nil, "half of it is printed")
        mark.expect(byteCount: 50)
        #expect(bound(5) == nil)
    }
}

@Suite("Names of volumes and pages")
struct BookNameTests {
    @Test("One volume keeps the name, several are numbered before the extension")
    func volumes() {
        let book = PlannedBook(path: RawPath("out/album.pdf"), end: 1)
        #expect(book.volumePath(0, of: 1) == RawPath("out/album.pdf"))
        #expect(book.volumePath(0, of: 2) == RawPath("out/album-001.pdf"))
        #expect(book.volumePath(1233, of: 2000) == RawPath("out/album-1234.pdf"))
    }

    @Test("Dates are those of the calendar", arguments: [(Int64(0), "1970-01-01T00:00:00Z"), (1_709_210_096, "2024-02-29T12:34:56Z"), (-1, "1969-12-31T23:59:59Z")])
    func dates(seconds: Int64, text: String) {
        #expect(CalendarText.timestamp(epochSeconds: seconds) == text)
    }
}
