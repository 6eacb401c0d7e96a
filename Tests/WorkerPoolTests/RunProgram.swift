import Glibc
import JobModel
import LinuxSystem

/// Runs a program to its end; returns how it ended and what it printed.
func run(_ program: String, _ arguments: [String], changing: (inout ProcessPlan) -> Void = { _ in }) throws -> (
    ProcessEnd, String
) {
    let pipe = try Descriptors.pipe()
    let reading = pipe.reading
    var plan = ProcessPlan(RawPath(program))
    plan.arguments = arguments.map { Array($0.utf8) }
    plan.environment = ProcessPlan.inheritedEnvironment()
    changing(&plan)
    var process = try start(plan, output: pipe.writing)
    var text: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65536)
    while case .bytes(let count) = Descriptors.read(reading.descriptor, into: &buffer) { text += buffer[..<count] }
    return (try process.wait(), String(decoding: text, as: UTF8.self))
}

private func start(_ plan: ProcessPlan, output: consuming OpenFile) throws(SystemError) -> ChildProcess {
    var plan = plan
    plan.descriptors = [nil, output.descriptor, 2]
    return try ChildProcess(starting: plan)
}

func getpidForTests() -> Int32 { getpid() }
