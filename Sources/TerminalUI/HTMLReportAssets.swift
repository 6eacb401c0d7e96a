/// Style sheet and script of the report page. Neither holds `<` or `&`, so that the page stays well-formed XML.
enum HTMLReportAssets {
    /// The page may load nothing, whatever a file name holds.
    static let policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"

    static let style = """
        :root { color-scheme: light dark; --ground: #f6f7f9; --sheet: #fff; --ink: #1c2430; --faint: #5d6877; --rule: #dfe3e9;
          --good: #1a7f4b; --bad: #c0342b; --wait: #8a6100; --accent: #2558b8; }
        @media (prefers-color-scheme: dark) { :root { --ground: #12161c; --sheet: #1b212a; --ink: #e4e8ee; --faint: #98a3b3;
          --rule: #303947; --good: #58c78c; --bad: #ff857a; --wait: #e0b155; --accent: #86aefc; } }
        * { box-sizing: border-box; }
        body { margin: 0; background: var(--ground); color: var(--ink);
          font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
        main { display: flex; flex-direction: column; gap: 20px; max-width: 1280px; margin: 0 auto; padding: 24px 16px 64px; }
        header { order: -2; } #summary { order: -1; }
        h1 { margin: 0; font-size: 24px; } h2 { margin: 20px 0 8px; font-size: 17px; }
        p { margin: 8px 0; overflow-wrap: anywhere; }
        code { font: 13px/1.5 ui-monospace, "SF Mono", Menlo, Consolas, monospace; overflow-wrap: anywhere; }
        summary { cursor: pointer; color: var(--faint); }
        dl { display: grid; grid-template-columns: max-content 1fr; gap: 2px 16px; margin: 8px 0; }
        dt { color: var(--faint); } dd { margin: 0; overflow-wrap: anywhere; }
        #totals { display: grid; grid-template-columns: repeat(auto-fit, minmax(132px, 1fr)); gap: 10px; }
        .tile { background: var(--sheet); border: 1px solid var(--rule); border-radius: 10px; padding: 12px 14px; }
        .tile strong { display: block; font-size: 20px; white-space: nowrap; line-height: 1.25;
          font-variant-numeric: tabular-nums; }
        .tile span { color: var(--faint); font-size: 13px; }
        .tile.done strong { color: var(--good); } .tile.failed strong { color: var(--bad); }
        .group { background: var(--sheet); border: 1px solid var(--rule); border-left: 4px solid var(--bad); border-radius: 8px;
          padding: 10px 14px; margin: 8px 0; }
        .group b { color: var(--bad); } ul { margin: 6px 0; padding-left: 22px; } .hint { color: var(--faint); }
        #tools { display: flex; flex-wrap: wrap; gap: 6px; margin-bottom: 10px; }
        #tools button, #find { font: inherit; color: inherit; background: var(--sheet); border: 1px solid var(--rule);
          border-radius: 8px; padding: 5px 12px; }
        #tools button { cursor: pointer; }
        #tools button[aria-pressed="true"] { border-color: var(--accent); color: var(--accent); }
        #find { flex: 1 1 220px; min-width: 0; }
        #scroll { background: var(--sheet); border: 1px solid var(--rule); border-radius: 10px; }
        @media (max-width: 900px) { #scroll { overflow-x: auto; } table { min-width: 860px; } }
        table { width: 100%; border-collapse: collapse; table-layout: fixed; }
        th { position: sticky; top: 0; text-align: left; padding: 0; background: var(--sheet);
          border-bottom: 1px solid var(--rule); }
        th button { width: 100%; font: inherit; font-weight: 600; color: var(--faint); background: none; border: 0;
          cursor: pointer;
          padding: 9px 10px; text-align: inherit; }
        th[aria-sort="ascending"] button::after { content: " \\2191"; }
        th[aria-sort="descending"] button::after { content: " \\2193"; }
        th:nth-child(1) { width: 34%; } th:nth-child(2) { width: 110px; } th:nth-child(n+4) { width: 86px; }
        th:nth-child(7) { width: 100px; }
        td { padding: 7px 10px; vertical-align: top; border-top: 1px solid var(--rule); overflow-wrap: anywhere; }
        th:nth-child(n+4):nth-child(-n+6), td:nth-child(n+4):nth-child(-n+6) { text-align: right;
          font-variant-numeric: tabular-nums; }
        td small { display: block; color: var(--faint); font-size: 13px; }
        td b { font-weight: 600; } .done b { color: var(--good); } .failed b { color: var(--bad); }
        .skipped b { color: var(--wait); }
        td img { display: block; margin-top: 6px; max-width: 160px; max-height: 120px; border-radius: 6px;
          border: 1px solid var(--rule); }
        #more { margin-top: 10px; font: inherit; color: var(--accent); background: none; border: 0; cursor: pointer;
          padding: 4px 0; }
        #more[hidden] { display: none; } .loading tbody tr:nth-child(n+1001) { display: none; }
        :focus-visible { outline: 2px solid var(--accent); outline-offset: 1px; }
        @media (max-width: 700px) {
          table { min-width: 0; } thead { display: none; }
          tbody tr { display: block; padding: 8px 0; border-top: 1px solid var(--rule); } tbody tr:first-child { border-top: 0; }
          td { display: block; border: 0; padding: 2px 12px; }
          tbody td:nth-child(n+4):nth-child(-n+7) { display: inline-block; text-align: left; color: var(--faint); font-size: 13px;
            padding-right: 0; }
          tbody tr td:empty:nth-child(n) { display: none; }
          td:nth-child(4)::before { content: "in "; } td:nth-child(5)::before { content: "out "; }
          td:nth-child(7)::before { content: "on "; }
        }
        @media print { #tools { display: none; } body { background: none; } th { position: static; } }
        """

