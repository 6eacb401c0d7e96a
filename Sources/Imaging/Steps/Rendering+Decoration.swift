internal import Recipes

extension Rendering {
    mutating func apply(_ step: DecorationStep) throws(ImagingError) {
        switch step {}
    }
}
