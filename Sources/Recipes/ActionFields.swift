public import JobModel

/// The fields of one action, read but not yet an action.
public struct ActionFields: Sendable {
    let name: ActionName
    /// In no particular order, each name once, all of the catalogue.
    private(set) var values: [(name: String, value: FieldValue)] = []

    init(_ name: ActionName) { self.name = name }

    func has(_ field: String) -> Bool { values.contains { $0.name == field } }

    func value(_ field: String) -> FieldValue? { values.first { $0.name == field }?.value }

    mutating func set(_ field: String, _ value: FieldValue) {
        precondition(!has(field), "field \(field) of \(name.rawValue) is set twice")
        values.append((field, value))
    }

    /// Makes the action; throws when a required field or half a size is missing.
    func action() throws(RecipeError) -> Action { Action(try name.bodyType.init(fields: self).meaning) }

    /// Sets each field that was given.
    func fill<Body: ActionBody>(_ body: inout Body) {
        for field in Body.fields {
            if let value = value(field.description.name) { field.write(&body, value) }
        }
    }

    /// `size`, or `width` and `height`.
    func box(of name: ActionName) throws(RecipeError) -> (width: Extent, height: Extent) {
        if case .size(let width, let height)? = value("size") {
            if has("width") || has("height") {
                throw RecipeError(.contradiction("\(name.rawValue) takes either size or width and height, not both"))
            }
            return (width, height)
        }
        guard let width = extent("width"), let height = extent("height") else {
            throw RecipeError(.missingField("size, or width and height", of: name.rawValue, accepted: "800x600"))
        }
        return (width, height)
    }

    private func extent(_ field: String) -> Extent? {
        switch value(field) {
        case .extent(let extent): extent
        case .whole(let count): .pixels(count)
        case nil, .word, .words, .texts, .number, .flag, .size, .bound, .colour, .paint, .plainText, .template, .asset, .byteSize: nil
        }
    }
}

extension FieldBinding {
    /// The three fields that name a size in one or in two: `size` is written, but for arithmetic, which may hold an x.
    ///
    /// - Parameter applies: Whether the action has a size at all.
    static func box(
        _ width: any WritableKeyPath<Body, Extent> & Sendable, _ height: any WritableKeyPath<Body, Extent> & Sendable, _ kind: FieldKind,
        side: FieldKind, while applies: @escaping @Sendable (Body) -> Bool = { _ in true }
    ) -> [FieldBinding<Body>] {
        let isPlain = { @Sendable (body: Body) in body[keyPath: width].isPlain && body[keyPath: height].isPlain }
        func half(_ name: String, _ path: any WritableKeyPath<Body, Extent> & Sendable) -> FieldBinding<Body> {
            FieldBinding(
                name, "Instead of size, with \(name == "width" ? "height" : "width").", side, .optional,
                read: { applies($0) && !isPlain($0) ? .extent($0[keyPath: path]) : nil }, write: { _, _ in })
        }
        return [
            FieldBinding(
                "size", "Width and height in one: 800x600.", kind, .optional,
                read: { applies($0) && isPlain($0) ? .size($0[keyPath: width], $0[keyPath: height]) : nil },
                write: { body, value in
                    guard case .size(let wide, let high) = value else { return }
                    body[keyPath: width] = wide
                    body[keyPath: height] = high
                }),
            half("width", width), half("height", height),
        ]
    }
}

extension Extent {
    fileprivate var isPlain: Bool {
        switch self {
        case .pixels, .percent: true
        case .computed: false
        }
    }
}
