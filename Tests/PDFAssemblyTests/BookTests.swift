import Foundation
import JobModel
import PDFAssembly
import Testing

/// Pages as (folder, how many), each picture about 10 kB.
private func pages(_ folders: [(String, Int)], store: inout SourceStore) -> [BookPage] {
    var list: [BookPage] = []
    for (name, count) in folders {
        for _ in 0..<count {
            list.append(greyPage(list.count, side: 100, folder: name.split(separator: "/").map(String.init), store: &store))
        }
    }
    return list
}

private func bound(_ pages: [BookPage], store: SourceStore, settings: PDFSettings) throws -> [[UInt8]] {
    var performer = BookPerformer()
    var book = try TestBook(settings: settings)
    for page in pages { try performer.perform(try book.append(page), with: store) }
    try performer.perform(book.finish(), with: store)
    try performer.endVolumes()
    return performer.whole.keys.sorted().compactMap { performer.whole[$0] }
}

private func pageCount(_ file: [UInt8]) -> Int {
    String(decoding: file, as: UTF8.self).ranges(of: "/Type/Page/").count
}

@Suite("A book") struct BookTests {
    @Test("that fits is one volume with the bytes a single writer makes")
    func single() throws {
        var store = SourceStore()
        let list = pages([("a", 3), ("b", 3)], store: &store)
        #expect(try bound(list, store: store, settings: PDFSettings()) == [bind(list, store: store)])
    }

    @Test("is cut at folder borders, and each volume has the bytes of its pages alone, behind those before")
    func cutsAtBorders() throws {
        var store = SourceStore()
        let list = pages([("a", 4), ("b", 3), ("c/x", 4), ("c/y", 2), ("d", 9)], store: &store)
        var settings = PDFSettings()
        settings.volumeBytesMax = 105_000
        let volumes = try bound(list, store: store, settings: settings)
        #expect(volumes.map(pageCount) == [7, 6, 9])
        #expect(volumes.allSatisfy { UInt64($0.count) <= settings.volumeBytesMax })
        var start = 0
        for volume in volumes {
            let part = Array(list[start..<(start + pageCount(volume))])
            #expect(try bind(part, store: store, settings: settings, behind: start) == volume)
            start += part.count
        }
    }

    @Test("is cut inside a folder only if that alone is too large")
    func cutsInside() throws {
        var store = SourceStore()
        let list = pages([("a", 2), ("b", 25), ("c", 2)], store: &store)
        var settings = PDFSettings()
        settings.volumeBytesMax = 105_000
        let volumes = try bound(list, store: store, settings: settings)
        #expect(volumes.map(pageCount) == [2, 9, 9, 9])
        settings.volumeBytesMax = 1
        #expect(try bound(Array(list.prefix(3)), store: store, settings: settings).map(pageCount) == [1, 1, 1])
    }

    @Test("is cut by pages too")
    func cutsByPages() throws {
        var store = SourceStore()
        let list = pages([("a", 4), ("b", 3), ("c", 1)], store: &store)
        var settings = PDFSettings()
        settings.volumePagesMax = 5
        #expect(try bound(list, store: store, settings: settings).map(pageCount) == [4, 4])
    }

    @Test("gets carried pages right when they shared objects with pages that stay, and placeholders among them")
    func carriesShared() throws {
        var store = SourceStore()
        var list = pages([("a", 3), ("b", 4)], store: &store)
        // The last folder repeats the first one's pictures.
        for index in 0..<3 {
            guard case .picture(let facts) = list[index].content else { return }
            list.append(BookPage(key: list[index].key, content: .picture(facts), folder: ["c"]))
        }
        list.append(
            BookPage(
                key: PageKey(task: 50, page: 0), content: .placeholder(fileName: "weg.jpg", reason: .truncated), folder: ["c"]))
        list += (60..<70).map { greyPage($0, side: 100, folder: ["c"], store: &store) }
        var settings = PDFSettings()
        settings.volumeBytesMax = 145_000
        let volumes = try bound(list, store: store, settings: settings)
        #expect(volumes.map(pageCount) == [7, 14])
        #expect(try bind(Array(list[7..<21]), store: store, settings: settings, behind: 7) == volumes[1])
    }

    @Test("goes on from a checkpoint at any page with the same bytes", arguments: [1, 5, 8, 12, 17])
    func resumes(at stop: Int) throws {
        var store = SourceStore()
        let list = pages([("a", 4), ("b", 3), ("c", 11)], store: &store)
        var settings = PDFSettings()
        settings.volumeBytesMax = 125_000
        settings.title = "T"
        settings.pageSize = .a4
        let whole = try bound(list, store: store, settings: settings)
        #expect(whole.count > 1)

        var performer = BookPerformer()
        var book = try TestBook(settings: settings)
        for page in list.prefix(stop) { try performer.perform(try book.append(page), with: store) }
        let checkpoint = book.checkpoint()
        let position = book.position
        // A torn page behind the checkpoint, which the head cuts off.
        performer.partials[position.volume]?.append(contentsOf: [1, 2, 3])
        performer.partials[position.volume] = performer.partials[position.volume].map {
            Array($0.prefix(Int(position.byteCount)))
        }
        var resumed = try TestBook(resuming: checkpoint)
        #expect(resumed.position == position)
        #expect(resumed.checkpoint() == checkpoint)
        for page in list.dropFirst(stop) { try performer.perform(try resumed.append(page), with: store) }
        try performer.perform(resumed.finish(), with: store)
        try performer.endVolumes()
        #expect(performer.whole.keys.sorted().compactMap { performer.whole[$0] } == whole)
    }

    @Test("refuses a damaged checkpoint without trapping")
    func damagedCheckpoints() throws {
        var store = SourceStore()
        var settings = PDFSettings()
        settings.title = "T"
        var book = try TestBook(settings: settings)
        for page in pages([("a", 4), ("b", 3)], store: &store) { _ = try book.append(page) }
        let good = book.checkpoint()
        for length in 0..<good.count {
            #expect(throws: PDFError.self, "\(length) bytes") { try TestBook(resuming: Array(good.prefix(length))) }
        }
        for place in good.indices {
            var bytes = good
            bytes[place] ^= UInt8(truncatingIfNeeded: 1 << (place % 8))
            do { _ = try TestBook(resuming: bytes) } catch is PDFError {}
        }
    }

    @Test("without pages is no file")
    func empty() throws {
        #expect(try TestBook(settings: PDFSettings()).finish().isEmpty)
    }
}
