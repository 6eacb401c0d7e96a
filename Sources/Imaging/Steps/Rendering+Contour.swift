internal import CVips
internal import Recipes

extension Rendering {
    /// A line around the picture, or around what of it is not transparent; the space between is filled.
    mutating func contour(_ contour: ContourStep) throws(ImagingError) {
        try makePlain()
        let reach = contour.size + contour.offset
        guard image.hasAlpha else {
            let (width, height) = (image.width + 2 * contour.offset, image.height + 2 * contour.offset)
            if !contour.showsPicture || (contour.opacity < 1 && contour.offset > 0) { try addAlpha() }
            var fill = components(of: contour.fill)
            if image.hasAlpha { fill[fill.count - 1] = (contour.opacity * image.fullValue).rounded() }
            if contour.showsPicture {
                image = try image.embedded(left: contour.offset, top: contour.offset, width: width, height: height, background: fill)
            } else {
                image = try image.embedded(left: 0, top: 0, width: width, height: height, background: nil)
                image = try image.inserting(try Image.constant(fill, like: image), left: 0, top: 0)
            }
            image = try image.embedded(
                left: contour.size, top: contour.size, width: width + 2 * contour.size, height: height + 2 * contour.size,
                background: components(of: contour.colour))
            return
        }
        try settle()
        try embedTransparent(left: reach, top: reach, width: image.width + 2 * reach, height: image.height + 2 * reach)
        image = try image.inMemory()
        let shape = try image.alpha().linear([255 / image.fullValue], [0]).rounded(to: VIPS_FORMAT_UCHAR)
        let field = try DistanceField(to: shape)
        let inner = contour.offset == 0 ? shape : try field.grown(by: Double(contour.offset))
        let outer = contour.size == 0 ? inner : try field.grown(by: Double(reach))
        // Where the line is not, so much of the fill is left as it is opaque.
        let opacity = try outer.linear([1], [0]).subtracting(try inner.linear([1 - contour.opacity], [0])).rounded(to: VIPS_FORMAT_UCHAR)
        let colours = try plain(contour.colour).covered(by: try plain(contour.fill), mask: inner)
        let layer = try colours.joined(with: try opacity.alpha(for: image))
        if contour.showsPicture {
            try compose(layer, "dest-over")
        } else {
            image = try image.inserting(layer, left: 0, top: 0)
        }
    }
}
