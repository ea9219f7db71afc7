// The specification of a figure for this page: its colours, its records and its width.

const LEAST_PANEL = 260;
const LEAST_WIDTH = 110;
const LETTER = 7;
const GAP = 8;

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

// The units of a specification, each with its width if it is a number.
function* unitsOf(spec, width) {
  const own = typeof spec.width === "number" ? spec.width : width;
  if (spec.encoding) yield [spec, own];
  const below = [...(spec.layer ?? []), ...(spec.concat ?? []), ...(spec.hconcat ?? [])];
  for (const one of spec.spec ? [...below, spec.spec] : below) yield* unitsOf(one, own);
}

// Names that have no room side by side stand aslant. `Chart.complete` does the same for print.
function slant(spec) {
  for (const [unit, width] of unitsOf(spec)) {
    const { x } = unit.encoding;
    if (!Array.isArray(x?.sort) || !width || x.axis?.labelAngle !== undefined) continue;
    const longest = Math.max(0, ...x.sort.map((name) => name.length));
    if ((LETTER * longest + GAP) * x.sort.length > width) x.axis = { ...x.axis, labelAngle: -40, labelLimit: 140 };
  }
}

// Make a figure as wide as the page allows. The widths of its specification are those of print.
// Those of several panels are guessed here, and put right by `refit` once their axes are drawn.
function fit(spec, width) {
  const { panels = 1, fixed = false, least = 0, cells = 0, narrow = null } = spec.usermeta ?? {};
  if (narrow && width < narrow.below) patch(spec, narrow.patch);
  if (fixed) return;
  const most = Math.max(1, Math.floor((width - 80) / LEAST_PANEL));
  const each = (columns) => Math.max(LEAST_WIDTH, Math.floor(width / columns) - 60);
  if (cells) {
    spec.columns = Math.max(1, Math.min(spec.columns, Math.floor(width / (90 + 22 * cells))));
    const step = Math.floor((width / spec.columns - 90) / cells);
    spec.spec.width.step = spec.spec.height.step = Math.max(16, Math.min(step, 40));
  } else if (spec.hconcat) {
    for (const unit of spec.hconcat) unit.width = each(spec.hconcat.length);
  } else if (spec.facet?.row) {
    spec.spec.width = each(1);
  } else if (spec.concat || spec.facet) {
    spec.columns = Math.min(spec.columns ?? panels, most, panels);
    for (const unit of spec.concat ?? [spec.spec]) unit.width = each(spec.columns);
  } else {
    spec.width = Math.max(width, least);
    spec.autosize = { type: "fit-x", contains: "padding" };
  }
  slant(spec);
}

function has(view, signal, value) {
  try {
    return view.signal(signal) === value;
  } catch {
    return false;
  }
}

// Give panels the room that their axes and titles leave.
async function refit(view, spec, width) {
  const unit = (spec.concat ?? spec.hconcat ?? [spec.spec])[0];
  if (typeof unit?.width !== "number") return;
  const columns = spec.hconcat?.length ?? spec.columns ?? 1;
  const room = width - view.container().querySelector("canvas").clientWidth;
  const wanted = Math.max(LEAST_WIDTH, Math.floor(unit.width + room / columns));
  const name = ["child_width", "childWidth", "width"].find((one) => has(view, one, unit.width));
  if (name && wanted !== unit.width) await view.signal(name, wanted).resize().runAsync();
}
