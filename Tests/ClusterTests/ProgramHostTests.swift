import Foundation
import Testing

/// `quire exec` on hosts: with the head's files and without them, and what becomes of tasks whose host dies.
@Suite("Programs on hosts", .enabled(if: Testbed.isWhole, "needs root rights and namespaces"), .serialized)
struct ProgramHostTests {
    /// Texts with names that are not easy, in folders beside the working folder too.
    private static let texts = """
        mkdir -p in/sub in/deep/er
        for n in $(seq 1 18); do seq $n 9 20000 >in/sub/n$n.txt; done
        echo odd >"in/ode 'to' \\$(a) file"; printf 'raw\\n' >"$(printf 'in/raw\\377\\001name')"; echo dash >in/-dash
        cp in/sub/n1.txt in/deep/er/n1.txt
        """

    private func exec(_ place: Workplace, _ name: String, _ options: [String], status: Int32 = 0, _ words: [String], at: SourceLocation = #_sourceLocation) throws -> Ended {
        let ended = try place.start(name, ["exec"] + options + ["--progress", "plain", "--"] + words).wait()
        #expect(ended.status == status, "\(name): \(ended)", sourceLocation: at)
        return ended
    }

    @Test("Hosts without the files make what this machine makes, and print the same; what was sent is in its place")
    func staged() throws {
        let place = try Workplace(Self.texts)
        try place.make("mkdir -p here/tools there/tools; for d in here there; do printf '#!/bin/sh\\nsed s/1/one/ \"$1\"\\n' >$d/tools/edit; chmod 755 $d/tools/edit; echo table >$d/table; done")
        let options = ["in", "--send", "tools", "--send", "table", "--return", "out/{/.}.{#3}", "--tag"]
        let words = ["sh", "-c", "./tools/edit \"$0\" | cat - table >\"$1\"; chmod 754 \"$1\"; wc -l <\"$0\"; seq 5000", "{}", "out/{/.}.{#3}"]
        let here = try exec(place, "here", options, words)
        let bed = try Testbed(hosts: 2)
        let there = try exec(place, "there", options + ["--hosts", bed.hostsFile, "--min-hosts", "2"], words)
        #expect(here.output == there.output)
        #expect(here.output.split(separator: "\n").count == 22 * 5001)
        try place.expectSameResults("here", "there")
        for folder in ["here", "there"] { #expect(try place.make("stat -c %a \(folder)/out/* | sort -u").output == "754\n") }
        #expect(try place.make("cd there && find . -name '.quire*'").output == "")
        for host in ["h1", "h2"] { #expect(try bed.files(below: "/var/tmp", on: host).filter { $0.contains("/tasks") || $0.hasSuffix(".lock") } == []) }
    }

    @Test("Folders go to hosts with all that is in them; a link to elsewhere is told of")
    func folders() throws {
        let place = try Workplace("for n in 1 2 3 4; do mkdir -p in/p$n/src/empty; seq $n >in/p$n/src/list; ln -s list in/p$n/src/near; ln -s /etc/passwd in/p$n/far; done")
        let options = ["in", "--dirs", "--return", "{}.sums"]
        // What elsewhere is cannot be the same there.
        let words = ["sh", "-c", "cd \"$0\" && find . -type f ! -name far | LC_ALL=C sort | xargs md5sum; cat src/near > ../\"$(basename \"$0\")\".sums"]
        let bed = try Testbed(hosts: 1)
        let there = try exec(place, "there", options + ["--hosts", bed.hostsFile], words)
        #expect(there.errors.contains("p1/far is a link to elsewhere"), "\(there)")
        #expect(there.output.split(separator: "\n").count == 8, "\(there)")
        #expect(try place.make("cat there/in/*.sums").lines == (1...4).flatMap { (1...$0).map(String.init) })
    }

    @Test("A program that only the hosts have runs there; where nobody has it, each host says so and nothing is tried here")
    func onlyThere() throws {
        let place = try Workplace("mkdir -p in; for n in 1 2 3; do echo $n >in/$n.txt; done")
        let bed = try Testbed(hosts: 2)
        try bed.execute(on: "h1", "sh", "-c", "mkdir -p /tmp/tools; printf '#!/bin/sh\\nrev \"$1\"\\n' >/tmp/tools/only-there; chmod 755 /tmp/tools/only-there")
        let ended = try exec(place, "there", ["in", "--env", "PATH=/tmp/tools:/usr/bin:/bin", "--hosts", bed.hostsFile], ["only-there"])
        #expect(ended.output == "1\n2\n3\n", "\(ended)")
        let one = try exec(place, "one", ["in", "--env", "PATH=/tmp/tools:/usr/bin:/bin", "--hosts", bed.hostsFile, "--min-hosts", "1"], ["only-there"])
        #expect(one.output == "1\n2\n3\n", "the host without it took tasks: \(one)")
        let nowhere = try exec(place, "nowhere", ["in", "--hosts", bed.hostsFile], status: 5, ["not-even-there"])
        #expect(nowhere.errors.contains("h1") && nowhere.errors.contains("not-even-there is not there: install it"), "\(nowhere)")
        #expect(!nowhere.errors.contains("quire-agent"), "\(nowhere)")
    }

    @Test("What a task leaves without declaring it fails that task by name, and only there")
    func undeclared() throws {
        let place = try Workplace("mkdir -p in; for n in 1 2 3; do echo $n >in/$n.txt; done")
        let bed = try Testbed(hosts: 1)
        let words = ["sh", "-c", "cp \"$0\" \"$1\"; if grep -q 2 \"$0\"; then touch x.mkv; fi", "{}", "{.}.out"]
        let ended = try exec(place, "there", ["in", "--return", "{.}.out", "--hosts", bed.hostsFile], status: 3, words)
        #expect(ended.errors.contains("in/2.txt") && ended.errors.contains("left 1 undeclared output x.mkv; add --return"), "\(ended)")
        #expect(try place.make("cd there/in && ls").lines == ["1.out", "1.txt", "2.txt", "3.out", "3.txt"])
    }

    @Test("Hosts that share the files have the user's folder and environment, but for what is a machine's own; others have --env")
    func environment() throws {
        let place = try Workplace("mkdir -p in; for n in 1 2 3 4; do echo $n >in/$n.txt; done")
        // A variable of the head's user, and one that is this machine's.
        let words = ["sh", "-c", "echo \"$QUIRE_TEST_NAME:$SSH_AUTH_SOCK:$(hostname)\"; cat \"$0\" >\"$1\"; pwd", "{}", "made/{/.}.out"]
        let options = ["in", "--return", "made/{/.}.out"]
        let shared = try Testbed(hosts: 2, ["--shared"])
        func lines(_ ended: Ended) -> Set<String> { Set(ended.output.split(separator: "\n").map(String.init)) }
        try place.make("mkdir -p shared home; cp -a in shared/")
        let script = "cd shared && QUIRE_TEST_NAME=mine SSH_AUTH_SOCK=/none exec \"$@\""
        let quire = programs.appending(path: "quire").path(percentEncoded: false)
        let ended = try run(
            "bash", ["-c", script, "bash", quire, "exec"] + options + ["--hosts", shared.hostsFile, "--min-hosts", "2", "--"] + words,
            in: URL(filePath: place.path), environment: place.environment)
        #expect(ended.status == 0, "\(ended)")
        #expect(lines(ended).isSubset(of: ["mine::h1", "mine::h2", place.path + "/shared"]), "\(ended)")
        #expect(try place.make("cd shared/made && cat *").output == "1\n2\n3\n4\n")
        try shared.end()

        let staged = try Testbed(hosts: 1)
        let there = try exec(place, "staged", options + ["--env", "QUIRE_TEST_NAME=given", "--hosts", staged.hostsFile], words)
        #expect(lines(there).contains("given::h1"), "\(there)")
        #expect(lines(there).contains { $0.hasPrefix("/var/tmp/quire-") && $0.hasSuffix(place.path + "/staged") }, "\(there)")
    }

    @Test("Under another name of the share, outputs and printed text come as they do here")
    func mapped() throws {
        let place = try Workplace(Self.texts)
        let options = ["in", "--return", "{.}.sum"]
        let words = ["sh", "-c", "md5sum <\"$0\" >\"$1\"; seq 9000", "{}", "{.}.sum"]
        let here = try exec(place, "here", options, words)
        let bed = try Testbed(hosts: 2, ["--share", "\(place.path):/mnt/work"])
        let hosts = try place.hosts(bed, defaults: "storage: shared, map: {\(place.path): /mnt/work}", "address: h1", "address: h2")
        let there = try exec(place, "there", options + hosts + ["--min-hosts", "2"], words)
        #expect(here.output == there.output)
        try place.expectSameResults("here", "there")
        #expect(try place.make("cd there && find . -name '.quire*'").output == "")
    }

    @Test("A host that shares the inputs but not what --send names gets both")
    func sentFromElsewhere() throws {
        let place = try Workplace("mkdir -p in there; echo table >table; for n in 1 2 3; do echo $n >in/$n.txt; done")
        let bed = try Testbed(hosts: 1, ["--share", "\(place.path)/there:/mnt/work"])
        let hosts = try place.hosts(bed, defaults: "map: {\(place.path)/there: /mnt/work}", "address: h1")
        let options = ["in", "--send", "../table", "--return", "{.}.out"] + hosts
        let ended = try exec(place, "there", options, ["sh", "-c", "cat ../table {} >{.}.out; pwd"])
        #expect(try place.make("cat there/in/*.out").output == "table\n1\ntable\n2\ntable\n3\n", "\(ended)")
        #expect(!ended.output.contains("/mnt/work"), "\(ended)")
    }

    @Test("A host that lacks the program is left out with the cure, and one that can be sent is named")
    func missing() throws {
        let place = try Workplace("mkdir -p in bin; echo 1 >in/1.txt; printf '#!/bin/sh\\necho ran \"$(cat \"$1\")\"\\n' >bin/tool; chmod 755 bin/tool; mkdir -p there; cp -a bin there/")
        let bed = try Testbed(hosts: 1)
        let absolute = try exec(place, "there", ["in", "--hosts", bed.hostsFile], status: 5, [place.path + "/bin/tool"])
        #expect(absolute.errors.contains("h1") && absolute.errors.contains("bin/tool"), "\(absolute)")
        let relative = try exec(place, "there", ["in", "--hosts", bed.hostsFile], status: 5, ["bin/tool"])
        #expect(relative.errors.contains("add --send bin/tool"), "\(relative)")
        let sent = try exec(place, "there", ["in", "--send", "bin/tool", "--hosts", bed.hostsFile], ["bin/tool"])
        #expect(sent.output == "ran 1\n", "\(sent)")
    }

    // MARK: Lost hosts

    private static let many = "mkdir -p in; for n in $(seq 1 40); do echo $n >in/$n.txt; done"
    /// Says that it runs, and waits where it is told to.
    private static let slow = ["sh", "-c", "echo \"$0\" >\"$1\"; sleep 0.2; while [ -e /var/tmp/hold ]; do sleep 0.05; done; echo done >>\"$1\"", "{}", "{.}.out"]

    private func startAndKill(_ place: Workplace, _ bed: Testbed, _ options: [String]) throws -> Ended {
        let hosts = try place.hosts(bed, defaults: "lease: 2, slots: 2", "address: h1", "address: h2")
        let running = try place.start("there", ["exec", "in", "--return", "{.}.out", "--progress", "json"] + hosts + ["--min-hosts", "2"] + options + ["--"] + Self.slow)
        try running.untilDone(3, on: ["h1", "h2"])
        try bed.execute(on: "h1", "touch", "/var/tmp/hold")
        try running.until("programs of h1 are held") { try bed.programs(on: "h1").filter { $0.hasPrefix("sh -c") }.count == 2 }
        try bed.kill("h1")
        return try running.wait()
    }

    @Test("A host killed half-way: its tasks start again elsewhere, told as started twice, and all outputs are as without that")
    func killed() throws {
        let place = try Workplace(Self.many)
        _ = try exec(place, "here", ["in", "--return", "{.}.out"], Self.slow)
        let bed = try Testbed(hosts: 2)
        let ended = try startAndKill(place, bed, [])
        #expect(ended.status == 0, "\(ended)")
        #expect(ended.errors.contains("started twice") || ended.errors.contains("started_twice"), "\(ended)")
        try place.expectSameResults("here", "there")
        #expect(try place.make("cd there && find . -name '.quire*'").output == "")
    }

    @Test("With --at-most-once the tasks of a lost host have failed, each by name, and all others are done")
    func atMostOnce() throws {
        let place = try Workplace(Self.many)
        let bed = try Testbed(hosts: 2)
        let ended = try startAndKill(place, bed, ["--at-most-once"])
        #expect(ended.status == 3, "\(ended)")
        let made = try place.make("cd there/in && ls *.out | wc -l").output.trimmingCharacters(in: .whitespacesAndNewlines)
        #expect((36...38).contains(Int(made) ?? 0), "\(made) outputs; \(ended)")
        #expect(ended.errors.contains("its host was lost while the program may have been running"), "\(ended)")
    }

    @Test("kill -9 of quire: resume at once starts nothing beside what may still run on a host, and tells what was started twice")
    func headKilled() throws {
        let place = try Workplace(Self.many)
        let bed = try Testbed(hosts: 2)
        let hosts = try place.hosts(bed, defaults: "lease: 2, slots: 2", "address: h1", "address: h2")
        // Only one at a time can hold a task's lock on a host; TERM is not heeded.
        let words = [
            "sh", "-c",
            "trap '' TERM; exec 9>>/var/tmp/lock-${0##*/}; flock -n 9 || echo >>/var/tmp/beside; sleep 0.2; while [ -e /var/tmp/hold ]; do sleep 0.05; done", "{}",
        ]
        let running = try place.start("there", ["exec", "in", "--progress", "json"] + hosts + ["--min-hosts", "2", "--"] + words)
        try running.untilDone(3, on: ["h1", "h2"])
        for host in ["h1", "h2"] {
            try bed.execute(on: host, "touch", "/var/tmp/hold")
            try running.until("programs of \(host) are held") { try bed.programs(on: host).filter { $0.hasPrefix("sh -c") }.count == 2 }
        }
        running.signal(SIGKILL)
        _ = try running.wait()
        let resumed = try place.start("there", ["resume", "--progress", "json"], copiesInputs: false)
        for host in ["h1", "h2"] { try bed.execute(on: host, "rm", "/var/tmp/hold") }
        let ended = try resumed.wait()
        #expect(ended.status == 0, "\(ended)")
        #expect(ended.errors.contains("\"started_twice\":{\"count\":") && !ended.errors.contains("\"started_twice\":{\"count\":0"), "\(ended)")
        for host in ["h1", "h2"] { #expect(try bed.execute(on: host, "test", "!", "-e", "/var/tmp/beside").status == 0, "\(host)") }
    }
}
