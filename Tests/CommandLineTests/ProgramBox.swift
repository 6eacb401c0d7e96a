import Foundation
import Glibc
import Testing

/// A sandbox with files to run programs on, whose processes can be told from all others by a variable of their environment.
final class ProgramBox {
    let box: Sandbox
    private let mark = UUID().uuidString

    /// - Parameter count: makes `in/001.txt` and so on, each with its number.
    init(count: Int = 0) throws {
        box = try Sandbox()
        for number in 1...max(1, count) where count > 0 { try box.write("\(number)\n", to: Self.name(number)) }
        try box.makeFolder("in")
    }

    static func name(_ number: Int) -> Name { Name("in/" + String(1000 + number).dropFirst() + ".txt") }

    func start(_ words: Name..., environment: [String: String] = [:]) throws -> Running {
        try box.start(["quire", "exec", "--progress", "none", "--json"] + words, environment: marked.merging(environment) { $1 })
    }

    @discardableResult
    func exec(_ words: Name..., environment: [String: String] = [:], expect status: Int32? = nil, _ place: SourceLocation = #_sourceLocation) throws -> Ended {
        let ended = try box.run(["quire", "exec", "--progress", "none"] + words, environment: marked.merging(environment) { $1 }, place)
        if let status { #expect(ended.status == status, "\(ended)", sourceLocation: place) }
        return ended
    }

    /// Another quire command about the newest job.
    @discardableResult
    func quire(_ words: Name..., expect status: Int32? = nil, _ place: SourceLocation = #_sourceLocation) throws -> Ended {
        let ended = try box.run(["quire"] + words, environment: marked, place)
        if let status { #expect(ended.status == status, "\(ended)", sourceLocation: place) }
        return ended
    }

    private var marked: [String: String] { ["QUIRE_TEST_MARK": mark] }

    /// Everything that runs with this sandbox's environment: quire, its agents and minders, their programs and what these left.
    func processes() -> [pid_t] {
        let all = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        let variable = Data("QUIRE_TEST_MARK=\(mark)".utf8)
        return all.compactMap { pid_t($0) }.filter { process in
            guard let environment = FileManager.default.contents(atPath: "/proc/\(process)/environ") else { return false }
            return environment.range(of: variable) != nil && ProcessTree.isAlive(process)
        }
    }

    /// Those of them that are neither quire nor its own helpers.
    func programs() -> [pid_t] { processes().filter { !["quire", "quire-agent"].contains(ProcessTree.name($0)) } }

    func expectNothingRuns(_ place: SourceLocation = #_sourceLocation) {
        let left = processes()
        #expect(left.isEmpty, "\(left.map { "\($0) \(ProcessTree.name($0))" })", sourceLocation: place)
    }

    /// Lines that programs added to a file, sorted.
    func lines(_ name: Name) -> [String] { box.text(name).split(separator: "\n").map(String.init).sorted() }

    /// A program that says it began in `began`, and goes on once `go` is there; `$1` is its input.
    static let held: Name = "echo \"$1\" >> began; while [ ! -e go ]; do sleep 0.02; done; "

    func untilBegan(_ count: Int) throws { try eventually("\(count) programs have begun") { self.lines("began").count >= count } }
    func letGo() throws { try box.write("", to: "go") }
}
