import Foundation
import Testing

@Suite("Variables")
struct VariableTests {
    @Test("A name and a text say the same of a picture, of whatever kind it is")
    func agreement() throws {
        let shop = try Workshop()
        let makers = [
            "convert -size 30x20 gradient:red-blue a.JPG; exiftool -q -overwrite_original -Orientation#=6 -Model=A1 a.JPG",
            "convert -size 30x20 gradient:red-blue -depth 16 PNG48:deep.png", "convert -size 30x20 gradient:red-blue -colorspace cmyk ink.tif",
            "convert -size 30x20 gradient:red-blue -colorspace cmyk ink.jpg", "convert -size 30x20 gradient: -colorspace gray grey.jpg",
            "convert -size 30x20 gradient:red-blue -type palette PNG8:palette.png", "convert -size 30x20 xc:none -fill red -draw 'circle 5,5 9,9' PNG32:clear.png",
            "convert -size 30x20 gradient:red-blue a.gif", "convert -size 64x48 gradient:red-blue h.png; heif-enc -q 50 -o h.heic h.png; rm h.png",
            "convert -size 30x20 gradient: -depth 16 -colorspace gray deep.tif", "convert -size 30x20 gradient:red-blue -colorspace lab lab.tif",
            "convert -size 30x20 gradient: -alpha on -channel a -evaluate set 50% +channel -colorspace gray greyalpha.png",
            "convert -density 300 -units pixelsperinch -size 30x20 xc:red dense.jpg", "convert -size 30x20 gradient: -monochrome -compress group4 fax.tif",
            "convert -size 30x20 xc:red -size 20x30 xc:blue pages.tif",
        ]
        try shop.tool("bash", "-c", "mkdir in; cd in; " + makers.joined(separator: "; "))
        let template = "{stem}_{width}_{height}_{mode}_{bits}_{bands}_{format}_{pages}_{dpi}_{orientation}_{aspect}_{type}_{ext}_{filesize}_{exif:Model|none}"
        let recipe = "actions:\n  - write-tag: {tag: 'xmp:description', value: '\(template)'}\n  - save: {format: keep}\n"
        try shop.write(Data(recipe.utf8), "r.yaml")
        try shop.quire(["run", "in", "-o", "out", "--recipe", "r.yaml", "--exclude", "*.gif", "--exclude", "*.heic", "--name", template + ".{ext}"])
        // No tag has a place in a GIF.
        try shop.write(Data(recipe.replacing("keep", with: "tiff").utf8), "t.yaml")
        try shop.quire(["run", "in", "-o", "out", "--recipe", "t.yaml", "--include", "*.gif", "--include", "*.heic", "--name", template + ".{ext}"])
        let lines = try shop.tool("exiftool", "-s3", "-p", "$FileName|$XMP:Description", "-q", "-r", "out").lines
        #expect(lines.count == makers.count, "\(lines)")
        for line in lines {
            let (name, text) = (line.split(separator: "|")[0], line.split(separator: "|").dropFirst().joined(separator: "|"))
            #expect(name.split(separator: ".").dropLast().joined(separator: ".") == text)
        }
    }
}
