// Figures by keyboard: from mark to mark, to the row of one, zoom, and back.

function pressed(figure, event) {
  if (!figure.view || event.ctrlKey || event.metaKey || event.altKey) return;
  const { group, mode } = figure;
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  const zoom = { "+": -1, "=": -1, "-": 1, _: 1 }[event.key];
  if (zoom && mode === "zoom") zoomBy(figure, zoom);
  else if (event.key === "Escape" && mode === "zoom") figure.draw();
  else if (event.key === "Escape" && group) group.clear();
  else if (step && group) stepBy(figure, step);
  else if (event.key === "Enter" && group?.hot) group.table?.reveal(group.hot);
  else return;
  event.preventDefault();
}

// Go to the next mark, say what it is and show its box.
function stepBy(figure, by) {
  const items = figure.marks();
  if (!items.length) return;
  const here = items.findIndex((item) => idOf(item) === figure.group.hot);
  const next = here < 0 ? (by > 0 ? 0 : items.length - 1) : (here + by + items.length) % items.length;
  const item = items[next];
  figure.group.point(idOf(item));
  figure.told.textContent = Object.entries(item.tooltip)
    .map(([name, value]) => `${name} ${value}`).join(", ");
  showTip(null, placeOf(figure.view, item), item, item.tooltip);
}

// Zoom as a wheel does, about the mark that is pointed at or the first one.
function zoomBy(figure, sign) {
  const items = figure.marks();
  const item = items.find((one) => idOf(one) === figure.group?.hot) ?? items[0];
  if (!item) return;
  const canvas = figure.host.querySelector("canvas");
  const event = { ...placeOf(figure.view, item), bubbles: true, cancelable: true };
  // Vega zooms the panel over which the pointer was seen last.
  canvas.dispatchEvent(new PointerEvent("pointermove", event));
  canvas.dispatchEvent(new WheelEvent("wheel", { ...event, deltaY: 240 * sign }));
  figure.items = null;
}
