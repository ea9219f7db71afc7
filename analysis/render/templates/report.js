"use strict";

// Tables that sort and filter. Without this script they are plain tables, the best rows first.

function numberIn(text) {
  const value = parseFloat(text.replace("−", "-"));
  return Number.isNaN(value) ? null : value;
}

function compare(one, two) {
  const a = numberIn(one), b = numberIn(two);
  if (a !== null && b !== null) return a - b;
  if (a !== null || b !== null) return a !== null ? -1 : 1;
  return one.localeCompare(two);
}

function element(name, attributes = {}, text = "") {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.textContent = text;
  return made;
}

function makeSortable(table) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    const button = element("button", { type: "button" }, head.textContent);
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const up = head.getAttribute("aria-sort") === "descending";
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      const rows = [...table.tBodies[0].rows];
      const sign = up ? 1 : -1;
      const text = (row) => row.cells[column].textContent;
      const empty = (row) => ["–", ""].includes(text(row));
      rows.sort((one, two) =>
        empty(one) !== empty(two) ? empty(one) - empty(two) : sign * compare(text(one), text(two)));
      table.tBodies[0].append(...rows);
    });
  });
}

function makeFilterable(box) {
  const table = box.querySelector("table");
  const heads = [...table.tHead.rows[0].cells].map((head) => head.textContent);
  const rows = [...table.tBodies[0].rows];
  const bar = element("div", { class: "filters", role: "search", "aria-label": "Filter the table" });
  const words = element("input", { type: "search", name: "words" });
  const field = (name, control) => {
    const label = element("label", {}, name);
    label.append(control);
    bar.append(label);
  };
  field("text", words);
  const selects = new Map();
  for (const name of JSON.parse(box.dataset.filters)) {
    const column = heads.indexOf(name);
    if (column < 0) continue;
    const values = [...new Set(rows.map((row) => row.cells[column].textContent))].sort(compare);
    if (values.length < 2 || values.length > 40) continue;
    const select = element("select", { name });
    select.append(element("option", { value: "" }, "all"));
    for (const value of values) select.append(element("option", { value }, value));
    selects.set(name, { select, column });
    field(name, select);
  }
  const reset = element("button", { type: "button" }, "Show all");
  const count = element("output", { "aria-live": "polite" });
  bar.append(reset, count);
  box.prepend(bar);
  const idColumn = heads.lastIndexOf("id");
  const update = () => {
    const wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
    const shown = new Set();
    for (const row of rows) {
      const text = row.textContent.toLowerCase();
      const texts = [...row.cells].map((cell) => cell.textContent);
      const fits = wanted.every((word) => text.includes(word)) &&
        [...selects.values()].every(({ select, column }) =>
          select.value === "" || texts[column] === select.value);
      row.hidden = !fits;
      if (fits) shown.add(idColumn < 0 ? "" : texts[idColumn]);
    }
    const number = rows.filter((row) => !row.hidden).length;
    count.textContent = `${number} of ${rows.length} shown`;
    box.dispatchEvent(new CustomEvent("shown", { detail: shown }));
  };
  for (const kind of ["input", "change"]) bar.addEventListener(kind, update);
  reset.addEventListener("click", () => {
    words.value = "";
    for (const { select } of selects.values()) select.value = "";
    update();
  });
  update();
  return { box, rows, selects, update, idColumn };
}

// The grid as parallel coordinates. Its values are the filters of the table with the same rows.

const SVG = "http://www.w3.org/2000/svg";

function shape(name, attributes, text) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

function drawLines(svg, data, x, y) {
  const found = data.lines.map((line) => line.value);
  const low = Math.min(...found), span = Math.max(...found) - low || 1;
  const lines = new Map();
  for (const line of [...data.lines].sort((one, two) => one.value - two.value)) {
    const end = (line.value - low) / span;
    const points = [];
    line.at.forEach((at, axis) => {
      if (at !== null) points.push([x(axis), y(place(at, data.axes[axis]) + 0.14 * (end - 0.5))]);
    });
    points.push([x(data.axes.length), y(end)]);
    const path = shape("path", {
      class: "line", d: `M${points.map((p) => p.map((v) => v.toFixed(1)).join(",")).join("L")}`,
    });
    path.style.stroke = `color-mix(in oklab, var(--high) ${Math.round(100 * end)}%, var(--low))`;
    path.append(shape("title", {}, `${line.id}: ${line.text} ${data.unit}`.trim()));
    svg.append(path);
    lines.set(line.id, path);
  }
  return lines;
}

