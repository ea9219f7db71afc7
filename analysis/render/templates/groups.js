// The figures and the table that show the same rows.
class Group {
  constructor() {
    this.table = null;
    this.figures = new Set();
    this.brushes = new Map();
    this.chosen = null;
    this.hot = "";
  }

  addTable(table) {
    this.table = table;
  }

  select(figure, ids) {
    if (ids === null) this.brushes.delete(figure);
    else this.brushes.set(figure, ids);
    this.update();
  }

  clear() {
    for (const figure of [...this.brushes.keys()]) figure.clearBrush();
    this.brushes.clear();
    this.update();
  }

  update() {
    let ids = null;
    for (const brushed of this.brushes.values()) {
      ids = ids === null ? brushed : new Set([...ids].filter((id) => brushed.has(id)));
    }
    const shown = this.table ? this.table.filter(ids) : ids;
    const isWhole = ids === null && !(this.table && this.table.isFiltered);
    this.chosen = isWhole ? null : Object.fromEntries([...shown].map((id) => [id, true]));
    for (const figure of this.figures) figure.signal("chosen", this.chosen);
  }

  point(id) {
    if (id === this.hot) return;
    this.hot = id;
    this.table?.point(id);
    for (const figure of this.figures) figure.signal("hot", id);
  }
}

// The box beside the pointer. It has text only, whatever a study's texts hold.
const tip = element("div", { class: "tip", "aria-hidden": "true" });
tip.hidden = true;
document.body.append(tip);
function hideTip() {
  tip.hidden = true;
}
function showTip(_, event, item, value) {
  tip.hidden = value === null || value === undefined || value === "";
  if (tip.hidden) return;
  const entries = typeof value === "object" ? Object.entries(value) : [["", String(value)]];
  const list = element("dl");
  for (const [name, text] of entries) {
    if (text === "null" || text === "undefined" || text === "NaN") continue;
    list.append(element("dt", {}, name), element("dd", {}, String(text)));
  }
  tip.replaceChildren(list);
  if (idOf(item)) tip.append(element("p", {}, "Click: its row in the table"));
  const { innerWidth, innerHeight } = window;
  const { width, height } = tip.getBoundingClientRect();
  const left = event.clientX + 16 + width > innerWidth ? event.clientX - width - 12 : event.clientX + 16;
  tip.style.left = `${Math.max(4, left)}px`;
  tip.style.top = `${Math.max(4, Math.min(event.clientY + 12, innerHeight - height - 4))}px`;
}

function idOf(item) {
  const datum = item?.datum;
  // A line of several points has them as its items.
  return datum?.id ?? item?.mark?.group?.datum?.id ?? "";
}
