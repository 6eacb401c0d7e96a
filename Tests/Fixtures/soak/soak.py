"""Runs quire over mutated pictures, kills its processes at random, and looks for crashes and for what grows.

Prints a row every few seconds; ends with 1 and the reason if head or agent crash, a job does not end, temp files stay, or
memory, descriptors or processes keep growing within a job.
"""

import argparse, collections, os, pathlib, random, shutil, signal, subprocess, sys, tempfile, time

QUIRE = pathlib.Path(os.environ["QUIRE_BUILD"]) / "quire"
ARCHIVE = pathlib.Path(os.environ["QUIRE_BUILD"]) / "sample-archive"
# What may grow between the second and the last quarter of an undisturbed job.
RATIO_MAX, SLACK_KB = 1.3, 24 << 10


def options():
    parser = argparse.ArgumentParser(prog="scripts/soak", description=__doc__)
    parser.add_argument("--count", type=int, default=100_000, help="mutated files in all")
    parser.add_argument("--job", type=int, default=10_000, help="files a job")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="begins no new job after this time")
    parser.add_argument("--kills", type=float, default=20, help="seconds between kills in every second job")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--work", help="folder for all of it; made anew below TMPDIR")
    return parser.parse_args()


def originals(folder):
    """Small pictures of every kind, as bytes by name."""
    folder.mkdir()
    subprocess.run([ARCHIVE, folder / "archive", "--count", "6", "--size", "96x64"], check=True, stdout=subprocess.DEVNULL)
    first = next(path for path in sorted((folder / "archive").rglob("*")) if path.suffix.lower() == ".jpg")
    kinds = {
        "progressive.jpg": ["-interlace", "JPEG"], "cmyk.jpg": ["-colorspace", "CMYK"], "grey.jpg": ["-colorspace", "Gray"],
        "rgb.png": [], "palette.png": ["-colors", "16"], "deep.png": ["-depth", "16", "PNG48:"], "interlaced.png": ["-interlace", "PNG"],
        "lzw.tif": ["-compress", "LZW"], "strips.tif": ["-compress", "None"], "fax.tif": ["-monochrome", "-compress", "Group4"],
        "lossy.webp": [], "still.gif": [],
    }
    for name, words in kinds.items():
        prefix = words.pop() if words and words[-1].endswith(":") else ""
        subprocess.run(["convert", first, *words, f"{prefix}{folder / name}"], check=True)
    return [(path.name, path.read_bytes()) for path in sorted(folder.rglob("*")) if path.is_file()]


