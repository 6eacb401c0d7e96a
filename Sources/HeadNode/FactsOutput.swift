import LinuxSystem

/// Standard output, where only what was asked for goes: facts, plans, findings.
enum FactsOutput {
    static func write(_ text: String) throws(HeadError) {
        do throws(SystemError) { try Terminal.writeOutput(Array(text.utf8)) } catch { throw .output(error) }
    }
}
