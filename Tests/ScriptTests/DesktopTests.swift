import Foundation
import Testing

/// A home folder of its own, with real programs of the debug build.
private struct Desktop {
    let folder: TemporaryFolder
    var environment: [String: String]

    init() throws {
        folder = try TemporaryFolder()
        for name in ["home", "xdg", "bin", "photos"] {
            try FileManager.default.createDirectory(at: folder.url.appending(path: name), withIntermediateDirectories: true)
        }
        environment = [
            "PATH": folder.path + "/bin:/usr/bin:/bin", "HOME": folder.path + "/home", "XDG_CONFIG_DIRS": folder.path + "/xdg",
            "LC_ALL": "C.UTF-8", "NO_AT_BRIDGE": "1", "QUIRE_PROGRAM": programs.appending(path: "quire").path(percentEncoded: false), "CI": "1",
        ]
    }

    @discardableResult
    func script(_ name: String, _ arguments: [String], with more: [String: String] = [:]) throws -> Ended {
        try run(
            repository.appending(path: "scripts/" + name).path(percentEncoded: false), arguments, in: folder.url,
            environment: environment.merging(more) { $1 })
    }

    /// Runs a script of bash in the folder.
    func bash(_ text: String) throws -> Ended {
        try run("/bin/bash", ["-euc", text], in: folder.url, environment: environment)
    }

    func write(_ text: String, to path: String) throws {
        let file = folder.url.appending(path: path)
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
    }

    func text(_ path: String) throws -> String { String(decoding: try Data(contentsOf: folder.url.appending(path: path)), as: UTF8.self) }

    func isThere(_ path: String) -> Bool { FileManager.default.fileExists(atPath: folder.path + "/" + path) }

    /// Stands for zenity: ticks `choice`, takes the first answer of any further question, and writes down what it was shown; and for
    /// the program that opens results.
    func answer(_ choice: String) throws {
        try write(
            """
            #!/bin/bash
            printf '%s\\n' "$@" >>"$HOME/shown"
            case " $* " in
            *' --checklist '*) cat >/dev/null; echo '\(choice)' ;;
            *' --radiolist '*) mapfile -t cells; echo "${cells[1]}" ;;
            *' --list '* | *' --progress '*) cat >>"$HOME/shown" ;;
            esac

            """, to: "bin/zenity")
        try write("#!/bin/sh\nprintf 'opened %s\\n' \"$1\" >>\"$HOME/shown\"\n", to: "bin/xdg-open")
        try run("chmod", ["+x", folder.path + "/bin/zenity", folder.path + "/bin/xdg-open"])
    }
}

private let ownActions = """
    <?xml version="1.0" encoding="UTF-8"?>
    <!-- mine -->
    <actions>
    <action>\t<name>Größe &amp; mehr</name><unique-id>1-1</unique-id><command>du -sh %F</command><patterns>*</patterns></action>
      </actions>

    """

@Suite("scripts/desktop")
struct DesktopTests {
    @Test("What install puts in place is valid, and uninstall leaves everything as it was")
    func installs() throws {
        let desktop = try Desktop()
        try desktop.write(ownActions, to: "home/.config/Thunar/uca.xml")
        try desktop.write("actions: [{shrink: 100}]\n", to: "home/.config/quire/recipes/it's $mine %20.yaml")
        let listing = "find home | LC_ALL=C sort"
        let before = try desktop.bash(listing).output

        let openerBefore = try desktop.bash("xdg-mime query default image/jpeg").output
        let installed = try desktop.script("desktop", ["install"])
        #expect(installed.status == 0, "\(installed.errors)")
        let once = try desktop.bash("find home -type f | LC_ALL=C sort | xargs -d '\\n' sha256sum").output
        try desktop.script("desktop", ["install"])
        #expect(try desktop.bash("find home -type f | LC_ALL=C sort | xargs -d '\\n' sha256sum").output == once)

        let checked = try desktop.bash("desktop-file-validate home/.local/share/applications/*.desktop")
        #expect(checked.status == 0 && checked.output == "", "\(checked.output)")
        let entries = try desktop.bash("cat home/.local/share/applications/*.desktop").output
        #expect(entries.contains("Name=web (quire)\n"))
        #expect(entries.contains("--recipe \"it's \\\\$mine %%20\" %F"))
        let opener = try desktop.bash("xdg-mime query default image/jpeg").output
        #expect(opener == openerBefore || openerBefore == "", "a double click opens the program it did before")
        let script = "home/.local/share/nautilus/scripts/Pictures with quire"
        #expect(
            try FileManager.default.destinationOfSymbolicLink(atPath: desktop.folder.path + "/" + script)
                == repository.appending(path: "scripts/desktop-dialog").path(percentEncoded: false))
        #expect(try desktop.text("home/.config/Thunar/uca.xml").contains("scripts/desktop-dialog\" %F</command>"))
        #expect(try desktop.script("desktop", ["list"]).lines.count >= 4)

