// Figures that can be touched: Vega draws them again from their specification and the shared data.

const IS_COARSE = window.matchMedia("(pointer: coarse)").matches;
// What Vega-Lite would rather have different in a specification is nothing for a reader.
const SILENT = Object.fromEntries(
  ["level", "error", "warn", "info", "debug"].map((name) => [name, () => SILENT]));

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
    if (tools.firstChild) {
      const reset = element("button", { type: "button", class: "plain" }, "Reset");
      reset.addEventListener("click", () => this.reset());
      tools.append(reset);
    }
    return tools;
  }

  // Show the figure as it was when the page was opened.
  async reset() {
    for (const choice of this.chart.choices) {
      this.options.set(choice, choice.chosen);
      const select = this.tools.querySelector(`select[name="${CSS.escape(choice.label)}"]`);
      if (select) select.value = choice.chosen;
    }
    this.group?.select(this, null);
    await this.draw();
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
    const keys = [
      this.group && "Arrow keys go from one configuration to the next, Enter goes to its row in the table, Escape ends a selection.",
      this.chart.brush && "While dragging zooms, plus and minus zoom and Escape shows all.",
    ];
    this.told = element("p", { class: "visually-hidden", "aria-live": "polite" });
    this.frame.append(this.host);
    this.tools = this.makeTools();
    const help = element("p", { class: "visually-hidden", id: `${this.name}-keys` }, keys.filter(Boolean).join(" "));
    this.plain.before(this.tools, this.frame, help, this.told);
    this.host.addEventListener("pointerdown", (event) => beginInside(this, event), { capture: true });
    this.frame.addEventListener("keydown", (event) => pressed(this, event));
    this.frame.addEventListener("blur", hideTip);
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
    const { fontFamily } = getComputedStyle(document.body);
    const legend = { ...this.shared.config.legend, columns: this.host.clientWidth < 500 ? 2 : 4 };
    spec.config = { ...this.shared.config, font: fontFamily, legend };
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
    await refit(this.view, drawn, this.width);
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
        this.waiting = setTimeout(() => this.group.select(this, idsInside(this, value)), 60);
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
      for (const item of itemsWith(this.view, () => true)) {
        if (item.tooltip && !byId.has(idOf(item))) byId.set(idOf(item), item);
      }
      this.items = [...byId.values()].sort((one, two) => one.bounds.x1 - two.bounds.x1);
    }
    return this.items;
  }
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
