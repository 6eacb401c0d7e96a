import JobModel
import Planning
import SeededNumbers
import Testing

@Suite("Natural order")
struct NaturalOrderTests {
    @Test("Numbers count by value, everything else by its bytes")
    func table() {
        let sorted = [
            "", "0", "00", "1", "01", "1a", "2", "10", "99999999999999999999998", "99999999999999999999999",
            "100000000000000000000000",
            "IMG_2.jpg", "IMG_02.jpg", "IMG_10.jpg", "IMG_10.png", "a", "a b", "a-1", "a0", "a00", "a1", "a1b2", "a1b02", "a01b2",
            "a1b3",
            "b", "é",
        ]
        var random = SeededNumbers(seed: 1)
        var shuffled = sorted.map { RawPath($0) }
        for index in shuffled.indices.reversed() { shuffled.swapAt(index, random.below(index + 1)) }
        #expect(shuffled.sorted(by: NaturalOrder.precedes).map(\.display) == sorted)
    }

    /// The order said in another way: numbers by value and bytes as keys, then the zeros before each number.
    private func oracle(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        func keys(_ bytes: [UInt8]) -> (tokens: [[Int]], zeros: [Int]) {
            var (tokens, zeros, index) = ([[Int]](), [Int](), 0)
            while index < bytes.count {
                var run: [UInt8] = []
                while index < bytes.count, (0x30...0x39).contains(bytes[index]) {
                    run.append(bytes[index])
                    index += 1
                }
                if run.isEmpty {
                    tokens.append([Int(bytes[index])])
                    index += 1
                } else {
                    let value = run.drop { $0 == 0x30 }
                    tokens.append([0x30, value.count] + value.map(Int.init))
                    zeros.append(run.count - value.count)
                }
            }
            return (tokens, zeros)
        }
        let (a, b) = (keys(left), keys(right))
        for (one, other) in zip(a.tokens, b.tokens) where one != other {
            return one.lexicographicallyPrecedes(other)
        }
        if a.tokens.count != b.tokens.count { return a.tokens.count < b.tokens.count }
        return a.zeros.lexicographicallyPrecedes(b.zeros)
    }

    @Test("All pairs of short names stand as the definition says, which is a total order")
    func exhaustive() {
        let alphabet = Array("019a/".utf8)
        var names: [[UInt8]] = [[]]
        var last = names
        for _ in 0..<4 {
            last = last.flatMap { name in alphabet.map { name + [$0] } }
            names += last
        }
        var wrong = 0
        for left in names {
            for right in names where NaturalOrder.precedes(RawPath(bytes: left), RawPath(bytes: right)) != oracle(left, right) {
                wrong += 1
            }
        }
        #expect(wrong == 0)
        let sorted = names.map { RawPath(bytes: $0) }.sorted(by: NaturalOrder.precedes)
        #expect(zip(sorted, sorted.dropFirst()).allSatisfy { NaturalOrder.precedes($0, $1) && !NaturalOrder.precedes($1, $0) })
        let tree = sorted.sorted(by: NaturalOrder.pathPrecedes)
        for (index, path) in tree.enumerated() {
            #expect(tree[(index + 1)...].allSatisfy { !NaturalOrder.pathPrecedes($0, path) })
        }
    }

    @Test("In a folder files come before subfolders, each in natural order")
    func folders() {
        let paths = ["r/b9.jpg", "r/b10.jpg", "r/z.jpg", "r/a9/x.jpg", "r/a9/sub/1.jpg", "r/a10/1.jpg"]
        #expect(paths.reversed().map { RawPath($0) }.sorted(by: NaturalOrder.pathPrecedes).map(\.display) == paths)
    }

    @Test("Each --sort orders by what it says")
    func sorts() {
        let none = InputIdentity(sizeBytes: 1, modifiedNanoseconds: 0)
        let inputs = [
            SortedInput(path: RawPath("b/10"), takenAt: "2020:01:01 00:00:00", identity: none),
            SortedInput(path: RawPath("b/9"), takenAt: "0000:00:00 00:00:00", identity: none),
            SortedInput(path: RawPath("c"), takenAt: "2019:12:31 23:59:59", identity: none),
            SortedInput(path: RawPath("a/1"), takenAt: "2020:01:01 00:00:00", identity: none),
        ]
        func order(_ sort: InputSort) -> [String] { inputs.sorted(by: sort.precedes).map(\.path.display) }
        #expect(order(.given) == ["b/10", "b/9", "c", "a/1"])
        #expect(order(.natural) == ["c", "a/1", "b/9", "b/10"])
        #expect(order(.name) == ["a/1", "b/10", "b/9", "c"])
        #expect(order(.date) == ["b/9", "c", "a/1", "b/10"])
    }
}