        #expect(try desktop.script("desktop", ["uninstall"]).status == 0)
        #expect(try desktop.bash(listing).output == before)
        #expect(try desktop.text("home/.config/Thunar/uca.xml") == ownActions)
        #expect(try desktop.script("desktop", ["list"]).lines == [])
    }

    @Test("The user's list of default programs is replaced as a whole when quire's lines go, and keeps its mode")
    func defaults() throws {
        let desktop = try Desktop()
        let list = "home/.config/mimeapps.list"
        try desktop.write("[Default Applications]\nimage/png=mine.desktop\nimage/jpeg=eog.desktop\n", to: list)
        try desktop.write("image/jpeg=eog.desktop\n", to: "home/.local/share/quire/kept-defaults")
        let before = try desktop.text(list)
        _ = try desktop.bash("chmod 600 \(list); ln \(list) home/same")
        #expect(try desktop.script("desktop", ["uninstall"]).status == 0)
        #expect(try desktop.text(list) == "[Default Applications]\nimage/png=mine.desktop\n")
        #expect(try desktop.text("home/same") == before, "written beside, then renamed")
        #expect(try desktop.bash("stat -c %a \(list); ls -A home/.config").output == "600\nmimeapps.list\n")
    }

    @Test("The user's list of Thunar actions keeps every byte; without one the system's list is kept in view")
    func thunar() throws {
        let desktop = try Desktop()
        let list = desktop.folder.path + "/home/uca.xml"
        try desktop.write(ownActions, to: "xdg/Thunar/uca.xml")
        try desktop.script("desktop-thunar", ["add", list, "/a&b \"c\" %F"])
        #expect(try desktop.text("home/uca.xml").contains("Größe"))
        #expect(try desktop.bash("xmllint --version >/dev/null 2>&1 && xmllint --noout home/uca.xml || :").errors == "")
        // Thunar writes the list anew when the user edits it: other order and spaces, the same identity.
        let other = ownActions.replacing(
            "  </actions>", with: "<action><command>x</command><unique-id>\nquire-pictures </unique-id></action></actions>")
        try desktop.write(other, to: "home/uca.xml")
        try desktop.script("desktop-thunar", ["add", list, "new %F"])
        #expect(try desktop.text("home/uca.xml").components(separatedBy: "quire-pictures").count == 2)
        try desktop.write(ownActions, to: "home/uca.xml")
        try desktop.script("desktop-thunar", ["add", list, "new %F"])
        try desktop.script("desktop-thunar", ["remove", list])
        #expect(!desktop.isThere("home/uca.xml"), "nothing is left in it but what the system offers")

        try desktop.write("<actions/>", to: "home/uca.xml")
        #expect(try desktop.script("desktop-thunar", ["add", list, "new %F"]).status == 0)
        #expect(try desktop.script("desktop-thunar", ["has", list]).status == 0)
        for broken in ["<actions><action>", "", "<actions></actions"] {
            try desktop.write(broken, to: "home/uca.xml")
            let refused = try desktop.script("desktop-thunar", ["add", list, "new %F"])
            #expect(refused.status == 3)
            #expect(refused.errors.contains("left as it is"))
            #expect(try desktop.text("home/uca.xml") == broken)
        }
    }

    @Test("Any name works; results lie beside the selection, never over anything, and what failed is named with its reason")
    func names() throws {
        let desktop = try Desktop()
        try desktop.answer("shrink|pdf")
        let odd = #"""
            cd photos; convert -size 1100x40 gradient: base.png
            for name in '-dash' 'it'\''s "x" \n' $'line\nfeed' $'\xff' '100%  #&<b>'; do cp base.png "./$name.png"; done
            rm base.png; echo nothing >'& bad.jpg'
            python3 -c 'import os,urllib.parse; [print("file://"+urllib.parse.quote(os.getcwdb()+b"/"+n)) for n in os.listdir(b".")]'
            """#
        let addresses = try desktop.bash(odd)
        #expect(addresses.status == 0, "\(addresses.errors)")
        let nautilus = ["DISPLAY": ":0", "NAUTILUS_SCRIPT_SELECTED_URIS": addresses.output, "NAUTILUS_SCRIPT_SELECTED_FILE_PATHS": "wrong\n"]
        let before = try desktop.bash("ls -lb --full-time photos/*.*").output
        for _ in 1...2 {
            let ended = try desktop.script("desktop-dialog", ["ignored"], with: nautilus)
            #expect(ended.status == 0 && ended.errors == "", "\(ended.errors)")
        }
        #expect(try desktop.bash("ls -lb --full-time photos/*.*").output == before)
        for folder in ["photos (small)", "photos (small) 2"] {
            #expect(try desktop.bash("find 'photos/\(folder)' -name '*.png' -printf x").output == "xxxxx")
            #expect(try desktop.bash("qpdf --show-npages 'photos/\(folder)/photos.pdf'").lines == ["6"])
        }
        let shown = try desktop.text("home/shown")
        #expect(shown.contains("5 of 6 done, 1 failed."))
        #expect(shown.contains("/& bad.jpg\nnot-image: the first bytes are those of no known image format\n"))
        #expect(shown.contains("--ok-label=Open result\n--cancel-label=Close\n"))
    }

    @Test("What quire refuses becomes a dialog that says so, and no empty folder stays")
    func refused() throws {
        let desktop = try Desktop()
        try desktop.answer("rotate")
        try desktop.write("text", to: "photos/readme.txt")
        let nothing = try desktop.script("desktop-dialog", [desktop.folder.path + "/photos"], with: ["DISPLAY": ":0"])
        #expect(nothing.status == 0)
        #expect(try desktop.text("home/shown").contains("There are no pictures in what was selected."))
        try desktop.write("actions: [{shrnk: 3}]\n", to: "home/wrong.yaml")
        try desktop.script("desktop-dialog", ["--recipe", desktop.folder.path + "/home/wrong.yaml", "photos"], with: ["DISPLAY": ":0"])
        let shown = try desktop.text("home/shown")
        #expect(shown.contains("quire could not begin.") && shown.contains("shrink"))
        #expect(try desktop.bash("ls").lines == ["bin", "home", "photos", "xdg"])
    }

    @Test("Cancel in the real dialog ends all outstanding work and leaves nothing half-made")
    func cancels() throws {
        let desktop = try Desktop()
        try desktop.write("actions: [{shrink: 1500}, {blur: 4}]\n", to: "home/slow.yaml")
        let driven = try desktop.bash(
            #"""
            convert -size 1600x1200 gradient:red-blue photos/1.jpg
            for ((i = 2; i <= 400; i++)); do ln photos/1.jpg photos/$i.jpg; done
            exec 3>number
            Xvfb -displayfd 3 -screen 0 800x600x24 >/dev/null 2>&1 & display=$!
            # What the test starts has most signals blocked, and a server that stays would keep the test waiting.
            trap 'kill -KILL $display' EXIT
            until [[ -s number ]]; do sleep 0.05; done
            export DISPLAY=:$(<number)
            "$SCRIPTS/desktop-dialog" --recipe "$PWD/home/slow.yaml" "$PWD/photos" & dialog=$!
            until compgen -G 'photos (slow)/*.jpg' >/dev/null; do kill -0 $dialog; sleep 0.05; done
            # Escape is Cancel, then Close of the notice; again until it is heard, since a window that has just come may not listen yet.
            for ((i = 0; i < 200; i++)); do
                kill -0 $dialog 2>/dev/null || break
                for window in $(xdotool search --onlyvisible --name 'Pictures with quire' 2>/dev/null); do
                    xdotool windowfocus "$window" key --window "$window" Escape 2>/dev/null || :
                done
                sleep 0.1
            done
            wait $dialog
            echo "ended"
            pgrep -f "$PWD/photos" || echo "no process"
            ls photos | wc -l
            find 'photos (slow)' -name '.*' -printf 'left %p\n'
            (($(ls 'photos (slow)' | wc -l) < 400)) && echo "in the middle"
            """#.replacingOccurrences(of: "$SCRIPTS", with: repository.appending(path: "scripts").path(percentEncoded: false)))
        #expect(driven.lines == ["ended", "no process", "400", "in the middle"], "\(driven.errors)")
        let states = try run(
            programs.appending(path: "quire").path(percentEncoded: false), ["jobs", "--json"], environment: desktop.environment)
        #expect(states.output.contains("\"cancelled\""))
    }
}
