import JobModel

/// How many bytes of pages wait in the spool for an earlier page, so that one slow file cannot fill a disk.
///
/// Only for a job with one PDF: with several, pages of a later one may have to wait for all of the first.
/// Past `bytesMax` nothing is dispatched behind the lowest task that is still open; what was dispatched is accepted.
struct SpoolGauge {
    /// Dispatch stops here and goes on below half of it.
    static let bytesMax: UInt64 = 4 << 30

    private var waiting: [TaskIndex: UInt64] = [:]
    private(set) var byteCount: UInt64 = 0
    private var passed = 0
    private(set) var isFull = false

    mutating func add(_ task: TaskIndex, _ work: FinishedWork) {
        var bytes: UInt64 = 0
        for source in work.pages.flatMap(\.sources) {
            if case .spool = source.file { bytes += source.byteCount }
        }
        guard bytes > 0, task.position >= passed else { return }
        waiting[task] = bytes
        byteCount += bytes
    }

    /// Tells how far the binder is.
    mutating func update(boundBelow index: Int, bytesMax: UInt64 = Self.bytesMax) {
        if index > passed {
            passed = index
            for (task, bytes) in waiting where task.position < index {
                waiting[task] = nil
                byteCount -= bytes
            }
        }
        isFull = byteCount > (isFull ? bytesMax / 2 : bytesMax)
    }

    /// While it is full only tasks below this may start. That takes in the lowest open one: when it was given back, by a pause
    /// or a lost agent, nothing leaves the spool before it is done.
    func dispatchBound(lowestOpen: TaskIndex) -> TaskIndex { TaskIndex(lowestOpen.position + 1) }
}
