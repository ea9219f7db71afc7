// Figures that can be touched: Vega draws them again from their specification and the shared data.

const IS_COARSE = window.matchMedia("(pointer: coarse)").matches;
const LEAST_PANEL = 230;
// What Vega-Lite would rather have different in a specification is nothing for a reader.
const SILENT = Object.fromEntries(
  ["level", "error", "warn", "info", "debug"].map((name) => [name, () => SILENT]));

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

let vegaLoad = null;
function loadVega() {
  vegaLoad ??= new Promise((resolve) => {
    const script = document.createElement("script");
    script.textContent = document.getElementById("vega").textContent;
    document.body.append(script);
    resolve({ vegaEmbed: window.vegaEmbed, vegaLite: window.vegaLite });
  });
  return vegaLoad;
}

function at(spec, path) {
  return path.split("/").filter(Boolean).reduce((place, name) => place[name], spec);
}

function patch(spec, changes) {
  for (const [path, value] of Object.entries(changes)) {
    const names = path.split("/").filter(Boolean);
    const last = names.pop();
    const place = names.reduce((one, name) => one[name], spec);
    if (value === null) delete place[last];
    else place[last] = value;
  }
}

// The colours of a figure are names of those that the page defines for its light and dark theme.
function themed(value, colours) {
  const style = getComputedStyle(document.documentElement);
  const now = new Map(Object.entries(colours).map(
    ([colour, name]) => [`"${colour}"`, JSON.stringify(style.getPropertyValue(`--${name}`).trim())]));
  return JSON.parse(JSON.stringify(value).replace(/"#[0-9a-f]{6}"/g, (text) => now.get(text) ?? text));
}

// Each drawing gets records of its own, because Vega writes into them.
function recordsOf(columns) {
  const names = Object.keys(columns);
  return columns[names[0]].map((_, place) =>
    Object.fromEntries(names.map((name) => [name, columns[name][place]])));
}

function fitPanels(spec, width, count, margin) {
  const most = Math.max(1, Math.floor((width - margin) / (LEAST_PANEL + 30)));
  spec.columns = Math.min(spec.columns ?? count, most, count);
  return Math.floor((width - margin - 20 - 30 * (spec.columns - 1)) / spec.columns);
}

// Make a figure as wide as the page allows. The widths of its specification are those of print.
function fit(spec, width) {
  const { panels = 1, margin = 80, fixed = false, least = 0, cells = 0 } = spec.usermeta ?? {};
  if (fixed) return;
  if (cells) {
    spec.columns = Math.max(1, Math.min(spec.columns, Math.floor(width / (90 + 22 * cells))));
    const step = Math.floor((width / spec.columns - 90) / cells);
    spec.spec.width.step = spec.spec.height.step = Math.max(16, Math.min(step, 40));
  } else if (spec.hconcat) {
    const each = Math.floor((width - margin - 50) / spec.hconcat.length);
    for (const unit of spec.hconcat) unit.width = Math.max(each, 90);
  } else if (spec.concat) {
    const each = fitPanels(spec, width, panels, 0) - 62;
    for (const unit of spec.concat) unit.width = each;
  } else if (spec.facet?.row) {
    spec.spec.width = Math.max(width - margin, 110);
  } else if (spec.facet) {
    const own = margin === 80 ? 0 : margin - 80;
    spec.spec.width = fitPanels(spec, width, panels, 80) - own;
  } else {
    spec.width = Math.max(width, least);
    spec.autosize = { type: "fit-x", contains: "padding" };
  }
}

class ReportFigure {
  constructor(box, chart, shared) {
    Object.assign(this, { box, chart, shared });
    this.name = box.id.slice("figure-".length);
    this.plain = box.querySelector(":scope > .static");
    this.caption = box.querySelector("figcaption").textContent;
    this.group = chart.rows ? groupOf(chart.rows) : null;
    this.mode = IS_COARSE || !chart.brush ? "point" : "select";
    this.options = new Map(chart.choices.map((choice) => [choice, choice.chosen]));
    this.view = null;
  }

  makeTools() {
    const tools = element("div", { class: "tools" });
    for (const choice of this.chart.choices) {
      if (choice.options.length < 2) continue;
      const select = element("select", { name: choice.label });
      for (const [name] of choice.options) select.append(element("option", { value: name }, name));
      select.value = this.options.get(choice);
      select.addEventListener("change", () => {
        this.options.set(choice, select.value);
        this.draw();
      });
      const label = element("label", {}, choice.label);
      label.append(select);
      tools.append(label);
    }
    if (this.chart.brush) tools.append(this.makeModes());
    return tools;
  }

