import JobModel
import Scheduling
import Testing

@Suite("Failures that are too many")
struct FailureWatchTests {
    @Test("Only equal failures without a success between them make a row")
    func row() {
        var watch = FailureWatch(FailureWatch.Limits(equalInRowMax: 3))
        let ends: [FailureReason?] = [.damaged, .damaged, nil, .damaged, .damaged, .truncated, .damaged, .damaged]
        for end in ends { #expect(watch.note(end) == nil) }
        #expect(watch.note(.damaged) == .equalInRow(.damaged, count: 3))
        #expect(watch.note(.damaged) == nil, "said once")
        #expect(watch.note(nil) == nil)
        _ = watch.note(.vanished)
        _ = watch.note(.vanished)
        #expect(watch.note(.vanished) == .equalInRow(.vanished, count: 3))
    }

    @Test("All failures count towards the limit of the job")
    func total() {
        var watch = FailureWatch(FailureWatch.Limits(equalInRowMax: nil, failuresMax: 3))
        for end in [FailureReason.damaged, nil, .timeout, nil] { #expect(watch.note(end) == nil) }
        #expect(watch.note(.damaged) == .tooMany(count: 3))
        for _ in 0..<100 { #expect(watch.note(.damaged) == nil) }
    }
}