function place(at, axis) {
  return axis.values.length > 1 ? at / (axis.values.length - 1) : 0.5;
}

function drawValue(svg, axis, index, x, y, choose) {
  const text = axis.values[index].length > 16 ? `${axis.values[index].slice(0, 15)}…` : axis.values[index];
  const width = 7 * text.length + 10;
  const group = shape("g", {
    class: "value", role: "button", tabindex: "0", "aria-pressed": "false",
    "aria-label": `${axis.name} ${axis.values[index]}`,
    transform: `translate(${x.toFixed(1)},${y.toFixed(1)})`,
  });
  group.append(shape("rect", { x: -width / 2, y: -10, width, height: 20, rx: 4 }));
  group.append(shape("text", { "text-anchor": "middle", dy: "0.35em" }, text));
  group.addEventListener("click", choose);
  group.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    choose();
  });
  svg.append(group);
  return group;
}

function makeParallel(host, table) {
  const data = JSON.parse(document.querySelector(`script[data-for="${host.dataset.parallel}"]`).textContent);
  const width = 860, height = 340, left = 60, right = 70, top = 26, bottom = 34;
  const x = (axis) => left + axis * (width - left - right) / data.axes.length;
  const y = (share) => height - bottom - (0.06 + 0.88 * share) * (height - top - bottom);
  const svg = shape("svg", { viewBox: `0 0 ${width} ${height}`, role: "group", "aria-label": "Configurations as lines; choose a value to show only its lines and table rows" });
  const lines = drawLines(svg, data, x, y);
  const values = [];
  [...data.axes, { name: `${data.measure.replace(" accuracy", "")} ${data.unit}`.trim(), values: [] }].forEach((axis, index) => {
    svg.append(shape("line", { class: "axis", x1: x(index), x2: x(index), y1: top, y2: height - bottom }));
    svg.append(shape("text", { x: x(index), y: height - 12, "text-anchor": "middle" }, axis.name));
    axis.values.forEach((value, at) => {
      const choose = () => {
        const filter = table.selects.get(axis.name);
        if (!filter) return;
        filter.select.value = filter.select.value === value ? "" : value;
        table.update();
      };
      const group = drawValue(svg, axis, at, x(index), y(place(at, axis)), choose);
      values.push({ group, axis, value });
    });
  });
  const ends = [...data.lines].sort((one, two) => one.value - two.value);
  for (const [line, share] of [[ends[0], 0], [ends[ends.length - 1], 1]]) {
    svg.append(shape("text", { x: x(data.axes.length) + 8, y: y(share), dy: "0.35em" }, line.text));
  }
  table.box.addEventListener("shown", (event) => {
    for (const [id, path] of lines) path.classList.toggle("off", !event.detail.has(id));
    for (const { group, axis, value } of values) {
      const filter = table.selects.get(axis.name);
      group.setAttribute("aria-pressed", String(Boolean(filter) && filter.select.value === value));
    }
  });
  for (const row of table.rows) {
    const path = lines.get(table.idColumn < 0 ? "" : row.cells[table.idColumn].textContent);
    if (!path) continue;
    row.addEventListener("mouseenter", () => path.classList.add("hot"));
    row.addEventListener("mouseleave", () => path.classList.remove("hot"));
  }
  const scroll = element("div", { class: "scroll" });
  scroll.append(svg);
  host.append(scroll);
  host.hidden = false;
  host.parentElement.querySelector(":scope > .scroll").hidden = true;
}

for (const table of document.querySelectorAll("table")) {
  if (table.tBodies[0].rows.length > 2) makeSortable(table);
}
const filterable = new Map();
for (const box of document.querySelectorAll(".table[data-filters]")) {
  filterable.set(box.dataset.shows, makeFilterable(box));
}
for (const host of document.querySelectorAll(".parallel")) {
  const table = filterable.get(host.dataset.parallel);
  if (table) makeParallel(host, table);
}
// What does not scroll needs no stop of the Tab key.
const sizes = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    const scrolls = target.scrollWidth > target.clientWidth || target.scrollHeight > target.clientHeight;
    if (scrolls) target.setAttribute("tabindex", "0");
    else target.removeAttribute("tabindex");
  }
});
for (const box of document.querySelectorAll(".scroll")) sizes.observe(box);
// On a narrow screen the contents would fill the first page.
if (window.matchMedia("(max-width: 40rem)").matches) {
  document.querySelector("nav details").removeAttribute("open");
}