    /// Runs before the rows come, so that the browser need not lay out all of them.
    static let earlyScript = "document.documentElement.className = 'loading';"

    /// Sorting by a click (up, down, as made), a choice of outcomes, and finding text a moment after the last key.
    ///
    /// Rows are kept in an array and only the first thousand of those wanted are in the page: laying out 100,000 takes a browser
    /// half a minute, sorting them half a second. Without scripts the page shows all rows as they are.
    static let script = """
        "use strict";
        (function () {
          const main = document.querySelector("main"), table = document.querySelector("table"), body = table.tBodies[0];
          main.insertBefore(document.getElementById("summary"), document.getElementById("files"));
          const made = Array.from(body.rows), heads = Array.from(table.tHead.rows[0].cells),
            more = document.getElementById("more");
          let order = made, outcome = "all", wanted = "", limit = 1000;
          function text(row) { return (row.cells[0].textContent + " " + row.cells[2].textContent).toLowerCase(); }
          function show() {
            let rows = order;
            if (outcome !== "all") rows = rows.filter(row => row.className === outcome);
            if (wanted !== "") rows = rows.filter(row => text(row).includes(wanted));
            const part = document.createDocumentFragment();
            rows.slice(0, limit).forEach(row => part.appendChild(row));
            body.replaceChildren(part);
            more.hidden = limit >= rows.length;
            more.textContent = "Show more (" + (rows.length - limit).toLocaleString("en") + " left)";
          }
          function compare(a, b) { return a[0] === b[0] ? a[2] - b[2] : a[0] > b[0] ? 1 : -1; }
          heads.forEach((head, column) => head.firstChild.addEventListener("click", () => {
            const now = head.getAttribute("aria-sort");
            const next = now === "ascending" ? "descending" : now === "descending" ? null : "ascending";
            heads.forEach(other => other.removeAttribute("aria-sort"));
            order = made;
            if (next !== null) {
              head.setAttribute("aria-sort", next);
              const numeric = head.firstChild.dataset.kind === "n", sign = next === "ascending" ? 1 : -1;
              const keyed = made.map((row, place) => {
                const cell = row.cells[column];
                return [numeric ? Number(cell.dataset.v) : cell.textContent.toLowerCase(), row, place];
              });
              order = keyed.sort((a, b) => sign * compare(a, b)).map(entry => entry[1]);
            }
            show();
          }));
          const choices = Array.from(document.querySelectorAll("#tools button"));
          choices.forEach(choice => choice.addEventListener("click", () => {
            outcome = choice.dataset.show;
            choices.forEach(other => other.setAttribute("aria-pressed", String(other === choice)));
            show();
          }));
          const find = document.getElementById("find");
          let timer = 0;
          find.addEventListener("input", () => {
            clearTimeout(timer);
            timer = setTimeout(() => { wanted = find.value.trim().toLowerCase(); show(); }, 300);
          });
          more.addEventListener("click", () => { limit *= 5; show(); });
          show();
          document.documentElement.className = "";
        })();
        """
}
