import JobModel
import LinuxSystem
import Programs

/// A job's program with what is the same for all its tasks found out once.
struct PreparedProgram {
    let spec: ProgramSpec
    /// For each output, whether an argument names it.
    let isMentioned: [Bool]
    private let environment: [[UInt8]]
    private let lookup: ProgramLookup

    /// - Parameter environment: of this process, which the program gets with the variables of `spec`.
    init(_ spec: ProgramSpec, environment: [[UInt8]]) {
        self.spec = spec
        isMentioned = spec.returns.indices.map { spec.isMentioned(output: $0) }
        let replaced = Set(spec.environment.map(\.name))
        self.environment =
            environment.filter { !replaced.contains(Array($0.prefix { $0 != 0x3D })) } + spec.environment.map { $0.name + [0x3D] + $0.value }
        lookup = ProgramLookup(environment: self.environment)
    }

    /// How the program is started for one task.
    ///
    /// - Parameters:
    ///   - outputs: where it shall write those that arguments name.
    ///   - temporary: TMPDIR; nil leaves the user's own.
    func plan(_ order: ProgramOrder, outputs: [RawPath], temporary: RawPath?) throws(LaunchError) -> ProcessPlan {
        guard outputs.count == spec.returns.count else { throw .orderDisagrees(outputs: outputs.count, declared: spec.returns.count) }
        let folder = order.mirror.map { OutputPlaces.mirrored(order.workingFolder, in: $0) } ?? order.workingFolder
        let words: [[UInt8]]
        do throws(ProgramError) {
            words = try spec.commandLine(ProgramValues(argument: order.argument, number: order.number, outputs: outputs))
        } catch {
            throw .command(error)
        }
        guard let name = words.first, let program = find(name, in: folder, mirror: order.mirror) else {
            throw .notThere(RawPath(bytes: words.first ?? []))
        }
        var plan = ProcessPlan(program)
        plan.name = name
        plan.arguments = Array(words.dropFirst())
        plan.environment = environment
        if let temporary {
            plan.environment.removeAll { $0.starts(with: Self.temporaryPrefix) }
            plan.environment.append(Self.temporaryPrefix + temporary.bytes)
        }
        plan.folder = folder
        plan.leadsSession = true
        // Nobody would end it when the minder itself is killed.
        plan.diesWithThread = true
        return plan
    }

    private static let temporaryPrefix = Array("TMPDIR=".utf8)

    /// One that was sent lies in the mirror, under the path it has on the head.
    private func find(_ name: [UInt8], in folder: RawPath, mirror: RawPath?) -> RawPath? {
        if let mirror, name.first == 0x2F, let sent = lookup.find(mirror.bytes + name, in: folder) { return sent }
        return lookup.find(name, in: folder)
    }
}

/// Why a program is not started.
enum LaunchError: Error, CustomStringConvertible {
    case command(ProgramError)
    case notThere(RawPath)
    case orderDisagrees(outputs: Int, declared: Int)
    case system(SystemError)

    var description: String {
        switch self {
        case .command(let error): "\(error)"
        case .notThere(let name): "there is no program \(name.display)"
        case .orderDisagrees(let outputs, let declared): "the order has \(outputs) outputs, the program \(declared)"
        case .system(let error):
            switch error.call {
            case "execve": error.reason
            case "chdir": "its working folder cannot be entered: \(error.reason)"
            default: "\(error.call): \(error.reason)"
            }
        }
    }
}
