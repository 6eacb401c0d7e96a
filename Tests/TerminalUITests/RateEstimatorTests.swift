import TerminalUI
import Testing

@Suite struct RateEstimatorTests {
    @Test("A constant rate is known at once, and the forecast holds the truth all the way", arguments: [0.1, 1, 14.2, 5000])
    func constantRate(rate: Double) throws {
        var estimator = RateEstimator()
        let total = rate * 600
        for step in 0..<300 {
            // Steps between 0.5 and 3.5 s, as a loop under load makes them.
            let now = Double(step) * 2 + Double(step % 4) * 0.5
            estimator.note(total: rate * now, atSeconds: 1000 + now)
            guard step > 0 else { continue }
            #expect(abs(try #require(estimator.perSecond) / rate - 1) < 1e-6)
            let left = try #require(estimator.secondsLeft(remaining: total - rate * now))
            #expect(left.contains(total / rate - now))
        }
    }

    @Test("Whole tasks that end in bursts of eight are forecast within a third")
    func bursts() throws {
        var estimator = RateEstimator()
        for tick in 0...1200 {
            let now = Double(tick) / 4
            estimator.note(total: Double(Int(now) / 4 * 8), atSeconds: now)
        }
        let left = try #require(estimator.secondsLeft(remaining: 200))
        #expect(left.lowerBound > 66 && left.lowerBound < 101)
        #expect(left.upperBound > 99 && left.upperBound < 134)
    }

    @Test("After the speed doubles the range spans old and new, then narrows to the new")
    func change() throws {
        var estimator = RateEstimator()
        var total = 0.0
        for second in 0..<600 {
            total += 10
            estimator.note(total: total, atSeconds: Double(second))
        }
        for second in 600..<620 {
            total += 20
            estimator.note(total: total, atSeconds: Double(second))
        }
        let early = try #require(estimator.secondsLeft(remaining: 2000))
        #expect(early.contains(110) && early.upperBound > 150 && early.upperBound < 200)
        for second in 620..<1400 {
            total += 20
            estimator.note(total: total, atSeconds: Double(second))
        }
        let late = try #require(estimator.secondsLeft(remaining: 2000))
        #expect(late.lowerBound > 90 && late.upperBound < 110)
    }

    @Test("A stall lengthens the upper end without bound becoming infinite; nothing at all gives no forecast")
    func stall() throws {
        var estimator = RateEstimator()
        #expect(estimator.secondsLeft(remaining: 5) == nil)
        estimator.note(total: 0, atSeconds: 0)
        estimator.note(total: 0, atSeconds: 10)
        #expect(estimator.perSecond == 0)
        #expect(estimator.secondsLeft(remaining: 5) == nil)
        estimator.note(total: 100, atSeconds: 20)
        for second in 21..<200 { estimator.note(total: 100, atSeconds: Double(second)) }
        let left = try #require(estimator.secondsLeft(remaining: 100))
        #expect(left.upperBound.isFinite && left.upperBound > 10 * left.lowerBound)
        #expect(estimator.secondsLeft(remaining: 0) == 0...0)
    }

    @Test("A clock that stands still or goes back and a total that falls do no harm")
    func disorder() throws {
        var estimator = RateEstimator()
        estimator.note(total: 10, atSeconds: 5)
        estimator.note(total: 1_000_000, atSeconds: 5)
        estimator.note(total: 1_000_000, atSeconds: 1)
        #expect(estimator.perSecond == nil)
        estimator.note(total: 20, atSeconds: 6)
        #expect(estimator.perSecond == 10)
        estimator.note(total: 0, atSeconds: 7)
        #expect(try #require(estimator.perSecond) >= 0)
    }

    @Test("Memory does not grow: the value holds no reference")
    func bounded() {
        #expect(_isPOD(RateEstimator.self))
    }
}
