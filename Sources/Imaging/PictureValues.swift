internal import ImageFiles
internal import JobModel
internal import Recipes
internal import Variables

extension ProcessTask {
    private static let tagsMax = 2000

    /// What the recipe is worked out from for this page: size and colours, and the values of the variables it asks for.
    func facts(
        _ header: PictureHeader, page: Int, of pageCount: Int, density: Density?, _ metadata: EmbeddedMetadata
    ) -> PictureFacts {
        var facts = header.facts
        facts.pixelsMax = limits.pixelsMax
        if let dpi = density?.dpi { facts.dpi = dpi }
        let wanted = recipe.variables
        guard !wanted.isEmpty else { return facts }
        var values = VariableValues()
        let probe = header.probe(kind, density: density, metadata, tagsMax: Self.tagsMax)
        values.plain = [
            .filesize: .number(Double(input.byteCount)), .page: .number(Double(page + 1)),
            .index: .number(Double(order.attempt.task.position + 1)), .name: .text(order.input.lastComponent.display),
            .stem: .text(order.input.stem.display), .type: .text(order.input.lowercasedExtension),
            .ext: .text(format.fileExtension), .folder: .text(order.input.parent.lastComponent.display),
        ]
        values.add(probe)
        values.plain[.pages] = .number(Double(pageCount))
        values.nameAlike(wanted, metadata)
        values.add(CivilTime(takenAt: probe.takenAt, modifiedNanoseconds: input.modifiedNanoseconds))
        // On other hosts the input's own path is scratch.
        if let place = process.place { values.add(place, madeAs: format) }
        if engine.fillsGaps { values.fillGaps(wanted) }
        facts.values = values
        return facts
    }
}

extension VariableValues {
    /// Gives wanted tags their values under the names they are asked for, where a tag has several: `xmp:title` is `xmp:dc:title`.
    fileprivate mutating func nameAlike(_ wanted: Set<Variable>, _ metadata: EmbeddedMetadata) {
        for variable in wanted {
            guard case .tag(let space, let name) = variable.subject, tags["\(space.rawValue):\(name)"] == nil,
                let tag = MetadataTag(named: "\(space.rawValue):\(name)")
            else { continue }
            tags["\(space.rawValue):\(name)"] = tags[tag.name] ?? metadata.texts(of: tag)?.joined(separator: "; ")
        }
    }

    /// Gives each wanted value that is missing some: a canary shows how a text is drawn, not what it says.
    fileprivate mutating func fillGaps(_ wanted: Set<Variable>) {
        for variable in wanted {
            switch variable.subject {
            case .plain(let name): if plain[name] == nil { plain[name] = name.isNumber ? .number(1) : .text("1") }
            case .tag(let space, let name):
                let key = "\(space.rawValue):\(name)"
                if tags[key] == nil { tags[key] = variable.part == nil ? "1" : "2000:01:01 00:00:00" }
            }
        }
    }
}

extension PictureHeader {
    /// What is told of it where names are made.
    func probe(_ kind: ImageKind, density: Density?, _ metadata: EmbeddedMetadata, tagsMax: Int) -> ProbeFacts {
        let tags = metadata.exif.map(EXIFTags.init(reading:))
        return ProbeFacts(
            kind: kind, width: width, height: height, pageCount: pageCount, bands: bands, bitsPerBand: bitsPerBand, orientation: orientation,
            hasProfile: hasProfile, hasAlpha: hasAlpha, mode: mode, density: density, takenAt: tags?.takenAt,
            tags: (tags?.sorted ?? []) + metadata.tagTexts(tagsMax: tagsMax).map { ProbeFacts.Tag(name: $0.name, value: $0.text) })
    }

    private var mode: String {
        switch (colour, hasAlpha) {
        case (.grey?, false): "grey"
        case (.grey?, true): "grey-alpha"
        case (.srgb?, false): "rgb"
        case (.srgb?, true): "rgba"
        case (.cmyk?, _): "cmyk"
        case (nil, _): "\(bands) components"
        }
    }
}
