import JobModel
import Testing

@testable import LinuxSystem

private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

@Suite("What a machine has to give")
struct CapacityTests {
    @Test(
        "A quota counts in whole CPUs, part of one as one",
        arguments: [
            ("200000 100000\n", 2), ("150000 100000\n", 2), ("10000 100000\n", 1), ("max 100000\n", nil), ("", nil),
            ("x y\n", nil), ("100000 0\n", nil),
            ("99999999999999999999 1\n", nil),
        ])
    func quotaOfVersion2(content: String, cpus: Int?) {
        #expect(ControlGroup.quotaCPUs(cpuMax: bytes(content)) == cpus)
    }

    @Test("A quota of -1 is none")
    func quotaOfVersion1() {
        #expect(ControlGroup.quotaCPUs(quota: bytes("-1\n"), period: bytes("100000\n")) == nil)
        #expect(ControlGroup.quotaCPUs(quota: bytes("300000\n"), period: bytes("100000\n")) == 3)
        #expect(ControlGroup.quotaCPUs(quota: nil, period: nil) == nil)
    }

    @Test("A process's groups are found in both versions, and every folder above them counts")
    func groups() {
        let found = ControlGroup.all(cgroup: bytes("12:cpu,cpuacct:/a/b\n5:memory:/\n0::/user.slice/x:y\nnonsense\n3:pids\n"))
        #expect(
            found == [
                ControlGroup(version: .first(controllers: ["cpu", "cpuacct"]), path: "/a/b"),
                ControlGroup(version: .first(controllers: ["memory"]), path: "/"),
                ControlGroup(version: .second, path: "/user.slice/x:y"),
            ])
        #expect(found[0].folders == ["/sys/fs/cgroup/cpu/a/b", "/sys/fs/cgroup/cpu/a", "/sys/fs/cgroup/cpu"])
        #expect(found[2].folders == ["/sys/fs/cgroup/user.slice/x:y", "/sys/fs/cgroup/user.slice", "/sys/fs/cgroup"])
    }

    @Test("MemTotal is in kilobytes; a file without it says nothing")
    func memory() {
        #expect(Capacity.memoryTotalBytes(meminfo: bytes("MemTotal:       16307660 kB\nMemFree: 1 kB\n")) == 16_307_660 * 1024)
        #expect(Capacity.memoryTotalBytes(meminfo: bytes("MemFree: 1 kB\n")) == nil)
        #expect(Capacity.memoryTotalBytes(meminfo: bytes("MemTotal:")) == nil)
    }

    @Test(
        "Slots are bounded by CPUs and by 512 MB each, and there is always one",
        arguments: [
            (8, 64, 8), (8, 2, 4), (4, 0, 1), (1, 512, 1),
        ])
    func slots(cpus: Int, gigabytes: UInt64, slots: Int) {
        let capacity = Capacity(hostname: "h", bootID: "b", logicalCPUs: cpus, physicalCPUs: cpus, memoryBytes: gigabytes << 30)
        #expect(capacity.slotsMax == slots)
    }

    @Test("This machine has a name, a boot id, a CPU and memory, and no more CPUs than nproc says")
    func thisMachine() throws {
        let capacity = Capacity.ofThisMachine()
        #expect(!capacity.hostname.isEmpty)
        #expect(capacity.bootID.utf8.count == 36)
        #expect(capacity.memoryBytes > 64 << 20)
        let (end, output) = try run("/usr/bin/nproc", [])
        #expect(end == .exited(code: 0))
        #expect(capacity.logicalCPUs >= 1 && capacity.logicalCPUs <= Int(output.trimmingPrefix(" ").prefix { $0.isNumber }) ?? 0)
        #expect((1...capacity.logicalCPUs).contains(capacity.physicalCPUs))
    }

    @Test("A sample of /proc/PID/stat survives any program name")
    func sample() throws {
        let head =
            "4711 (a) R (b)) D 1 4711 4711 0 -1 4194304 100 0 0 0 150 50 0 0 20 0 1 0 1000 1000000 2560 18446744073709551615"
        let tail = " 0 0 0 0 0 0 0 0 0 0 0 0 17 1 0 0 30 0 0 0 0 0 0 0 0 0 0\n"
        let sample = try #require(ProcessSample(stat: bytes(head + tail), ticksPerSecond: 100, pageBytes: 4096))
        #expect(
            sample
                == ProcessSample(activity: .waiting, cpuMilliseconds: 2_000, ioWaitMilliseconds: 300, residentBytes: 2560 * 4096))
        #expect(ProcessSample(stat: bytes("4711 (x) R 1"), ticksPerSecond: 100, pageBytes: 4096) == nil)
        #expect(ProcessSample(stat: [], ticksPerSecond: 100, pageBytes: 4096) == nil)
    }

    @Test("A sample of a real process agrees with ps")
    func realSample() throws {
        let own = try #require(ProcessSample.take(of: getpidForTests()))
        let (_, output) = try run("/usr/bin/ps", ["-o", "rss=", "-p", "\(getpidForTests())"])
        let kilobytes = try #require(UInt64(output.filter { $0.isNumber }))
        #expect(own.residentBytes / 1024 > kilobytes / 4 && own.residentBytes / 1024 < kilobytes * 4)
        #expect(own.activity != .stopped)
    }
}