def mutated(data, chance):
    """Bit flips, truncations, and edits of what is likely to be a header."""
    data = bytearray(data)
    kind = chance.randrange(5)
    if kind == 0:
        for _ in range(chance.randint(1, 16)):
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    elif kind == 1:
        del data[chance.randrange(len(data)):]
    elif kind == 2:
        for _ in range(chance.randint(1, 4)):
            data[chance.randrange(min(len(data), 700))] = chance.choice((0, 1, 0x7F, 0x80, 0xFE, 0xFF))
    elif kind == 3:
        start, length = chance.randrange(len(data)), chance.randint(1, 64)
        data[start:start + length] = bytes(chance.randrange(256) for _ in range(chance.randint(0, 64)))
    else:
        start = chance.randrange(max(1, len(data) - 4))
        data[start:start + 4] = chance.choice((b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x7f\xff\xff\xff", b"\xff\xdc\xff\xdc"))
    return bytes(data)


def tree(root):
    """Processes below one, by id, with their names."""
    found, todo = {}, [root]
    while todo:
        process = todo.pop()
        try:
            found[process] = os.path.basename(os.readlink(f"/proc/{process}/exe"))
            for task in os.listdir(f"/proc/{process}/task"):
                todo += map(int, pathlib.Path(f"/proc/{process}/task/{task}/children").read_text().split())
        except OSError:
            found.pop(process, None)
    return found


def sample(root):
    """Resident kB and descriptors by program (the largest of its processes), and their number."""
    memory, files, count = collections.Counter(), collections.Counter(), collections.Counter()
    for process, name in tree(root).items():
        try:
            status = pathlib.Path(f"/proc/{process}/status").read_text()
            resident = next((int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")), 0)
            memory[name] = max(memory[name], resident)
            files[name] = max(files[name], len(os.listdir(f"/proc/{process}/fd")))
            count[name] += 1
        except OSError:
            continue
    return memory, files, count


class Job:
    """One `quire run`, sampled and killed at until it has ended."""

    def __init__(self, folder, number, kills, chance):
        self.folder, self.number, self.kills, self.chance = folder, number, kills, chance
        self.samples, self.killed = [], collections.Counter()

    def run(self):
        words = ["run", "in", "-o", "out", "--pdf", "b.pdf", "--shrink", "48", "--rotate", "auto", "--overwrite", "always"]
        status = self.once(words)
        # 75: its agent was killed more often than it is started again.
        while self.kills and status in (-9, 75):
            status = self.once(["resume"])
            if status == 2:  # Killed before its plan was recorded, or after its end was.
                status = self.once(words)
        return status

    def once(self, words):
        log = open(self.folder / "log", "ab")
        process = subprocess.Popen([QUIRE, *words, "--state-dir", "state", "--progress", "none"], cwd=self.folder, stderr=log, stdout=log)
        begun, next_kill = time.monotonic(), self.pause()
        while process.poll() is None:
            time.sleep(0.25)
            self.samples.append((time.monotonic(), *sample(process.pid)))
            if len(self.samples) % 20 == 1:
                self.row()
            if time.monotonic() - begun > next_kill:
                victims = tree(process.pid)
                if victims:
                    victim = self.chance.choice(sorted(victims))
                    self.killed[victims[victim]] += 1
                    os.kill(victim, signal.SIGKILL)
                next_kill += self.pause()
        wait_for_orphans(self.folder)
        return process.returncode

    def pause(self):
        return self.chance.expovariate(1 / self.kills) if self.kills else float("inf")

    def row(self):
        _, memory, files, count = self.samples[-1]
        cells = [f"{name[6:] or 'head'} {memory[name] >> 10} MB {files[name]} fd x{count[name]}" for name in sorted(count)]
        print(f"job {self.number:3}  {'  '.join(cells)}", flush=True)

    def growth(self):
        """What was larger in the last quarter than the second allows, for a job without kills."""
        quarter = len(self.samples) // 4
        if quarter < 8:
            return []
        early, late = self.samples[quarter:2 * quarter], self.samples[-quarter:]
        grown = []
        for index, what, slack in ((1, "kB", SLACK_KB), (2, "descriptors", 4), (3, "processes", 1)):
            for name in late[-1][index].keys() | early[-1][index].keys():
                before, after = (max(row[index][name] for row in rows) for rows in (early, late))
                if after > before * RATIO_MAX + slack:
                    grown.append(f"{name}: {before} to {after} {what}")
        return grown


def wait_for_orphans(folder):
    """Agent and workers of a killed head end by themselves."""
    deadline = time.monotonic() + 30
    while True:
        left = []
        for process in filter(str.isdigit, os.listdir("/proc")):
            try:
                if os.readlink(f"/proc/{process}/cwd").startswith(str(folder)):
                    left.append(process)
            except OSError:
                continue
        if not left:
            return
        if time.monotonic() > deadline:
            sys.exit(f"processes outlive their job: {left}")
        time.sleep(0.1)


def main():
    chosen = options()
    chance = random.Random(chosen.seed)
    root = pathlib.Path(tempfile.mkdtemp(prefix="quire-soak-", dir=chosen.work))
    seeds = originals(root / "originals")
    begun, done, number, totals = time.monotonic(), 0, 0, collections.Counter()
    while done < chosen.count and time.monotonic() - begun < chosen.seconds:
        number += 1
        folder = root / f"job{number}"
        (folder / "in").mkdir(parents=True)
        files = min(chosen.job, chosen.count - done)
        for index in range(files):
            name, data = chance.choice(seeds)
            (folder / "in" / f"{index}-{name}").write_bytes(mutated(data, chance))
        job = Job(folder, number, chosen.kills if number % 2 == 0 else 0, chance)
        status = job.run()
        if status not in (0, 3):
            sys.exit(f"job {number} ended with {status}; see {folder}/log")
        left = [str(path) for path in folder.rglob("*") if path.name.startswith(".quire")]
        if left:
            sys.exit(f"job {number} left {left[:5]}")
        if not job.kills and (grown := job.growth()):
            sys.exit(f"job {number} grows: {'; '.join(grown)}")
        outputs = sum(1 for path in (folder / "out").rglob("*") if path.is_file()) if (folder / "out").exists() else 0
        totals.update(outputs=outputs, refused=files - outputs, **{f"{name} killed": count for name, count in job.killed.items()})
        done += files
        peak = {name: max(row[1][name] for row in job.samples) >> 10 for name in ("quire", "quire-agent", "quire-worker")}
        print(f"job {number:3}  {files} files, {outputs} outputs, exit {status}, peak MB {peak}, killed {dict(job.killed)}", flush=True)
        shutil.rmtree(folder)
    print(f"{done} mutated files in {time.monotonic() - begun:.0f} s: {dict(totals)}; nothing crashed, nothing grew, nothing was left")
    shutil.rmtree(root)


main()
