public import JobModel

/// The order people expect of file names: runs of digits count by value, everything else by its bytes, in no locale.
///
/// A total order: names that differ only in zeros before a number follow each other with fewer zeros first, and
/// only equal bytes are equal. Numbers may have any length. Nothing is allocated.
public enum NaturalOrder {
    /// Whether `left` stands before `right`. A slash counts as a byte here; `pathPrecedes` orders whole paths.
    public static func precedes(_ left: RawPath, _ right: RawPath) -> Bool {
        left.bytes.withUnsafeBufferPointer { left in
            right.bytes.withUnsafeBufferPointer { right in compare(left[...], right[...]) < 0 }
        }
    }

    /// The order of a tree: name by name from the root, and within one folder files before subfolders.
    public static func pathPrecedes(_ left: RawPath, _ right: RawPath) -> Bool {
        left.bytes.withUnsafeBufferPointer { left in
            right.bytes.withUnsafeBufferPointer { right in comparePaths(left, right) < 0 }
        }
    }

    private typealias Bytes = Slice<UnsafeBufferPointer<UInt8>>

    private static func comparePaths(_ left: UnsafeBufferPointer<UInt8>, _ right: UnsafeBufferPointer<UInt8>) -> Int {
        let shared = sharedCount(left[...], right[...])
        let start = (left[..<shared].lastIndex(of: slash) ?? -1) + 1
        let leftEnd = left[shared...].firstIndex(of: slash) ?? left.count
        let rightEnd = right[shared...].firstIndex(of: slash) ?? right.count
        let leftIsFile = leftEnd == left.count
        let rightIsFile = rightEnd == right.count
        if leftIsFile != rightIsFile { return leftIsFile ? -1 : 1 }
        return compare(left[start..<leftEnd], right[start..<rightEnd])
    }

    /// How many bytes are equal from the start: eight at a time, since names of one tree begin alike.
    private static func sharedCount(_ left: Bytes, _ right: Bytes) -> Int {
        let shorter = min(left.count, right.count)
        let leftBytes = UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: left))
        let rightBytes = UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: right))
        var shared = 0
        while shared + 8 <= shorter {
            let difference =
                leftBytes.loadUnaligned(fromByteOffset: shared, as: UInt64.self)
                ^ rightBytes.loadUnaligned(fromByteOffset: shared, as: UInt64.self)
            if difference != 0 { return shared + UInt64(littleEndian: difference).trailingZeroBitCount / 8 }
            shared += 8
        }
        while shared < shorter, leftBytes[shared] == rightBytes[shared] { shared += 1 }
        return shared
    }

    /// Below, at or above zero as `left` stands before, at or behind `right`.
    private static func compare(_ left: Bytes, _ right: Bytes) -> Int {
        // What is equal decides nothing, but a number has to be read from its first digit.
        var shared = sharedCount(left, right)
        while shared > 0, isDigit(left.base[left.startIndex + shared - 1]) { shared -= 1 }
        var (leftIndex, rightIndex) = (left.startIndex + shared, right.startIndex + shared)
        var tie = 0
        while leftIndex < left.endIndex, rightIndex < right.endIndex {
            let (leftByte, rightByte) = (left.base[leftIndex], right.base[rightIndex])
            if isDigit(leftByte), isDigit(rightByte) {
                let (leftRun, rightRun) = (DigitRun(left, from: leftIndex), DigitRun(right, from: rightIndex))
                let difference = leftRun.compare(to: rightRun, left, right)
                if difference != 0 { return difference }
                if tie == 0 { tie = leftRun.zeroCount - rightRun.zeroCount }
                (leftIndex, rightIndex) = (leftRun.end, rightRun.end)
            } else if leftByte != rightByte {
                return leftByte < rightByte ? -1 : 1
            } else {
                leftIndex += 1
                rightIndex += 1
            }
        }
        let rest = (left.endIndex - leftIndex) - (right.endIndex - rightIndex)
        return rest == 0 ? tie : rest
    }

    /// A run of digits without its leading zeros.
    private struct DigitRun {
        let zeroCount: Int
        let start: Int
        let end: Int

        init(_ bytes: Bytes, from first: Int) {
            var index = first
            while index < bytes.endIndex, bytes.base[index] == UInt8(ascii: "0") { index += 1 }
            zeroCount = index - first
            start = index
            while index < bytes.endIndex, isDigit(bytes.base[index]) { index += 1 }
            end = index
        }

        func compare(to other: DigitRun, _ bytes: Bytes, _ otherBytes: Bytes) -> Int {
            let count = end - start
            if count != other.end - other.start { return count - (other.end - other.start) }
            for offset in 0..<count {
                let (byte, otherByte) = (bytes.base[start + offset], otherBytes.base[other.start + offset])
                if byte != otherByte { return byte < otherByte ? -1 : 1 }
            }
            return 0
        }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }
}

let slash = UInt8(ascii: "/")
