internal import Recipes

extension Rendering {
    mutating func apply(_ step: LayoutStep) throws(ImagingError) {
        switch step {}
    }
}
