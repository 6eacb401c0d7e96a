@testable import Imaging
import Recipes
import Testing

@Suite("Layout steps on pictures written down by hand")
struct LayoutStepTests {
    private let grey = Pixels(.grey, width: 3, [10, 20, 30, 40, 50, 60])
    private let red = Backdrop(colour: Colour(red: 255, green: 0, blue: 0))

    @Test("An offset moves right and down and wraps around, also by negative amounts and more than the side")
    func offset() throws {
        let moved = Pixels(.grey, width: 3, [60, 40, 50, 30, 10, 20])
        for (right, down) in [(1, 1), (-2, -1), (4, 3), (-5, 5)] {
            #expect(try grey.after { try $0.apply(.offset(right: right, down: down)) } == moved)
        }
    }

    @Test("A mirror puts the reflection beside, below or both")
    func mirror() throws {
        let beside = Pixels(.grey, width: 6, [10, 20, 30, 30, 20, 10, 40, 50, 60, 60, 50, 40])
        let below = Pixels(.grey, width: 3, [10, 20, 30, 40, 50, 60, 40, 50, 60, 10, 20, 30])
        #expect(try grey.after { try $0.apply(.mirror(.horizontal)) } == beside)
        #expect(try grey.after { try $0.apply(.mirror(.vertical)) } == below)
        let both = try grey.after { try $0.apply(.mirror(.both)) }
        #expect(both.values == beside.values + Array(beside.values[6...]) + Array(beside.values[..<6]))
    }

    @Test("A grid repeats the picture with lines between the copies and none around")
    func grid() throws {
        let one = Pixels(.rgb, width: 1, deep: true, [1, 2, 3])
        let line = [65_535, 0, 0]
        let made = try one.after { try $0.apply(.grid(columns: 2, rows: 2, columnLine: 2, rowLine: 1, red)) }
        let row = [1, 2, 3] + line + line + [1, 2, 3]
        #expect(made == Pixels(.rgb, width: 4, deep: true, row + line + line + line + line + row))
        let plain = try grey.after { try $0.apply(.grid(columns: 1, rows: 2, columnLine: 0, rowLine: 0, red)) }
        #expect(plain.values == grey.values + grey.values)
    }

    @Test("Transparent lines give the picture an alpha; CMYK lines are inks")
    func gridForms() throws {
        let one = Pixels(.grey, width: 1, [7])
        let made = try one.after { try $0.apply(.grid(columns: 2, rows: 1, columnLine: 1, rowLine: 0, .transparent)) }
        #expect(made == Pixels(.grey, width: 3, alpha: true, [7, 255, 255, 0, 7, 255]))
        let ink = Pixels(.cmyk, width: 1, [1, 2, 3, 4])
        let lined = try ink.after { try $0.apply(.grid(columns: 2, rows: 1, columnLine: 1, rowLine: 0, red)) }
        #expect(lined == Pixels(.cmyk, width: 3, [1, 2, 3, 4, 0, 255, 255, 0, 1, 2, 3, 4]))
    }

    @Test("A canvas takes a half transparent backdrop and cuts off what stands out")
    func place() throws {
        let half = Backdrop(colour: .black, opacity: 0.5)
        let made = try grey.after { try $0.apply(.place(left: -1, top: 1, width: 3, height: 2, half)) }
        #expect(made == Pixels(.grey, width: 3, alpha: true, [0, 128, 0, 128, 0, 128, 20, 255, 30, 255, 0, 128]))
    }

    @Test("A trim takes pictures of one or two pixels a side")
    func narrowTrim() throws {
        let line = Pixels(.grey, width: 1, [200, 200, 200, 10, 20, 10, 200, 200])
        #expect(try line.after { try $0.apply(.trim(tolerance: 10, background: nil)) } == Pixels(.grey, width: 1, [10, 20, 10]))
        for side in 1...2 {
            let plain = Pixels(.rgb, width: side, alpha: true, Array(repeating: [1, 2, 3, 255], count: side * side).flatMap { $0 })
            #expect(try plain.after { try $0.apply(.trim(tolerance: 0, background: nil)) } == plain)
        }
    }