  makeModes() {
    const modes = element("fieldset", { class: "modes" });
    modes.append(element("legend", { class: "visually-hidden" }, "What dragging does"));
    const told = { point: "Point", select: "Select", zoom: "Zoom" };
    for (const [mode, words] of Object.entries(told)) {
      const input = element("input", { type: "radio", name: `mode-${this.name}`, value: mode });
      input.checked = mode === this.mode;
      input.addEventListener("change", () => {
        this.mode = mode;
        this.group?.select(this, null);
        this.draw();
      });
      const label = element("label", {}, "");
      label.append(input, words);
      modes.append(label);
    }
    return modes;
  }

  // Replace the plain drawing, once.
  async open() {
    if (this.host) return;
    this.host = element("div", { class: "canvas" });
    this.frame = element("div", {
      class: "scroll drawn", tabindex: "0", role: "group", "aria-label": this.caption,
      "aria-describedby": `${this.name}-alt ${this.name}-keys`,
    });
    const keys = this.group
      ? "Arrow keys go from one configuration to the next, Enter goes to its row in the table, Escape ends a selection."
      : "";
    this.told = element("p", { class: "visually-hidden", "aria-live": "polite" });
    this.frame.append(this.host);
    this.tools = this.makeTools();
    const help = element("p", { class: "visually-hidden", id: `${this.name}-keys` }, keys);
    this.plain.before(this.tools, this.frame, help, this.told);
    this.frame.addEventListener("keydown", (event) => this.key(event));
    await this.draw();
    this.plain.hidden = true;
    this.group?.figures.add(this);
  }

  specification() {
    const spec = structuredClone(this.chart.spec);
    for (const [choice, chosen] of this.options) {
      patch(spec, new Map(choice.options).get(chosen));
    }
    this.spec = structuredClone(spec);
    if (this.chart.brush && this.mode !== "point") {
      const unit = at(spec, this.chart.brush);
      const select = { type: "interval" };
      if (this.mode === "select") {
        select.encodings = this.chart.brushed;
        unit.params = [{ name: "brush", select }];
      } else {
        const isContinuous = (channel) => unit.encoding[channel]?.type === "quantitative";
        select.encodings = ["x", "y"].filter(isContinuous);
        if (select.encodings.length) unit.params = [{ name: "zoom", select, bind: "scales" }];
      }
    }
    fit(spec, this.host.clientWidth);
    spec.datasets = {};
    for (const [name, source] of Object.entries(this.chart.data)) {
      spec.datasets[name] = recordsOf(this.shared.data[source]);
    }
    spec.config = { ...this.shared.config, font: getComputedStyle(document.body).fontFamily };
    return themed(spec, this.shared.colours);
  }

  async draw() {
    const { vegaEmbed, vegaLite } = await loadVega();
    this.width = this.host.clientWidth;
    // The interpreter reads expressions without making code of them, as the page's policy demands.
    const { config, ...drawn } = this.specification();
    const compiled = vegaLite.compile(drawn, { config, logger: SILENT }).spec;
    const options = { mode: "vega", ast: true, renderer: "canvas", actions: false, tooltip: showTip, logLevel: 1 };
    this.result?.finalize();
    this.result = await vegaEmbed(this.host, compiled, options);
    this.view = this.result.view;
    this.items = null;
    this.host.querySelector("canvas")?.setAttribute("aria-hidden", "true");
    this.connect();
  }

  connect() {
    if (!this.group) return;
    this.signal("chosen", this.group.chosen);
    this.view.addEventListener("mouseover", (_, item) => this.group.point(idOf(item)));
    this.view.addEventListener("mouseout", () => this.group.point(""));
    this.view.addEventListener("click", (_, item) => {
      const id = idOf(item);
      if (id) this.group.table?.reveal(id);
      else this.pick(item?.datum);
    });
    if (this.mode === "select" && this.chart.brush) {
      this.view.addSignalListener("brush", (_, value) => {
        clearTimeout(this.waiting);
        this.waiting = setTimeout(() => this.group.select(this, this.idsIn(value)), 60);
      });
    }
  }

  // A value beside an axis of parallel coordinates filters the table.
  pick(datum) {
    if (!datum || datum.axis === undefined || datum.value === undefined) return;
    const name = datum.axis.replace("\n", " ");
    const filter = this.group.table?.selects.get(name);
    if (!filter || ![...filter.select.options].some((option) => option.value === datum.value)) return;
    filter.select.value = filter.select.value === datum.value ? "" : datum.value;
    this.group.update();
  }

