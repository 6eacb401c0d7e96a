// swift-tools-version: 6.2
import PackageDescription

/// Language settings every Swift target shares.
let swift: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

/// What lets the linker leave out unused code and symbols: agents and workers travel to other hosts.
let lean: [LinkerSetting] = [
    .unsafeFlags(["-Xlinker", "--gc-sections", "-Xlinker", "-s"], .when(configuration: .release))
]

func module(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: swift)
}

func program(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(name: name, dependencies: dependencies, swiftSettings: swift, linkerSettings: lean)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: dependencies, swiftSettings: swift)
}

/// Built optimised in debug builds too: tests run some hundred simulated jobs through them. Preconditions stay.
let quick = swift + [.unsafeFlags(["-O"], .when(configuration: .debug))]

let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")

let package = Package(
    name: "quire",
    products: [
        .executable(name: "quire", targets: ["quire"]),
        .executable(name: "quire-agent", targets: ["quire-agent"]),
        .executable(name: "quire-worker", targets: ["quire-worker"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        // System libraries and the C shim.
        .systemLibrary(name: "CVips", pkgConfig: "vips", providers: [.apt(["libvips-dev"])]),
        .systemLibrary(name: "CLibExif", pkgConfig: "libexif", providers: [.apt(["libexif-dev"])]),
        .systemLibrary(name: "CTurboJPEG", pkgConfig: "libturbojpeg", providers: [.apt(["libturbojpeg0-dev"])]),
        .systemLibrary(name: "COpenJPEG", pkgConfig: "libopenjp2", providers: [.apt(["libopenjp2-7-dev"])]),
        .systemLibrary(name: "CLibSSH", pkgConfig: "libssh", providers: [.apt(["libssh-dev"])]),
        .target(name: "CLinux"),
        .target(name: "CJPEG", linkerSettings: [.linkedLibrary("jpeg")]),
        .target(
            name: "CDicom", dependencies: ["COpenJPEG"],
            linkerSettings: ["dcmimage", "dcmimgle", "dcmjpeg", "dcmjpls", "dcmdata", "oflog", "ofstd", "openjp2"].map { .linkedLibrary($0) }),
        .target(name: "CLibRaw", linkerSettings: [.linkedLibrary("raw_r")]),

        // The nouns.
        module("JobModel"),

        // Pure cores: values in, values out, no I/O.
        module("Variables", ["JobModel"]),
        module("Recipes", ["JobModel", "Variables", "ImageFiles"]),
        module("Programs", ["JobModel"]),
        module("ImageFiles", ["JobModel", "Variables"]),
        module("Planning", ["JobModel", "Variables"]),
        .target(name: "Scheduling", dependencies: ["JobModel"], swiftSettings: quick),
        module("Supervising", ["JobModel"]),
        module("WireProtocol", ["JobModel"]),
        module("PDFAssembly", ["JobModel"]),

        // Adapters: one C library or one facility of the system each.
        module("Digests", ["JobModel", crypto]),
        module("LinuxSystem", ["JobModel", "CLinux"]),
        module(
            "Imaging",
            [
                "JobModel", "Recipes", "Variables", "ImageFiles", "WireProtocol", "LinuxSystem", "Digests", "CJPEG", "CTurboJPEG", "CDicom",
                "CLibRaw", "CVips", "CLibExif",
            ]),
        module("Bundles", ["JobModel", "LinuxSystem", "Digests"]),
        module("WorkerPool", ["JobModel", "WireProtocol", "LinuxSystem"]),
        module("SSHTransport", ["JobModel", "LinuxSystem", "CLibSSH", crypto]),
        module("Staging", ["JobModel", "WireProtocol", "LinuxSystem", "Digests"]),
        module("JobStore", ["JobModel", "WireProtocol", .product(name: "GRDB", package: "GRDB.swift")]),
        module("TerminalUI", ["JobModel"]),

        // Shells: they perform what the cores decide.
        module("Minder", ["JobModel", "Programs", "WireProtocol", "LinuxSystem", "Digests"]),
        module("NodeAgent", ["JobModel", "WireProtocol", "Supervising", "WorkerPool", "LinuxSystem", "Digests", "Staging", "Bundles"]),
        module(
            "HeadNode",
            [
                "JobModel", "Recipes", "Variables", "Programs", "ImageFiles", "Planning", "Scheduling", "ClusterSimulation", "WireProtocol", "PDFAssembly",
                "LinuxSystem", "SSHTransport", "Staging", "Bundles", "JobStore", "TerminalUI", "Digests", .product(name: "Yams", package: "Yams"),
            ]),

        .target(name: "ClusterSimulation", dependencies: ["JobModel", "Scheduling"], swiftSettings: quick),

        // Programs: parse, wire up, exit code.
        program(
            "quire",
            [
                "HeadNode", "JobModel", "LinuxSystem", "Planning", "Programs", "Recipes", "TerminalUI",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]),
        program("quire-agent", ["NodeAgent", "Minder", "LinuxSystem"]),
        program("quire-worker", ["Imaging", "LinuxSystem"]),
        program("simulate-cluster", ["ClusterSimulation", .product(name: "ArgumentParser", package: "swift-argument-parser")]),
        program("sample-archive", ["CVips", .product(name: "ArgumentParser", package: "swift-argument-parser")]),
        .executableTarget(
            name: "fixture-worker", dependencies: ["JobModel", "WireProtocol", "LinuxSystem"], path: "Tests/Fixtures/fixture-worker",
            swiftSettings: swift),
        .executableTarget(
            name: "channel-bench", dependencies: ["JobModel", "LinuxSystem", "SSHTransport"], path: "Tests/Fixtures/channel-bench",
            swiftSettings: swift),
        .target(name: "SeededNumbers", path: "Tests/Fixtures/seeded-numbers", swiftSettings: swift),
        tests("SupervisingTests", ["Supervising", "JobModel"]),
        tests("WorkerPoolTests", ["WorkerPool", "LinuxSystem", "WireProtocol", "JobModel", "fixture-worker"]),
        tests("MinderTests", ["Minder", "LinuxSystem", "WireProtocol", "JobModel", "Programs", "Digests", "quire-agent"]),
        tests(
            "NodeAgentTests",
            [
                "NodeAgent", "LinuxSystem", "Programs", "Recipes", "Staging", "Bundles", "Digests", "WireProtocol", "JobModel", "quire-agent", "quire-worker",
                "fixture-worker",
            ]),
        tests("ImagingTests", ["Imaging", "CVips", "JobModel", "Recipes", "Variables", "WireProtocol", "LinuxSystem", "quire-worker"]),

        // Tests, a target a module; the last ones run the programs as users do.
        tests("BundlesTests", ["Bundles", "JobModel", "LinuxSystem", "Digests", "Recipes", "WireProtocol", "quire-agent", "quire-worker"]),
        tests("JobModelTests", ["JobModel"]),
        tests("WireProtocolTests", ["JobModel", "WireProtocol"]),
        tests("SchedulingTests", ["JobModel", "Scheduling", "SeededNumbers"]),
        tests("SimulationTests", ["ClusterSimulation", "JobModel", "Scheduling"]),
        tests("VariablesTests", ["JobModel", "Variables"]),
        tests("RecipesTests", ["JobModel", "Recipes", "Variables", "ImageFiles", "SeededNumbers"]),
        tests("ProgramsTests", ["JobModel", "Programs", "SeededNumbers"]),
        tests("PlanningTests", ["JobModel", "Planning", "Variables", "SeededNumbers"]),
        tests("ImageFilesTests", ["JobModel", "ImageFiles", "Variables", "SeededNumbers"]),
        tests("PDFAssemblyTests", ["JobModel", "ImageFiles", "PDFAssembly", "SeededNumbers"]),
        tests("TerminalUITests", ["JobModel", "TerminalUI"]),
        tests("LinuxSystemTests", ["JobModel", "LinuxSystem"]),
        tests("SSHTransportTests", ["JobModel", "LinuxSystem", "SSHTransport"]),
        tests("StagingTests", ["JobModel", "LinuxSystem", "WireProtocol", "Digests", "Staging"]),
        tests("JobStoreTests", ["JobModel", "JobStore"]),
        tests("HeadNodeTests", ["JobModel", "JobStore", "HeadNode", "Programs", "Scheduling", "SSHTransport", "WireProtocol"]),
        tests("PictureTests", []),
        tests("ScriptTests", []),
        tests("ClusterTests", ["quire", "quire-agent", "quire-worker", "sample-archive"]),
        tests("CommandLineTests", []),
    ]
)
