// Tables that sort, filter and follow what is selected in figures. Without scripts they are plain
// tables, the best rows first. Only some rows of a long table are in the page at once.

const ROWS_AT_ONCE = 200;

function element(name, attributes = {}, text = "") {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.textContent = text;
  return made;
}

// "−1.5 [−2, −1]" is −1.5, "10,250" is 10250, and "< 0.001" is 0.001.
function numberIn(text) {
  const value = parseFloat(text.replace(/^[<>] ?/, "").replace("−", "-").replace(/,(?=\d{3})/g, ""));
  return Number.isNaN(value) ? null : value;
}

function compare(one, two) {
  const a = numberIn(one), b = numberIn(two);
  if (a !== null && b !== null) return a - b;
  if (a !== null || b !== null) return a !== null ? -1 : 1;
  return one.localeCompare(two);
}

class ReportTable {
  constructor(box) {
    this.box = box;
    this.table = box.querySelector("table");
    this.body = this.table.tBodies[0];
    this.heads = [...this.table.tHead.rows[0].cells];
    this.names = this.heads.map((head) => head.textContent);
    this.rows = [...this.body.rows].map((line) => ({
      cells: [...line.cells].map((cell) => cell.textContent), line,
    }));
    this.addRowsOfScript();
    this.limit = ROWS_AT_ONCE;
    this.wanted = this.rows;
  }

  // The rows beyond those that the file shows.
  addRowsOfScript() {
    const script = this.box.querySelector(":scope > script.more");
    if (!script) return;
    const { lines, marked, panels } = JSON.parse(script.textContent);
    const isMarked = new Set(marked);
    const first = this.rows.length;
    lines.forEach((cells, place) => this.rows.push(
      { cells, marked: isMarked.has(first + place), panel: panels[place] }));
    this.box.querySelector(".first-rows").hidden = true;
    this.note = element("p", { class: "note" });
    this.button = element("button", { type: "button", class: "plain" }, `Show ${ROWS_AT_ONCE} more`);
    this.button.addEventListener("click", () => {
      this.limit += ROWS_AT_ONCE;
      this.draw();
    });
    const below = element("div", { class: "below" });
    below.append(this.note, this.button);
    script.before(below);
  }

  lineOf(row) {
    if (!row.line) {
      const first = this.rows[0].line;
      row.line = element("tr", row.marked ? { class: "marked" } : {});
      row.cells.forEach((text, column) => {
        const cell = element("td", {}, text);
        if (first.cells[column]) cell.className = first.cells[column].className;
        row.line.append(cell);
      });
      if (row.panel) {
        const link = element("a", { href: `#${row.panel}` }, row.cells.at(-1));
        row.line.lastChild.replaceChildren(link);
      }
    }
    return row.line;
  }

  draw() {
    const shown = this.wanted.slice(0, this.limit);
    this.body.replaceChildren(...shown.map((row) => this.lineOf(row)));
    if (!this.note) return;
    this.note.textContent = `${shown.length} of ${this.wanted.length} rows`;
    this.button.hidden = shown.length === this.wanted.length;
  }

  makeSortable() {
    this.heads.forEach((head, column) => {
      const button = element("button", { type: "button" }, head.textContent);
      head.replaceChildren(button);
      button.addEventListener("click", () => this.sort(head, column));
    });
  }

  sort(head, column) {
    const up = head.getAttribute("aria-sort") === "descending";
    this.heads.forEach((other) => other.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", up ? "ascending" : "descending");
    const sign = up ? 1 : -1;
    const isEmpty = (row) => ["–", ""].includes(row.cells[column]);
    const order = (one, two) => isEmpty(one) !== isEmpty(two)
      ? isEmpty(one) - isEmpty(two)
      : sign * compare(one.cells[column], two.cells[column]);
    this.rows.sort(order);
    this.wanted = this.rows.filter((row) => !row.out);
    this.draw();
  }
}

// A table with a bar of filters. `group` connects it with the figures of the same rows.
class FilteredTable extends ReportTable {
  constructor(box, group) {
    super(box);
    this.group = group;
    this.idColumn = this.names.lastIndexOf("id");
    const same = JSON.parse(box.dataset.same || "{}");
    for (const row of this.rows) {
      row.id = this.idColumn < 0 ? "" : row.cells[this.idColumn];
      row.shows = same[row.id] ?? row.id;
      row.text = row.cells.join("\n").toLowerCase();
    }
    this.makeBar();
    this.connectRows();
    group.addTable(this);
  }

