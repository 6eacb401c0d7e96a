/// The hosts' lines of a frame, in aligned columns.
struct HostLines {
    let lines: [StyledLine]

    private static let gap = "  "
    private static let nameColumnsMax = 24
    private static let stateColumnsMin = 12

    private struct Cells {
        let text: [String]
        let width: Int
        let style: StyledLine.Style
    }

    /// At most `linesMax` lines; hosts beyond are counted on the last of them, with their slots.
    ///
    /// Where not all have room, those in trouble take up to half of it, the busiest the rest; all in the order given, so that lines
    /// stay where they are.
    init(_ hosts: [HostLine], room: Int, linesMax: Int) {
        guard !hosts.isEmpty, linesMax > 0 else {
            lines = []
            return
        }
        let shown = hosts.count <= linesMax ? Set(hosts.indices) : Self.chosen(of: hosts, count: linesMax - 1)
        var lines = Self.aligned(hosts.indices.filter(shown.contains).map { hosts[$0] }, room: room)
        if shown.count < hosts.count {
            lines.append(StyledLine(Self.rest(hosts.indices.filter { !shown.contains($0) }.map { hosts[$0] }, isAll: shown.isEmpty), .dim).cut(to: room))
        }
        self.lines = lines
    }

    private static func chosen(of hosts: [HostLine], count: Int) -> Set<Int> {
        let troubled = hosts.indices.filter { hosts[$0].isTroubled }
        let others = hosts.indices.filter { !hosts[$0].isTroubled }.sorted { (hosts[$1].busy, $0) < (hosts[$0].busy, $1) }
        let forTroubled = min(troubled.count, max(count / 2, count - others.count))
        return Set(troubled.prefix(forTroubled) + others.prefix(count - forTroubled))
    }

    private static func rest(_ hosts: [HostLine], isAll: Bool) -> String {
        let (busy, slots) = hosts.reduce((0, 0)) { ($0.0 + $1.busy, $0.1 + $1.slots) }
        let troubled = hosts.count(where: \.isTroubled)
        let number = isAll ? HumanText.counted(hosts.count, "host") : "… and \(HumanText.counted(hosts.count, "more host"))"
        return number + (slots > 0 ? ", \(busy)/\(slots) busy" : "") + (troubled > 0 ? ", \(troubled) in trouble" : "")
    }

    private static func aligned(_ hosts: [HostLine], room: Int) -> [StyledLine] {
        let names = hosts.map { DisplayText.cut(DisplayText.harmless($0.name), to: min(nameColumnsMax, max(4, room / 2))) }
        let nameWidth = names.map(DisplayText.columns).max() ?? 0
        let states = hosts.map { DisplayText.harmless($0.state) }
        let stateRoom = states.contains { !$0.isEmpty } ? gap.count + stateColumnsMin : 0

        // In order of worth; what does not fit beside the names and a short state is left out.
        let offered: [(place: Int, cells: Cells)] = [
            (0, cells(hosts.map { $0.hasWorked ? "\($0.busy)/\($0.slots) busy" : "" }, .plain)),
            (2, cells(hosts.map { $0.failed > 0 ? "\(HumanText.count($0.failed)) failed" : "" }, .red)),
            (3, cells(hosts.map { $0.hasWorked ? HumanText.rate($0.rate) : "" }, .plain)),
            (1, cells(hosts.map { $0.hasWorked ? "\(HumanText.count($0.done)) done" : "" }, .plain)),
        ].filter { $0.1.width > 0 }
        var chosen: [(place: Int, cells: Cells)] = []
        var used = nameWidth + stateRoom
        for offer in offered where used + gap.count + offer.cells.width <= room {
            chosen.append(offer)
            used += gap.count + offer.cells.width
        }
        chosen.sort { $0.place < $1.place }

        return hosts.indices.map { host in
            var line = StyledLine()
            line.append(
                chosen.isEmpty && states[host].isEmpty ? names[host] : DisplayText.padded(names[host], to: nameWidth), .bold)
            let hasState = !states[host].isEmpty
            let last = chosen.lastIndex { hasState || !$0.cells.text[host].isEmpty } ?? -1
            for (_, column) in chosen.prefix(last + 1) {
                line.append(gap)
                line.append(DisplayText.padded(column.text[host], to: column.width, right: true), column.style)
            }
            if hasState {
                line.append(gap)
                line.append(states[host], .yellow)
            }
            return line.cut(to: room)
        }
    }

    private static func cells(_ text: [String], _ style: StyledLine.Style) -> Cells {
        Cells(text: text, width: text.map(DisplayText.columns).max() ?? 0, style: style)
    }
}

extension HostLine {
    /// Of a host that was never there nothing is known but its state.
    fileprivate var hasWorked: Bool { slots > 0 || done + failed > 0 }
}
