import JobModel

extension RunSummary {
    /// The end of a run for people: totals, failures grouped by reason with what to do next, notes, what was skipped and why.
    ///
    /// Plain lines without line feeds or colours, safe for a terminal. Lines are not cut: names must be there in full.
    public var lines: [String] {
        var lines = [totalsLine]
        if isResumable {
            let what = left > 0 ? "\(HumanText.count(left)) not done yet" : "not finished yet"
            lines.append("\(what); go on with: \(command("resume"))")
        } else if left > 0 {
            lines.append("\(HumanText.count(left)) not done")
        }
        for group in failures {
            lines.append("\(group.reason.rawValue): \(HumanText.counted(group.count, taskNoun))")
            for named in group.first { lines.append("  \(named.path.display): \(named.message)") }
            let more = group.count - group.first.count
            if more > 0 { lines.append("  … and \(HumanText.count(more)) more") }
            lines.append("  next: \(nextStep(of: group))")
        }
        lines += (notes.map(\.text) + pdfNotes + (programs?.notes ?? [])).map { "note: \($0)" }
        if otherBuilds.count > 0 {
            let are = otherBuilds.count == 1 ? "1 output is" : "\(HumanText.count(otherBuilds.count)) outputs are"
            lines.append("note: \(are) of another build (\(otherBuilds.names.joined(separator: "; "))); --redo-other-builds makes \(otherBuilds.count == 1 ? "it" : "them") again")
        }
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
            var speed = [HumanText.rate(Double(done + failed) / elapsedSeconds)]
            // A program need not read what it is named for.
            if programs == nil { speed.append(HumanText.byteRate(Double(bytesIn) / elapsedSeconds)) }
            line += " (" + speed.joined(separator: ", ") + ")"
        }
        let made = madeTexts
        if !made.isEmpty { line += "; " + made.joined(separator: ", ") }
        return DisplayText.harmless(line)
    }

    /// `quire resume 20260131-093000-abcd`
    func command(_ verb: String) -> String {
        "quire \(verb) \(job.rawValue)" + (stateFolder.map { " --state-dir " + ShellText.word($0.display) } ?? "")
    }

    /// `quire retry 20260131-093000-abcd --reason truncated`
    func retryCommand(_ reason: FailureReason) -> String { "\(command("retry")) --reason \(reason.rawValue)" }

    func nextStep(of group: FailureGroup) -> String {
        let retry = retryCommand(group.reason)
        return programs == nil ? group.nextStep(retry: retry, hasPickyActions: hasPickyActions) : group.nextStepOfPrograms(retry: retry)
    }

    /// What people should know of the PDFs beside their names and sizes.
    var pdfNotes: [String] {
        var texts: [String] = []
        if let sentence = ViewerLimits.sentence(of: volumes.map { ($0.path, $0.sizeBytes) }) { texts.append(sentence) }
        if !staleVolumes.isEmpty {
            let names = staleVolumes.prefix(Self.namesMax).map(\.display).joined(separator: ", ")
            let others = staleVolumes.count > Self.namesMax ? " and \(HumanText.count(staleVolumes.count - Self.namesMax)) more" : ""
            texts.append("\(names)\(others): left from an earlier run, no part of the book any more; safe to remove")
        }
        return texts
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
    ///
    /// - Parameters:
    ///   - retry: the command that tries these once more.
    ///   - hasPickyActions: As the summary's.
    public func nextStep(retry: String, hasPickyActions: Bool = false) -> String {
        switch reason {
        case .unreadable: "look at the disk or share these lie on, then: \(retry)"
        case .notImage: "see what these are (quire inspect FILE); put pictures in their place, then: \(retry); or leave them out with --exclude"
        case .truncated, .damaged:
            "copy these again from where they came from, then: \(retry); or run again with --accept-damaged to keep what decodes"
        case .tooLarge where hasPickyActions:
            "see on each line whether the file itself is too large or what the recipe makes of it; change the recipe, or leave these out with --exclude"
        case .tooLarge:
            "check that these are what they claim to be (quire inspect FILE); they are beyond the limits of one picture"
        case .unsupported where hasPickyActions:
            "change the recipe or --name where it refuses these, as each line says, or convert them to a supported format; --exclude leaves them out"
        case .unsupported: "convert these to a supported format first, or leave them out with --exclude"
        case .crashed: "the decoder died on these twice; look at one with quire inspect, or: \(retry)"
        case .timeout: "give these more time: \(retry) --timeout SECONDS"
        case .memory: "free memory or use a host that has more, then: \(retry)"
        case .vanished: "these are gone since the job was planned; put them back, then: \(retry)"
        case .changed: "these were written to since the job was planned; take them as they are now with: \(retry)"
        case .noSpace: "make room, then: \(retry)"
        case .denied: "where a line says that a name is taken, do what it says; else give yourself the right to read the inputs and to write the outputs, then: \(retry)"
        case .exitCode, .signal: "read what the program says of these (quire report), then: \(retry)"
        case .output: "see what the program made of these, and whether every output is named with --return, then: \(retry)"
        case .lost: "see whether the program did its work on these before their host was lost; if not: \(retry)"
        }
    }
}

/// Text that is put into a command for a person to copy.
enum ShellText {
    /// The word itself if a shell takes it as it is, else between single quotes.
    static func word(_ text: String) -> String {
        let isPlain = !text.isEmpty && text.utf8.allSatisfy {
            switch $0 {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2B, 0x2C, 0x2D, 0x2E, 0x2F, 0x3A, 0x3D, 0x40, 0x5F, 0x80...0xFF: true
            default: false
            }
        }
        return isPlain ? text : "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }
}