  makeBar() {
    const bar = element("div", { class: "filters", role: "search", "aria-label": "Filter the table" });
    const field = (name, control) => {
      const label = element("label", {}, name);
      label.append(control);
      bar.append(label);
    };
    this.words = element("input", { type: "search", name: "words" });
    field("text", this.words);
    this.selects = new Map();
    for (const name of JSON.parse(this.box.dataset.filters)) {
      const column = this.names.indexOf(name);
      if (column < 0) continue;
      const values = [...new Set(this.rows.map((row) => row.cells[column]))].sort(compare);
      if (values.length < 2 || values.length > 40) continue;
      const select = element("select", { name });
      select.append(element("option", { value: "" }, "all"));
      for (const value of values) select.append(element("option", { value }, value));
      this.selects.set(name, { select, column });
      field(name, select);
    }
    const all = element("button", { type: "button" }, "Show all");
    this.count = element("output", { "aria-live": "polite" });
    bar.append(all, this.count);
    this.box.prepend(bar);
    for (const kind of ["input", "change"]) {
      bar.addEventListener(kind, () => this.group.update());
    }
    all.addEventListener("click", () => this.reset());
  }

  connectRows() {
    const pointed = (event) => {
      const line = event.target.closest("tr");
      const row = line && this.rows.find((one) => one.line === line);
      this.group.point(row ? row.shows : "");
    };
    this.body.addEventListener("mouseover", pointed);
    this.body.addEventListener("mouseleave", () => this.group.point(""));
  }

  reset() {
    this.words.value = "";
    for (const { select } of this.selects.values()) select.value = "";
    this.group.clear();
  }

  get isFiltered() {
    return this.words.value.trim() !== "" ||
      [...this.selects.values()].some(({ select }) => select.value !== "");
  }

  // Show the rows that fit the bar and the selection in figures; return the ids of those rows.
  filter(selected) {
    const words = this.words.value.toLowerCase().split(/\s+/).filter(Boolean);
    const chosen = [...this.selects.values()].filter(({ select }) => select.value !== "");
    for (const row of this.rows) {
      row.out = !(words.every((word) => row.text.includes(word)) &&
        chosen.every(({ select, column }) => row.cells[column] === select.value) &&
        (selected === null || selected.has(row.shows)));
    }
    this.wanted = this.rows.filter((row) => !row.out);
    this.limit = ROWS_AT_ONCE;
    this.draw();
    const from = selected === null ? "" : ", selected in a figure";
    this.count.textContent = `${this.wanted.length} of ${this.rows.length} shown${from}`;
    return new Set(this.wanted.map((row) => row.shows));
  }

  // Go to a row, also if it is filtered out or not in the page yet.
  reveal(id) {
    const row = this.rows.find((one) => one.id === id) ?? this.rows.find((one) => one.shows === id);
    if (!row) return;
    if (row.out) this.reset();
    this.limit = Math.max(this.limit, this.wanted.indexOf(row) + 1);
    this.draw();
    for (const line of this.body.querySelectorAll(".here")) line.classList.remove("here");
    row.line.classList.add("here");
    row.line.tabIndex = -1;
    row.line.scrollIntoView({ block: "center" });
    row.line.focus({ preventScroll: true });
  }

  point(id) {
    for (const line of this.body.querySelectorAll(".hot")) line.classList.remove("hot");
    if (id === "") return;
    for (const row of this.wanted) {
      if (row.shows === id && row.line) row.line.classList.add("hot");
    }
  }
}
