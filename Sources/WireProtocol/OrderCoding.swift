public import JobModel

extension ProcessOrder: WireCodable {
    public func encode(to writer: inout WireWriter) {
        writer.put(folder)
        writer.put(choice: format)
        writer.put(pages)
        writer.put(spoolFolder)
        writer.put(digestInput)
        writer.put(keepTimes)
        writer.put(count: movedTimes.count)
        for time in movedTimes { writer.put(signed: time) }
        writer.put(further)
        writer.put(place)
    }
    public init(from reader: inout WireReader) throws(WireError) {
        self.init(
            folder: try reader.optional(), format: try reader.choice(), pages: try reader.bool(), spoolFolder: try reader.optional(),
            digestInput: try reader.bool(), keepTimes: try reader.bool())
        for _ in 0..<(try reader.count()) { movedTimes.append(try reader.signed()) }
        further = try reader.array()
        place = try reader.optional()
    }
}

extension SheetOrder: WireCodable {
    public func encode(to writer: inout WireWriter) {
        writer.put(folder)
        writer.put(choice: format)
        writer.put(count: columns)
        writer.put(count: cellSide)
        writer.put(hasCaptions)
        writer.put(count: cells.count)
        for cell in cells {
            switch cell.content {
            case .picture(let bytes):
                writer.put(true)
                writer.put(bytes)
            case .absent(let why):
                writer.put(false)
                writer.put(why)
            }
            writer.put(cell.caption)
        }
    }
    public init(from reader: inout WireReader) throws(WireError) {
        self.init(
            folder: try reader.value(), format: try reader.choice(), columns: try reader.integer(), cellSide: try reader.integer(),
            hasCaptions: try reader.bool(), cells: [])
        for _ in 0..<(try reader.count()) {
            let content: SheetCell.Content = try reader.bool() ? .picture(try reader.byteArray()) : .absent(try reader.text())
            cells.append(SheetCell(content, caption: try reader.text()))
        }
    }
}

extension InputPlace: WireCodable {
    public func encode(to writer: inout WireWriter) {
        writer.put(relative)
        writer.put(inputFolderName)
        writer.put(count: index)
        writer.put(count: folderIndex)
    }
    public init(from reader: inout WireReader) throws(WireError) {
        self.init(
            relative: try reader.value(), inputFolderName: try reader.value(), index: try reader.integer(), folderIndex: try reader.integer())
    }
}

extension SaveTarget: WireCodable {
    public func encode(to writer: inout WireWriter) {
        writer.put(folder)
        writer.put(choice: format)
    }
    public init(from reader: inout WireReader) throws(WireError) {
        self.init(folder: try reader.value(), format: try reader.choice())
    }
}

extension WorkKind: WireCodable {
    public func encode(to writer: inout WireWriter) {
        switch self {
        case .process(let order):
            writer.put(tag: 0)
            writer.put(order)
        case .page(let order):
            writer.put(tag: 1)
            writer.put(order.spoolFolder)
            writer.put(order.digestInput)
            writer.put(order.keepsMetadata)
        case .probe: writer.put(tag: 2)
        case .thumbnail(let side):
            writer.put(tag: 3)
            writer.put(count: side)
        case .fingerprint(let order):
            writer.put(tag: 4)
            writer.put(order)
        case .program(let order):
            writer.put(tag: 5)
            writer.put(order)
        case .sheet(let order):
            writer.put(tag: 6)
            writer.put(order)
        }
    }
    public init(from reader: inout WireReader) throws(WireError) {
        switch try reader.byte() {
        case 0: self = .process(try reader.value())
        case 1: self = .page(PageOrder(spoolFolder: try reader.value(), digestInput: try reader.bool(), keepsMetadata: try reader.bool()))
        case 2: self = .probe
        case 3: self = .thumbnail(sidePixelsMax: try reader.integer())
        case 4: self = .fingerprint(try reader.value())
        case 5: self = .program(try reader.value())
        case 6: self = .sheet(try reader.value())
        case let other: throw .invalid("work kind \(other)")
        }
    }
}

extension FingerprintOrder: WireCodable {
    public func encode(to writer: inout WireWriter) {
        writer.put(folder)
        switch work {
        case .process(let files, let pages):
            writer.put(tag: 0)
            writer.put(files)
            writer.put(pages)
        case .page: writer.put(tag: 1)
        }
    }
    public init(from reader: inout WireReader) throws(WireError) {
        let folder: RawPath = try reader.value()
        switch try reader.byte() {
        case 0: self.init(folder: folder, work: .process(files: try reader.bool(), pages: try reader.bool()))
        case 1: self.init(folder: folder, work: .page)
        case let other: throw .invalid("fingerprint of \(other)")
        }
    }
}

extension WorkOrder: WireCodable {
    public func encode(to writer: inout WireWriter) {
        writer.put(attempt)
        writer.put(input)
        writer.put(identity)
        writer.put(kind)
        writer.put(tempName)
    }
    public init(from reader: inout WireReader) throws(WireError) {
        self.init(
            attempt: try reader.value(), input: try reader.value(), identity: try reader.value(), kind: try reader.value(),
            tempName: try reader.value())
    }
}

extension WorkSetup: WireCodable {
    public func encode(to writer: inout WireWriter) {
        writer.put(recipe)
        writer.put(choice: damage)
        writer.put(limits.pixelsMax)
        writer.put(limits.fileBytesMax)
        writer.put(count: limits.allowedLoaders.count)
        for loader in limits.allowedLoaders { writer.put(loader) }
        writer.put(UInt64(fileMode))
        writer.put(count: assets.count)
        for asset in assets {
            writer.put(asset.digest)
            writer.put(asset.bytes)
        }
    }
    public init(from reader: inout WireReader) throws(WireError) {
        let recipe = try reader.byteArray()
        let damage: DamagePolicy = try reader.choice()
        var limits = WorkLimits()
        limits.pixelsMax = try reader.number()
        limits.fileBytesMax = try reader.number()
        for _ in 0..<(try reader.count()) { limits.allowedLoaders.append(try reader.text()) }
        self.init(recipe: recipe, damage: damage, limits: limits, fileMode: try reader.integer())
        for _ in 0..<(try reader.count()) { assets.append(WorkAsset(digest: try reader.value(), bytes: try reader.byteArray())) }
    }
}