    @Test("A trim takes off the border of the corner's colour, within the tolerance")
    func trim() throws {
        // 8x7, a border of about 200 with a 4x3 picture at 2, 2 and one speck of dust.
        var values = [Int](repeating: 200, count: 56)
        values[3] = 205
        values[7] = 0
        for row in 2..<5 { for column in 2..<6 { values[row * 8 + column] = 50 + row } }
        let sheet = Pixels(.grey, width: 8, values)
        let inside = Pixels(.grey, width: 4, [52, 52, 52, 52, 53, 53, 53, 53, 54, 54, 54, 54])
        #expect(try sheet.after { try $0.apply(.trim(tolerance: 10, background: nil)) } == inside)
        let deep = Pixels(.grey, width: 8, deep: true, values.map { $0 * 257 })
        #expect(try deep.after { try $0.apply(.trim(tolerance: 10, background: nil)) }.values == inside.values.map { $0 * 257 })
        // Another colour than the border has: nothing to take off. The border's own, told: as before.
        #expect(try sheet.after { try $0.apply(.trim(tolerance: 10, background: .black)) } == sheet)
        let told = Colour(red: 200, green: 200, blue: 200)
        #expect(try sheet.after { try $0.apply(.trim(tolerance: 10, background: told)) } == inside)
        let blank = Pixels(.grey, width: 4, [Int](repeating: 9, count: 16))
        #expect(try blank.after { try $0.apply(.trim(tolerance: 0, background: nil)) } == blank)
    }

    @Test("What stands behind a trim is worked out with the size that is left")
    func behindTrim() throws {
        var crop = Crop()
        crop.mode = .auto
        let actions = [Action(crop), Action(Scale(percent: 50)), Action(Mirroring(.horizontal))]
        let steps = try Recipe(actions: actions).steps(for: PictureFacts(width: 12, height: 10))
        var values = [Int](repeating: 255, count: 120)
        for row in 2..<6 { for column in 3..<9 { values[row * 12 + column] = 40 } }
        let made = try Pixels(.grey, width: 12, values).after { rendering in for step in steps { try rendering.apply(step) } }
        #expect((made.width, made.height) == (6, 2))
        #expect(made.values.allSatisfy { $0 == 40 })
    }

    @Test("A trim of a picture with alpha takes off what is transparent, whatever colour lies there")
    func trimAlpha() throws {
        var values = (0..<36).flatMap { [$0 * 7 % 256, 0] }
        for row in 1..<5 { for column in 2..<5 { values[(row * 6 + column) * 2 + 1] = 255 } }
        let made = try Pixels(.grey, width: 6, alpha: true, values).after { try $0.apply(.trim(tolerance: 10, background: nil)) }
        #expect((made.width, made.height) == (3, 4))
        #expect(made.values[1] == 255)
    }

    @Test("A turn by right angles through the resampler is the exact turn: clockwise, about the centre")
    func rightAngles() throws {
        for form in [Pixels(.grey, width: 3, [10, 20, 30, 40, 50, 60]), Pixels(.grey, width: 3, deep: true, [1000, 2, 3, 4, 60_000, 6])] {
            let quarter = try form.after { try $0.apply(.turn(degrees: 90, width: 2, height: 3, red)) }
            let v = form.values
            #expect(quarter.values == [v[3], v[0], v[4], v[1], v[5], v[2]])
            #expect(quarter.isDeep == form.isDeep)
            let half = try form.after { try $0.apply(.turn(degrees: 180, width: 3, height: 2, red)) }
            #expect(half.values == v.reversed())
        }
    }

