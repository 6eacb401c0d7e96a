internal import Recipes

extension Rendering {
    mutating func apply(_ step: ToneStep) throws(ImagingError) {
        switch step {}
    }
}
