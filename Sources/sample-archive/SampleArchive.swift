import ArgumentParser
import Glibc
import Synchronization

@main
struct SampleArchive: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sample-archive",
        abstract: "Make a folder of photo-like JPEGs to try quire on.",
        discussion: """
            The same arguments make the same bytes. Photos carry camera EXIF, all eight orientations in turn and a \
            GPS position in every third; names have spaces, quotes, accents, leading dashes.

              scripts/sample-archive /tmp/photos --count 100
              scripts/sample-archive /tmp/letters --kind scan --count 40
            """)

    enum Kind: String, ExpressibleByArgument, CaseIterable {
        case photo
        case scan
    }

    @Argument(help: "The folder to fill; made if it is not there.")
    var folder: String

    @Option(help: "How many pictures.")
    var count = 24

    @Option(help: "Stored pixels, width x height. (default: 4000x3000; scans: 1240x1754)")
    var size: Size?

    @Option(help: "What they show: photo, or scan for typed pages with a resolution and no camera.")
    var kind = Kind.photo

    func validate() throws {
        guard (1...10_000_000).contains(count) else { throw ValidationError("--count is 1 to 10000000, not \(count).") }
    }

    func run() throws {
        let size = size ?? (kind == .photo ? Size(width: 4_000, height: 3_000) : Size(width: 1_240, height: 1_754))
        try JPEGEncoder.start()
        let maker = PictureMaker(folder: folder, kind: kind, size: size, tables: NoiseTables())
        let total = try onAllCores(count: count) { image in try maker.make(image) }
        let megabytes = "\(total / 1_000_000).\(total / 100_000 % 10) MB"
        print("\(count) \(kind == .photo ? "photos" : "scans") of \(size.width)x\(size.height), \(megabytes), in \(folder)")
    }
}

struct Size: ExpressibleByArgument {
    let width: Int
    let height: Int

    init(width: Int, height: Int) {
        self.width = width
        self.height = height
    }

    init?(argument: String) {
        let parts = argument.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
        guard parts.count == 2, let width = parts[0], let height = parts[1], (64...20_000).contains(width),
            (64...20_000).contains(height)
        else { return nil }
        (self.width, self.height) = (width, height)
    }
}

/// Calls `work` for 0 ..< `count` on a thread a core, in order of taking; the sum of what it returned.
///
/// The first error ends the work and is thrown.
private func onAllCores(count: Int, _ work: @escaping @Sendable (Int) throws -> Int) throws -> Int {
    let state = Mutex((next: 0, total: 0, failure: (any Error)?.none))
    let run: @Sendable () -> Void = {
        while true {
            let image = state.withLock { state -> Int? in
                guard state.failure == nil, state.next < count else { return nil }
                state.next += 1
                return state.next - 1
            }
            guard let image else { return }
            let outcome = Result { try work(image) }
            state.withLock { state in
                switch outcome {
                case .success(let bytes): state.total += bytes
                case .failure(let error): state.failure = state.failure ?? error
                }
            }
        }
    }
    let threads = (0..<max(1, min(count, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))))).map { _ in Thread(run) }
    for thread in threads { thread.join() }
    return try state.withLock { state in
        if let failure = state.failure { throw failure }
        return state.total
    }
}

/// One system thread that runs a closure to its end.
private final class Thread {
    private var handle = pthread_t()

    init(_ body: @escaping @Sendable () -> Void) {
        let box = Unmanaged.passRetained(Box(body))
        let code = pthread_create(
            &handle, nil,
            { argument in
                guard let argument else { return nil }
                Unmanaged<Box>.fromOpaque(argument).takeRetainedValue().body()
                vipsThreadEnds()
                return nil
            }, box.toOpaque())
        precondition(code == 0, "pthread_create answered \(code)")
    }

    func join() { pthread_join(handle, nil) }

    private final class Box {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
}