  // The ids of all rows inside of the frame that the reader drew, also of those not drawn.
  idsIn(brushed) {
    const limits = Object.entries(brushed ?? {});
    if (!limits.length) return null;
    const fits = (row) => limits.every(([field, limit]) => {
      const value = row[field];
      const ends = Array.isArray(limit[0]) ? limit[0] : limit;
      return typeof ends[0] === "number" && typeof value === "number"
        ? value >= Math.min(...ends) && value <= Math.max(...ends)
        : ends.includes(value);
    });
    const panel = this.brushedPanel();
    const { every } = this.spec.usermeta ?? {};
    const inside = new Set(), outside = new Set();
    for (const row of this.rowsWith(limits.map(([field]) => field))) {
      if (!row.id || (panel !== null && row.panel !== panel)) continue;
      if (fits(row)) inside.add(row.id);
      else if (every && limits.find(([field]) => field === every)?.[1].flat().includes(row[every])) {
        outside.add(row.id);
      }
    }
    return new Set([...inside].filter((id) => !outside.has(id)));
  }

  rowsWith(fields) {
    const found = this.itemsWith((datum) => fields.every((field) => field in datum));
    const source = this.chart.data[this.chart.rows];
    if (this.spec.data?.name !== this.chart.rows || !source) return found.map((item) => item.datum);
    // Of many rows only some are drawn.
    const { field, before } = this.spec.usermeta?.panel ?? {};
    return recordsOf(this.shared.data[source]).map((row) =>
      field ? { ...row, panel: before + row[field] } : { ...row, panel: "" });
  }

  itemsWith(test) {
    const found = [];
    const walk = (mark) => {
      for (const item of mark.items ?? []) {
        if (item.datum && idOf(item) && test(item.datum)) found.push(item);
        if (item.items) walk(item);
      }
    };
    walk(this.view.scenegraph().root);
    return found;
  }

  brushedPanel() {
    if (!this.chart.spec.facet) return null;
    const [stored] = this.view.data("brush_store") ?? [];
    const match = /__facet_\w+?_(.*)$/s.exec(stored?.unit ?? "");
    return match ? match[1] : null;
  }

  // What a reader has chosen here, for the next version of the page.
  state() {
    const { mode } = this;
    const options = [...this.options].map(([choice, chosen]) => [choice.label, chosen]);
    const brush = this.group?.brushes.get(this);
    return { name: this.name, isOpen: Boolean(this.host), mode, options, brush: brush ? [...brush] : null };
  }

  restore({ isOpen, mode, options, brush }) {
    const chosen = new Map(options);
    for (const choice of this.chart.choices) {
      const option = chosen.get(choice.label);
      if (choice.options.some(([name]) => name === option)) this.options.set(choice, option);
    }
    this.mode = this.chart.brush ? mode : "point";
    if (brush) this.group?.select(this, new Set(brush));
    if (isOpen) this.open();
  }

  clearBrush() {
    if (this.mode === "select" && this.view) this.draw();
  }

  signal(name, value) {
    if (!this.view) return;
    try {
      this.view.signal(name, value).runAsync();
    } catch {
      // This figure has no such signal.
    }
  }

  // Marks that stand for rows, from left to right.
  marks() {
    if (!this.items) {
      const byId = new Map();
      for (const item of this.itemsWith(() => true)) {
        if (item.tooltip && !byId.has(idOf(item))) byId.set(idOf(item), item);
      }
      this.items = [...byId.values()].sort((one, two) => one.bounds.x1 - two.bounds.x1);
    }
    return this.items;
  }

  key(event) {
    if (!this.group || !this.view) return;
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (step) {
      const items = this.marks();
      if (!items.length) return;
      const here = items.findIndex((item) => idOf(item) === this.group.hot);
      const next = here < 0 ? (step > 0 ? 0 : items.length - 1) : (here + step + items.length) % items.length;
      this.group.point(idOf(items[next]));
      this.told.textContent = Object.entries(items[next].tooltip)
        .map(([name, value]) => `${name} ${value}`).join(", ");
      event.preventDefault();
    } else if (event.key === "Enter" && this.group.hot) {
      this.group.table?.reveal(this.group.hot);
      event.preventDefault();
    } else if (event.key === "Escape") {
      this.group.clear();
    }
  }
}

function idOf(item) {
  const datum = item?.datum;
  // A line of several points has them as its items.
  return datum?.id ?? item?.mark?.group?.datum?.id ?? "";
}

// The box beside the pointer. It has text only, whatever a study's texts hold.
const tip = element("div", { class: "tip", "aria-hidden": "true" });
tip.hidden = true;
document.body.append(tip);
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

// Draw figures shortly before they are seen, and again when the page or its theme changes.
function followFigures(figures) {
  const byBox = new Map(figures.map((figure) => [figure.box, figure]));
  const seen = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      if (!isIntersecting) continue;
      seen.unobserve(target);
      byBox.get(target).open();
    }
  }, { rootMargin: "400px" });
  for (const box of byBox.keys()) seen.observe(box);
  const again = (test) => {
    for (const figure of figures) if (figure.view && test(figure)) figure.draw();
  };
  let waiting = 0;
  window.addEventListener("resize", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => again((figure) => Math.abs(figure.host.clientWidth - figure.width) > 8), 200);
  });
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => again(() => true));
}
