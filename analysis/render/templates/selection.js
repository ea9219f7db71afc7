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
