internal import Recipes

/// A map of the plane that keeps lines straight: x and y are two linear functions of the place, divided by a third.
struct Projection {
    /// A linear function of a place.
    struct Row {
        var x: Double
        var y: Double
        var constant: Double
    }
    var x: Row
    var y: Row
    var w: Row

    /// Where the corners of the unit square go to (P. Heckbert, Fundamentals of Texture Mapping and Image Warping, 1989, 2.2.3).
    init(unitSquareTo corners: Quadrilateral) {
        let (a, b, c, d) = (corners.topLeft, corners.topRight, corners.bottomRight, corners.bottomLeft)
        let first = (x: b.x - c.x, y: b.y - c.y)
        let second = (x: d.x - c.x, y: d.y - c.y)
        let sum = (x: a.x - b.x + c.x - d.x, y: a.y - b.y + c.y - d.y)
        // Zero only where three corners lie in a line.
        let area = first.x * second.y - second.x * first.y
        let g = (sum.x * second.y - second.x * sum.y) / area
        let h = (first.x * sum.y - sum.x * first.y) / area
        x = Row(x: b.x - a.x + g * b.x, y: d.x - a.x + h * d.x, constant: a.x)
        y = Row(x: b.y - a.y + g * b.y, y: d.y - a.y + h * d.y, constant: a.y)
        w = Row(x: g, y: h, constant: 1)
    }

    private init(x: Row, y: Row, w: Row) {
        self.x = x
        self.y = y
        self.w = w
    }

    /// The way back: the adjoint, which is the inverse up to a factor that the division takes out.
    var inverse: Projection {
        let (a, b, c) = (x.x, x.y, x.constant)
        let (d, e, f) = (y.x, y.y, y.constant)
        let (g, h, i) = (w.x, w.y, w.constant)
        return Projection(
            x: Row(x: e * i - f * h, y: c * h - b * i, constant: b * f - c * e),
            y: Row(x: f * g - d * i, y: a * i - c * g, constant: c * d - a * f),
            w: Row(x: d * h - e * g, y: b * g - a * h, constant: a * e - b * d))
    }

    /// With what comes out multiplied.
    func scaled(_ horizontal: Double, _ vertical: Double) -> Projection {
        Projection(x: x.multiplied(horizontal), y: y.multiplied(vertical), w: w)
    }
}

extension Quadrilateral {
    /// Of the upper and lower side the longer one, and of the left and right one.
    var longestSides: (across: Double, upright: Double) {
        func length(_ from: Spot, _ to: Spot) -> Double {
            let (x, y) = (to.x - from.x, to.y - from.y)
            return (x * x + y * y).squareRoot()
        }
        return (max(length(topLeft, topRight), length(bottomLeft, bottomRight)), max(length(topLeft, bottomLeft), length(topRight, bottomRight)))
    }
}

extension Projection.Row {
    fileprivate func multiplied(_ factor: Double) -> Projection.Row {
        Projection.Row(x: x * factor, y: y * factor, constant: constant * factor)
    }
}
