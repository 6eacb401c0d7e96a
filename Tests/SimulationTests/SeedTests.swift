import ClusterSimulation
import Testing

@Suite("A simulated cluster")
struct SeedTests {
    @Test("The same seed gives the same run", arguments: [UInt64(3), 77, 1234])
    func repeats(seed: UInt64) {
        let (first, second) = (SeedRun(seed: seed), SeedRun(seed: seed))
        #expect(first.microseconds == second.microseconds && first.stepCount == second.stepCount && first.goodCount == second.goodCount)
    }
}