    @Test("What a turn leaves free shows the backdrop, or nothing; the middle keeps its value")
    func freeCorners() throws {
        let square = Pixels(.rgb, width: 9, [Int](repeating: 100, count: 243))
        let made = try square.after { try $0.apply(.turn(degrees: 45, width: 13, height: 13, red)) }
        #expect(Array(made.values[0..<3]) == [255, 0, 0])
        let middle = (6 * 13 + 6) * 3
        #expect(Array(made.values[middle..<(middle + 3)]) == [100, 100, 100])
        let clear = try square.after { try $0.apply(.turn(degrees: 45, width: 13, height: 13, .transparent)) }
        #expect(clear.bands == 4 && clear.values[3] == 0 && clear.values[(6 * 13 + 6) * 4 + 3] == 255)
        // Edges are a mixture of the picture's colour and nothing, never of a backdrop nobody asked for.
        for place in stride(from: 0, to: clear.values.count, by: 4) where clear.values[place + 3] > 0 {
            #expect(abs(clear.values[place] - 100) <= 1, "\(clear.values[place..<(place + 4)])")
        }
    }

    @Test("Corners that stay make no change; corners that swap sides turn the picture over")
    func perspectiveOfRectangles() throws {
        func quad(_ a: (Double, Double), _ b: (Double, Double), _ c: (Double, Double), _ d: (Double, Double)) -> Quadrilateral {
            Quadrilateral(
                topLeft: Spot(x: a.0, y: a.1), topRight: Spot(x: b.0, y: b.1), bottomRight: Spot(x: c.0, y: c.1),
                bottomLeft: Spot(x: d.0, y: d.1))
        }
        let same = quad((0, 0), (3, 0), (3, 2), (0, 2))
        #expect(try grey.after { try $0.apply(.perspective(same, width: 3, height: 2, red)) } == grey)
        let over = quad((3, 0), (0, 0), (0, 2), (3, 2))
        let made = try grey.after { try $0.apply(.perspective(over, width: 3, height: 2, red)) }
        #expect(made.values == [30, 20, 10, 60, 50, 40])
    }

    @Test("A corner pulled in takes its part of the picture along, and what it leaves is transparent")
    func perspectiveOfTrapezoid() throws {
        // A square of 16 whose left half is dark; its upper side becomes half as wide.
        let values = (0..<256).map { $0 % 16 < 8 ? 50 : 200 }
        let corners = Quadrilateral(
            topLeft: Spot(x: 4, y: 0), topRight: Spot(x: 12, y: 0), bottomRight: Spot(x: 16, y: 16), bottomLeft: Spot(x: 0, y: 16))
        let made = try Pixels(.grey, width: 16, values).after {
            try $0.apply(.perspective(corners, width: 16, height: 16, .transparent))
        }
        func pixel(_ x: Int, _ y: Int) -> [Int] { Array(made.values[((y * 16 + x) * 2)..<((y * 16 + x) * 2 + 2)]) }
        #expect(pixel(0, 0)[1] == 0 && pixel(2, 1)[1] == 0 && pixel(13, 1)[1] == 0)
        #expect(pixel(5, 2) == [50, 255] && pixel(10, 2) == [200, 255])
        #expect(pixel(2, 14) == [50, 255] && pixel(13, 14) == [200, 255])
    }

    @Test("The profile stays through every layout step", arguments: 0..<7)
    func profile(_ number: Int) throws {
        let picture = Pixels(.rgb, width: 4, alpha: false, (0..<48).map { $0 * 5 })
        let corners = Quadrilateral(
            topLeft: Spot(x: 1, y: 0), topRight: Spot(x: 4, y: 0), bottomRight: Spot(x: 4, y: 4), bottomLeft: Spot(x: 0, y: 4))
        let steps: [LayoutStep] = [
            .trim(tolerance: 1, background: nil), .place(left: 1, top: 1, width: 6, height: 6, red),
            .grid(columns: 2, rows: 2, columnLine: 1, rowLine: 1, .transparent),
            .turn(degrees: 10, width: 6, height: 6, .transparent), .mirror(.both), .offset(right: 1, down: 1),
            .perspective(corners, width: 4, height: 4, .transparent),
        ]
        _ = try picture.after(profile: "p3") {
            try $0.apply(steps[number])
            #expect($0.image.has("icc-profile-data"), "\(steps[number])")
        }
    }
}
