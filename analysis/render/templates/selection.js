// Which rows a frame holds, and which marks stand for rows.

// The items of a drawn figure that stand for a row.
function itemsWith(view, test) {
  const found = [];
  const walk = (mark) => {
    for (const item of mark.items ?? []) {
      if (item.datum && idOf(item) && test(item.datum)) found.push(item);
      if (item.items) walk(item);
    }
  };
  walk(view.scenegraph().root);
  return found;
}

// Where an item is drawn: its middle, in the page's window.
function placeOf(view, item) {
  let [x, y] = [(item.bounds.x1 + item.bounds.x2) / 2, (item.bounds.y1 + item.bounds.y2) / 2];
  for (let { group } = item.mark; group; group = group.mark?.group) {
    x += group.x ?? 0;
    y += group.y ?? 0;
  }
  const { left, top } = view.container().querySelector("canvas").getBoundingClientRect();
  const [right, down] = view.origin();
  const padding = view.padding();
  return { clientX: left + padding.left + right + x, clientY: top + padding.top + down + y };
}

// A frame may also begin beside the panels: it then begins at the nearest edge of one. Vega starts
// one only inside of a panel, and where the pointer was seen last.
function beginInside(figure, event) {
  const canvas = figure.host.querySelector("canvas");
  if (figure.mode === "point" || !event.isTrusted || event.button !== 0 || event.target !== canvas) return;
  const { clientX, clientY } = event;
  const panels = panelsOf(figure.view).map(({ left, top, right, bottom }) => {
    const [x, y] = [Math.min(Math.max(clientX, left + 1), right - 1), Math.min(Math.max(clientY, top + 1), bottom - 1)];
    return { clientX: x, clientY: y, far: Math.hypot(x - clientX, y - clientY) };
  });
  const nearest = panels.sort((one, two) => one.far - two.far)[0];
  if (!nearest || nearest.far < 1) return;
  event.stopImmediatePropagation();
  const { pointerId, pointerType, isPrimary } = event;
  const at = { ...nearest, pointerId, pointerType, isPrimary, button: 0, buttons: 1, bubbles: true, cancelable: true };
  canvas.dispatchEvent(new PointerEvent("pointermove", at));
  canvas.dispatchEvent(new PointerEvent("pointerdown", at));
}

// Where the panels of a figure are, in the page's window.
function panelsOf(view) {
  const [root] = view.scenegraph().root.items;
  const cells = root.items.filter(({ name }) => name === "cell").flatMap(({ items }) => items);
  const canvas = view.container().querySelector("canvas").getBoundingClientRect();
  const padding = view.padding(), [right, down] = view.origin();
  return (cells.length ? cells : [root]).map(({ x, y, width, height }) => {
    const left = canvas.left + padding.left + right + x, top = canvas.top + padding.top + down + y;
    return { left, top, right: left + width, bottom: top + height };
  });
}

// The panel in which a reader drew a frame; null if the figure has no panels.
function brushedPanel({ chart, view }) {
  if (!chart.spec.facet) return null;
  const [stored] = view.data("brush_store") ?? [];
  const match = /__facet_\w+?_(.*)$/s.exec(stored?.unit ?? "");
  return match ? match[1] : null;
}

// The rows of a figure that have some columns.
function rowsWith({ chart, shared, spec, view }, fields) {
  const source = chart.data[chart.rows];
  if (spec.data?.name !== chart.rows || !source) {
    return itemsWith(view, (datum) => fields.every((field) => field in datum)).map((item) => item.datum);
  }
  // Of many rows only some are drawn.
  const { field, before } = spec.usermeta?.panel ?? {};
  return recordsOf(shared.data[source]).map((row) =>
    ({ ...row, panel: field ? before + row[field] : "" }));
}

// The ids of all rows inside of the frame that the reader drew, also of those not drawn.
function idsInside(figure, brushed) {
  const limits = Object.entries(brushed ?? {});
  if (!limits.length) return null;
  const fits = (row) => limits.every(([field, limit]) => {
    const value = row[field];
    const ends = Array.isArray(limit[0]) ? limit[0] : limit;
    return typeof ends[0] === "number" && typeof value === "number"
      ? value >= Math.min(...ends) && value <= Math.max(...ends)
      : ends.includes(value);
  });
  const panel = brushedPanel(figure);
  const { every } = figure.spec.usermeta ?? {};
  const inside = new Set(), outside = new Set();
  for (const row of rowsWith(figure, limits.map(([field]) => field))) {
    if (!row.id || (panel !== null && row.panel !== panel)) continue;
    if (fits(row)) inside.add(row.id);
    else if (every && limits.find(([field]) => field === every)?.[1].flat().includes(row[every])) {
      outside.add(row.id);
    }
  }
  return new Set([...inside].filter((id) => !outside.has(id)));
}
