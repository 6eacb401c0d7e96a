import ClusterSimulation
import Scheduling
import Testing

@Suite("A job on a simulated cluster where nothing goes wrong")
struct ForecastTests {
    private func share(_ model: ClusterModel, _ forecast: Forecast) -> Double {
        Double(forecast.microseconds) / Double(forecast.bounds.microseconds)
    }

    @Test("Many unlike hosts end within 3% of what all their slots could do")
    func manyHosts() {
        let model = ClusterModel.large(hostCount: 100, taskCount: 100_000)
        let forecast = Forecast(model, order: model.largestFirst)
        #expect(forecast.violation == nil)
        #expect((1...1.03).contains(share(model, forecast)), "\(share(model, forecast))")
        #expect(forecast.hosts.reduce(0) { $0 + $1.taskCount } == 100_000)
        #expect(forecast.limit == .slots)
    }

    @Test("In the order of a book, where a long file may come last, they end within 10%")
    func planOrder() {
        let model = ClusterModel.large(hostCount: 100, taskCount: 100_000, seed: 2)
        let forecast = Forecast(model, order: .plan)
        #expect((1...1.10).contains(share(model, forecast)), "\(share(model, forecast))")
    }

    @Test("Where the head's link limits, it is kept busy")
    func headLink() {
        var model = ClusterModel.large(hostCount: 50, taskCount: 20_000, seed: 3)
        model.headBytesPerSecond = 125_000_000
        let forecast = Forecast(model, order: model.largestFirst)
        #expect(forecast.limit == .headLink)
        #expect((1...1.03).contains(share(model, forecast)), "\(share(model, forecast))")
    }

    @Test("A file that takes longer than all others together sets the time")
    func longestTask() {
        var times = [UInt32](repeating: 100_000, count: 400)
        times[200] = 60_000_000
        var sizes = [UInt32](repeating: 100, count: 400)
        sizes[200] = 60_000
        let hosts = (0..<4).map { HostModel(name: "h\($0)", slots: 4) }
        let model = ClusterModel(hosts: hosts, work: WorkModel(microseconds: times, inputKibibytes: sizes))
        let forecast = Forecast(model, order: model.largestFirst)
        #expect(forecast.limit == .longestTask)
        #expect((1...1.03).contains(share(model, forecast)), "\(share(model, forecast))")
    }

    @Test("A host five times slower than the rest does its share and holds up nobody")
    func slowHost() {
        var hosts = (0..<5).map { HostModel(name: "h\($0)", slots: 4) }
        hosts[2].speedPercent = 20
        let work = WorkModel(microseconds: [UInt32](repeating: 500_000, count: 4_000), inputKibibytes: [UInt32](repeating: 4_000, count: 4_000))
        let model = ClusterModel(hosts: hosts, work: work)
        let forecast = Forecast(model, order: .plan)
        #expect((1...1.03).contains(share(model, forecast)), "\(share(model, forecast))")
        let counts = forecast.hosts.map(\.taskCount)
        #expect(counts[2] * 4 < counts[0] && counts[2] > 100)
    }
}
