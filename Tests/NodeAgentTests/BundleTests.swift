import Bundles
import Digests
import Foundation
import JobModel
import LinuxSystem
import Staging
import Testing
import WireProtocol

@Suite("An agent that gets its worker in a bundle", .serialized)
struct BundleTests {
    struct Unexpected: Error {}

    /// A bundle of the fixture worker and a small file.
    private struct Parcel {
        let folder: TemporaryFolder
        let manifest: BundleManifest
        var hash: Digest256 { manifest.hash(SHA256Stream.self) }

        init() throws {
            folder = try TemporaryFolder()
            try FileManager.default.copyItem(
                atPath: try AgentSession.productFolder.appending("fixture-worker").display, toPath: folder.path + "/quire-worker")
            try FileManager.default.createDirectory(atPath: folder.path + "/lib", withIntermediateDirectories: false)
            try Data("small".utf8).write(to: URL(fileURLWithPath: folder.path + "/lib/small"))
            var entries: [BundleEntry] = []
            for (name, mode) in [("lib/small", UInt32(0o600)), ("quire-worker", 0o700)] {
                let bytes = Array(try Data(contentsOf: URL(fileURLWithPath: folder.path + "/" + name)))
                entries.append(BundleEntry(name: RawPath(name), sizeBytes: UInt64(bytes.count), mode: mode, digest: SHA256Stream.digest(of: bytes)))
            }
            guard let made = BundleManifest(kind: .worker, files: entries) else { throw Unexpected() }
            manifest = made
        }

        func send(_ indexes: [UInt32], over session: AgentSession) {
            for index in indexes {
                session.staging?.sender.add(
                    OutgoingFile(
                        path: RawPath(folder.path).appending(manifest.files[Int(index)].name), file: .bundle(index), identity: nil))
            }
        }
    }

    private func session(_ home: TemporaryFolder) throws -> AgentSession {
        let session = try AgentSession(variables: ["HOME=\(home.path)"], worker: RawPath("/no/such/worker"))
        session.stageFiles(into: home)
        return session
    }

    private func missing(_ session: AgentSession) throws -> [UInt32] {
        guard case .bundleMissing(let indexes) = try session.next(where: { if case .bundleMissing = $0 { true } else { false } }) else { throw Unexpected() }
        return indexes
    }

    @Test("It asks for what is missing, starts the worker from it, and asks for nothing the next time")
    func comes() throws {
        let (home, parcel) = (try TemporaryFolder(), try Parcel())
        for round in 0..<2 {
            let session = try session(home)
            try session.start(slots: 1) {
                session.send(.bundle(parcel.hash, parcel.manifest.files))
                if round == 0 { parcel.send(try missing(session), over: session) }
                _ = try session.next { $0 == .bundleReady }
                return .bundleOnHostLibraries(parcel.hash)
            }
            session.assign(["ok"])
            guard case .finished = try session.reports(1)[TaskIndex(0)]?.outcome else { throw Unexpected() }
            session.hangUp()
            #expect(try session.wait() == .exited(code: 0))
        }
    }

    @Test("A list that is no bundle, and a bundle that was not announced, are refused")
    func refused() throws {
        let (home, parcel) = (try TemporaryFolder(), try Parcel())
        let liar = try session(home)
        liar.send(.hello(Hello(build: "test")))
        liar.send(.bundle(Digest256(bytes: Array(repeating: 1, count: 32)), parcel.manifest.files))
        _ = try liar.next { if case .unusable = $0 { true } else { false } }
        #expect(try liar.wait() == .exited(code: 1))
        let early = try session(home)
        try early.start(slots: 1, awaitReady: false) { .bundle(parcel.hash) }
        guard case .unusable(let text) = try early.next(where: { if case .unusable = $0 { true } else { false } }) else { throw Unexpected() }
        #expect(text.contains("not on this host"))
    }

    @Test("A file that is not what was announced ends it, and nothing is kept under the bundle's name")
    func wrongFile() throws {
        let (home, parcel) = (try TemporaryFolder(), try Parcel())
        try Data("other".utf8).write(to: URL(fileURLWithPath: parcel.folder.path + "/lib/small"))
        let session = try session(home)
        session.send(.hello(Hello(build: "test")))
        session.send(.bundle(parcel.hash, parcel.manifest.files))
        parcel.send(try missing(session), over: session)
        guard case .unusable(let text) = try session.next(where: { if case .unusable = $0 { true } else { false } }) else { throw Unexpected() }
        #expect(text.contains("lib/small"))
        #expect(!FileManager.default.fileExists(atPath: home.path + "/.cache/quire/" + parcel.manifest.folderName(SHA256Stream.self)))
    }
}
