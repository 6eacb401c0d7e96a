/// Where a mark or a text stands in a picture.
public struct Placement: Hashable, Sendable {
    public var gravity: Gravity
    /// Pixels from the sides it stands at, inwards; from the middle to the right and down. Negative ones lead the other way.
    public var across: Int
    public var down: Int

    public init(gravity: Gravity, across: Int = 0, down: Int = 0) {
        self.gravity = gravity
        self.across = across
        self.down = down
    }

    /// The corner of something of that size; it may lie outside.
    public func corner(
        of size: (width: Int, height: Int), in picture: (width: Int, height: Int)
    ) -> (left: Int, top: Int) {
        let (left, top) = gravity.offset(picture.width - size.width, picture.height - size.height)
        let isRight = gravity == .east || gravity == .northEast || gravity == .southEast
        let isBelow = gravity == .south || gravity == .southWest || gravity == .southEast
        return (isRight ? left - across : left + across, isBelow ? top - down : top + down)
    }
}

/// A corner of a picture, in the order they are read.
public enum Corner: String, CaseIterable, Hashable, Sendable {
    case topLeft = "top-left"
    case topRight = "top-right"
    case bottomLeft = "bottom-left"
    case bottomRight = "bottom-right"
}

/// What becomes of a corner.
public enum CornerStyle: String, CaseIterable, Hashable, Sendable {
    case rounded
    /// A square cut out, so that the picture becomes a cross.
    case cross
}

/// How a mark covers a picture.
public enum MarkMethod: String, CaseIterable, Hashable, Sendable {
    /// Once, at its place.
    case offset
    /// Again and again, from the top left corner on.
    case tile
    /// Once, as large as fits.
    case scale
}
