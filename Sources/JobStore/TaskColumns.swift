internal import GRDB
internal import JobModel
private import WireProtocol

// The columns of a task that hold the binary form of a value.

/// The column `further`; nil where there is nothing.
func furtherBytes(of task: PlannedTask) -> [UInt8]? {
    if task.further.isEmpty { return nil }
    var writer = WireWriter()
    writer.put(count: task.further.count)
    for output in task.further {
        writer.put(output.path)
        writer.put(choice: output.format)
        writer.put(output.mayReplace)
        // From 1, so that 0 says that there is none.
        writer.put(count: output.pageNumber.map { $0.lowerBound + 1 } ?? 0)
        writer.put(count: output.pageNumber?.upperBound ?? 0)
    }
    return writer.bytes
}

func furtherOutputs(_ row: Row) throws(JobStoreError) -> [FurtherOutput] {
    guard let bytes = bytes(row, 11) else { return [] }
    do throws(WireError) {
        var reader = WireReader(bytes)
        var further: [FurtherOutput] = []
        for _ in 0..<(try reader.count()) { further.append(try furtherOutput(&reader)) }
        try reader.end()
        return further
    } catch {
        throw .unreadable(what: "task \(row[0] as Int)", reason: "\(error)")
    }
}

/// The column `place`.
func inputPlace(_ row: Row) throws(JobStoreError) -> InputPlace? {
    guard let bytes = bytes(row, 12) else { return nil }
    do throws(WireError) { return try InputPlace(wireBytes: bytes) } catch { throw .unreadable(what: "task \(row[0] as Int)", reason: "\(error)") }
}

private func furtherOutput(_ reader: inout WireReader) throws(WireError) -> FurtherOutput {
    var output = FurtherOutput(path: try reader.value(), format: try reader.choice(), mayReplace: try reader.bool())
    let (start, end): (Int, Int) = (try reader.integer(), try reader.integer())
    guard start > 0 else { return output }
    guard start - 1 <= end else { throw .invalid("page number from \(start) to \(end)") }
    output.pageNumber = start - 1..<end
    return output
}
