/// A job's name in the state folder: time of creation and random bits, sortable by age.
public struct JobID: RawRepresentable, Hashable, Sendable {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }
}

/// A task's place in the plan, from 0. Pages of a PDF follow this order.
public struct TaskIndex: RawRepresentable, Hashable, Comparable, Sendable {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }
    public init(_ value: Int) { rawValue = UInt32(value) }
    public var position: Int { Int(rawValue) }
    public static func < (left: TaskIndex, right: TaskIndex) -> Bool { left.rawValue < right.rawValue }
}

/// One try of a task; a report that names another try than the current one is stale and is dropped.
public struct Attempt: Hashable, Sendable {
    public let task: TaskIndex
    /// Counts the tries of this task in this job from 1, over all hosts.
    public let number: UInt32

    public init(task: TaskIndex, number: UInt32) {
        self.task = task
        self.number = number
    }
}

/// A host's place in the job's host list, from 0.
public struct HostIndex: RawRepresentable, Hashable, Comparable, Sendable {
    public let rawValue: UInt16
    public init(rawValue: UInt16) { self.rawValue = rawValue }
    public static func < (left: HostIndex, right: HostIndex) -> Bool { left.rawValue < right.rawValue }
}

/// A SHA-256 digest (FIPS 180-4): 32 bytes.
public struct Digest256: Hashable, Sendable {
    public let bytes: [UInt8]

    public init(bytes: [UInt8]) {
        precondition(bytes.count == 32, "a SHA-256 digest has 32 bytes, not \(bytes.count)")
        self.bytes = bytes
    }

    /// The digest of 64 lower-case hexadecimal digits; nil for anything else.
    public init?(hex: some StringProtocol) {
        let digits = hex.utf8.compactMap { digit -> UInt8? in
            switch digit {
            case 0x30...0x39: digit - 0x30
            case 0x61...0x66: digit - 0x61 + 10
            default: nil
            }
        }
        guard digits.count == 64, hex.utf8.count == 64 else { return nil }
        bytes = stride(from: 0, to: 64, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }

    /// 64 lower-case hexadecimal digits, as `sha256sum` prints them.
    public var hex: String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
