internal import Recipes

/// One of the eight ways to lay a picture down: what an EXIF Orientation of 1 to 8 asks a viewer to do.
///
/// `stored.then(next)` first turns as `stored` says, then as `next` does.
struct Turn: Hashable, Sendable {
    /// Whether the picture is mirrored left to right before it is turned.
    var mirrored: Bool
    /// Clockwise quarter turns, 0 to 3, after the mirroring.
    var quarters: Int

    static let none = Turn(mirrored: false, quarters: 0)

    init(mirrored: Bool, quarters: Int) {
        self.mirrored = mirrored
        self.quarters = quarters & 3
    }

    /// What makes a picture of this Orientation upright; anything outside 1 to 8 counts as 1 (EXIF 2.32, 4.6.4).
    init(orientation: Int) {
        switch orientation {
        case 2: self.init(mirrored: true, quarters: 0)
        case 3: self.init(mirrored: false, quarters: 2)
        case 4: self.init(mirrored: true, quarters: 2)
        case 5: self.init(mirrored: true, quarters: 3)
        case 6: self.init(mirrored: false, quarters: 1)
        case 7: self.init(mirrored: true, quarters: 1)
        case 8: self.init(mirrored: false, quarters: 3)
        default: self.init(mirrored: false, quarters: 0)
        }
    }

    init(_ turn: QuarterTurn) {
        switch turn {
        case .quarter: self.init(mirrored: false, quarters: 1)
        case .half: self.init(mirrored: false, quarters: 2)
        case .threeQuarters: self.init(mirrored: false, quarters: 3)
        }
    }

    init(_ flip: FlipAxis) {
        switch flip {
        case .horizontal: self.init(mirrored: true, quarters: 0)
        case .vertical: self.init(mirrored: true, quarters: 2)
        }
    }

    /// Mirroring behind q quarter turns equals mirroring before -q of them.
    func then(_ next: Turn) -> Turn {
        Turn(mirrored: mirrored != next.mirrored, quarters: (next.mirrored ? -quarters : quarters) + next.quarters)
    }

    /// Takes the turns a list of steps begins with off it, as one.
    static func leading(_ steps: inout ArraySlice<PixelStep>) -> Turn {
        var whole = Turn.none
        while let step = steps.first {
            switch step {
            case .orient(let orientation): whole = whole.then(Turn(orientation: orientation))
            case .rotate(let quarter): whole = whole.then(Turn(quarter))
            case .flip(let axis): whole = whole.then(Turn(axis))
            case .cut, .resize, .place, .greyscale, .sharpen, .blur, .flatten, .convertColour, .layout, .tone, .filter, .decoration,
                .later, .command:
                return whole
            }
            steps = steps.dropFirst()
        }
        return whole
    }

    var swapsSides: Bool { quarters & 1 == 1 }
}
