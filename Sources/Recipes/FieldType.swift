import JobModel
import Variables

/// A type that an action's field can have.
protocol FieldType: Sendable {
    /// Nil for a value of another kind.
    init?(_ value: FieldValue)
    var fieldValue: FieldValue { get }
}

extension Int: FieldType {
    init?(_ value: FieldValue) {
        guard case .whole(let number) = value else { return nil }
        self = number
    }
    var fieldValue: FieldValue { .whole(self) }
}

extension Double: FieldType {
    init?(_ value: FieldValue) {
        guard case .number(let number) = value else { return nil }
        self = number
    }
    var fieldValue: FieldValue { .number(self) }
}

extension Bool: FieldType {
    init?(_ value: FieldValue) {
        guard case .flag(let flag) = value else { return nil }
        self = flag
    }
    var fieldValue: FieldValue { .flag(self) }
}

extension String: FieldType {
    init?(_ value: FieldValue) {
        guard case .plainText(let text) = value else { return nil }
        self = text
    }
    var fieldValue: FieldValue { .plainText(self) }
}

extension Extent: FieldType {
    init?(_ value: FieldValue) {
        guard case .extent(let extent) = value else { return nil }
        self = extent
    }
    var fieldValue: FieldValue { .extent(self) }
}

extension Colour: FieldType {
    init?(_ value: FieldValue) {
        guard case .colour(let colour) = value else { return nil }
        self = colour
    }
    var fieldValue: FieldValue { .colour(self) }
}

extension Paint: FieldType {
    init?(_ value: FieldValue) {
        guard case .paint(let paint) = value else { return nil }
        self = paint
    }
    var fieldValue: FieldValue { .paint(self) }
}

extension TextTemplate: FieldType {
    init?(_ value: FieldValue) {
        guard case .template(let template) = value else { return nil }
        self = template
    }
    var fieldValue: FieldValue { .template(self) }
}

extension Asset: FieldType {
    init?(_ value: FieldValue) {
        guard case .asset(let asset) = value else { return nil }
        self = asset
    }
    var fieldValue: FieldValue { .asset(self) }
}

extension ByteSize: FieldType {
    init?(_ value: FieldValue) {
        guard case .byteSize(let size) = value else { return nil }
        self = size
    }
    var fieldValue: FieldValue { .byteSize(self) }
}

extension ShrinkBound: FieldType {
    init?(_ value: FieldValue) {
        guard case .bound(let bound) = value else { return nil }
        self = bound
    }
    var fieldValue: FieldValue { .bound(self) }
}

/// Several words or texts.
extension [String]: FieldType {
    init?(_ value: FieldValue) {
        switch value {
        case .words(let words): self = words
        case .texts(let texts): self = texts
        case .word, .whole, .number, .flag, .extent, .size, .bound, .colour, .paint, .plainText, .template, .asset, .byteSize: return nil
        }
    }
    var fieldValue: FieldValue { .texts(self) }
}
