import JobModel

extension RunSummary {
    /// The end of a run for people: totals, failures grouped by reason with what to do next, notes, what was skipped and why.
    ///
    /// Plain lines without line feeds or colours, safe for a terminal. Lines are not cut: names must be there in full.
    public var lines: [String] {
        var lines = [totalsLine]
        if left > 0 {
            lines.append("\(HumanText.count(left)) not done yet; run the same command again to go on: what is done stays done")
        }
        for group in failures {
            lines.append("\(group.reason.rawValue): \(HumanText.counted(group.count, "file"))")
            for named in group.first { lines.append("  \(named.path.display): \(named.message)") }
            let more = group.count - group.first.count
            if more > 0 { lines.append("  … and \(HumanText.count(more)) more") }
            lines.append("  next: \(group.nextStep)")
        }
        lines += notes.map { "note: \($0.text)" }
        if !skippedByReason.isEmpty {
            let counts = skippedByReason.map { "\(HumanText.count($0.count)) (\($0.reason))" }
            lines.append("skipped: " + counts.joined(separator: ", "))
        }
        return lines.map { DisplayText.harmless($0) }
    }

    /// `1,000 done, 3 failed, 2 skipped in 1 min 12 s (14.2/s, 58 MB/s); 997 files in finished/, album.pdf (997 pages, 312 MB)`
    public var totalsLine: String {
        var counts = ["\(HumanText.count(done)) done"]
        if failed > 0 { counts.append("\(HumanText.count(failed)) failed") }
        if skipped > 0 { counts.append("\(HumanText.count(skipped)) skipped") }
        var line = counts.joined(separator: ", ") + " in " + HumanText.duration(elapsedSeconds)
        if done + failed > 0, elapsedSeconds > 0 {
            let speed = [
                HumanText.rate(Double(done + failed) / elapsedSeconds), HumanText.byteRate(Double(bytesIn) / elapsedSeconds),
            ]
            line += " (" + speed.joined(separator: ", ") + ")"
        }
        let made = madeTexts
        if !made.isEmpty { line += "; " + made.joined(separator: ", ") }
        return DisplayText.harmless(line)
    }

    private var madeTexts: [String] {
        var texts: [String] = []
        if filesMade > 0 {
            let place = folder.map { " in " + folderText($0) } ?? ""
            texts.append(HumanText.counted(filesMade, "file") + place)
        }
        // A job makes one PDF per folder on demand: thousands would drown the line.
        if volumes.count <= 3 {
            texts += volumes.map {
                "\($0.path.display) (\(HumanText.counted($0.pages, "page")), \(HumanText.bytes($0.sizeBytes)))"
            }
        } else {
            let pages = volumes.reduce(0) { $0 + $1.pages }
            let size = volumes.reduce(UInt64(0)) { $0 &+ $1.sizeBytes }
            texts.append("\(HumanText.count(volumes.count)) PDFs (\(HumanText.counted(pages, "page")), \(HumanText.bytes(size)))")
        }
        return texts
    }

    private func folderText(_ folder: RawPath) -> String {
        folder.bytes.last == UInt8(ascii: "/") ? folder.display : folder.display + "/"
    }
}

extension RunSummary.FailureGroup {
    /// What a person can do about files that failed for this reason, ending in a command where there is one.
    public var nextStep: String {
        let retry = "run the same command again: only these are tried once more"
        return switch reason {
        case .unreadable: "look at the disk or share these lie on, then: \(retry)"
        case .notImage: "see what these are (quire inspect FILE); replace them and run again, or leave them out with --exclude"
        case .truncated, .damaged:
            "copy these again from where they came from, then: \(retry); or keep what decodes with --accept-damaged"
        case .tooLarge:
            "check that these are what they claim to be (quire inspect FILE); they are beyond the limits of one picture"
        case .unsupported: "convert these to a supported format first, or leave them out with --exclude"
        case .crashed: "the decoder died on these twice; look at one with quire inspect, or \(retry)"
        case .timeout: "give these more time with --timeout SECONDS and \(retry)"
        case .memory: "free memory or use a host that has more, then: \(retry)"
        case .vanished: "these are gone since the job was planned; put them back, then: \(retry)"
        case .changed: "these were written to since the job was planned; run the same command again to take them as they are now"
        case .noSpace: "make room, then: \(retry)"
        case .denied: "give yourself the right to read the inputs and to write the outputs, then: \(retry)"
        }
    }
}
