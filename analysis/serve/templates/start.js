// The list of studies.

function cell(row, heading) {
  const found = [...row.cells].find((one) => one.dataset.heading === heading);
  return found || row.appendChild(made("td", "", { "data-heading": heading }));
}

function fillList(list, entries) {
  const texts = entries.map((entry) => `${entry.label}: ${entry.text}`);
  const lines = [...texts.slice(0, 4), ...(texts.length > 4 ? [`and ${texts.length - 4} more`] : [])];
  if ([...list.children].map((item) => item.textContent).join("\n") === lines.join("\n")) return;
  list.replaceChildren(...lines.map((line) => made("li", line)));
}

function showStudy(row, view) {
  const link = cell(row, "study");
  if (!link.firstChild) link.append(made("a", view.name, { href: `/study/${encodeURIComponent(view.name)}/` }));
  if (view.study === null) {
    setText(cell(row, "state"), view.problem || "being read");
    return;
  }
  setText(cell(row, "state"), view.problem || runningText(view));
  const rows = cell(row, "rows");
  if (!rows.firstChild) rows.append(made("span"), made("div", "", { class: "bar", role: "img" }));
  setText(rows.children[0], view.rows_text);
  drawBar(rows.children[1], view);
  setText(cell(row, "time left"), leftText(view).replace("time left: ", ""));
  const best = cell(row, "best so far");
  if (!best.firstChild) best.append(made("ul"));
  fillList(best.firstChild, view.best);
  setText(cell(row, "last result"), agoText(view.last_result, view.now));
}

const lines = new Map();

function showStudies({ studies }) {
  for (const view of studies) {
    if (!lines.has(view.name)) lines.set(view.name, byId("studies").appendChild(made("tr")));
    showStudy(lines.get(view.name), view);
  }
  const names = new Set(studies.map((view) => view.name));
  for (const [name, row] of lines) {
    if (names.has(name)) continue;
    row.remove();
    lines.delete(name);
  }
  const running = studies.filter((view) => view.running).length;
  setText(byId("summary"), `${studies.length === 1 ? "1 study" : `${studies.length} studies`}, ${running} running`);
}

poll("studies.json", 3, showStudies, (isRefused) => setText(byId("summary"), lostText(isRefused)));
