/// The name a person most likely meant by `name`, for `did you mean` lines; nil when none is near.
///
/// Near means at most one edit in three characters (insert, delete, replace, swap neighbours), ASCII case aside.
/// Of equally near names the first in `names` is taken. Texts over 64 characters are near nothing.
public func nearestName(to name: String, among names: [String]) -> String? {
    let wanted = Array(name.lowercased().unicodeScalars)
    guard !wanted.isEmpty, wanted.count <= 64 else { return nil }
    var best: (name: String, distance: Int)?
    for candidate in names where candidate.unicodeScalars.count <= 64 {
        let distance = editDistance(wanted, Array(candidate.lowercased().unicodeScalars))
        let allowed = max(1, max(wanted.count, candidate.unicodeScalars.count) / 3)
        if distance <= allowed, distance < best?.distance ?? Int.max { best = (candidate, distance) }
    }
    return best?.name
}

/// Optimal string alignment distance: edits that turn `left` into `right`, no part edited twice.
private func editDistance(_ left: [Unicode.Scalar], _ right: [Unicode.Scalar]) -> Int {
    var beforeLast = [Int](repeating: 0, count: right.count + 1)
    var last = Array(0...right.count)
    for row in left.indices {
        var current = [row + 1] + [Int](repeating: 0, count: right.count)
        for column in right.indices {
            let replaced = last[column] + (left[row] == right[column] ? 0 : 1)
            var cost = min(replaced, last[column + 1] + 1, current[column] + 1)
            if row > 0, column > 0, left[row] == right[column - 1], left[row - 1] == right[column] {
                cost = min(cost, beforeLast[column - 1] + 1)
            }
            current[column + 1] = cost
        }
        beforeLast = last
        last = current
    }
    return last[right.count]
}
