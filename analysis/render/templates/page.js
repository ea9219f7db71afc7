// What happens when the page is opened.

const groups = new Map();
const groupOf = (name) => {
  if (!groups.has(name)) groups.set(name, new Group());
  return groups.get(name);
};
for (const box of document.querySelectorAll(".table")) {
  if (box.dataset.filters) {
    const table = new FilteredTable(box, groupOf(box.dataset.rows));
    table.makeSortable();
  } else if (box.querySelector("tbody").rows.length > 2) {
    new ReportTable(box).makeSortable();
  }
}
for (const group of groups.values()) group.update();

const shared = JSON.parse(document.getElementById("shared").textContent);
const report = { figures: [] };
for (const place of document.querySelectorAll("figure > script.chart")) {
  report.figures.push(new ReportFigure(place.parentElement, JSON.parse(place.textContent), shared));
}
followFigures(report.figures);

// A page that follows a running study takes this over into each new version of the report.
window.reportState = {
  read: () => report.figures.map((figure) => figure.state()),
  write: (saved) => {
    for (const state of saved) {
      report.figures.find((figure) => figure.name === state.name)?.restore(state);
    }
  },
};

// What does not scroll needs no stop of the Tab key.
const sizes = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    // A pixel is lost by rounding.
    const scrolls = target.scrollWidth > target.clientWidth + 1 || target.scrollHeight > target.clientHeight + 1;
    if (scrolls) target.setAttribute("tabindex", "0");
    else target.removeAttribute("tabindex");
  }
});
for (const box of document.querySelectorAll(".scroll")) sizes.observe(box);
// On a narrow screen the contents would fill the first page.
if (!window.matchMedia("(min-width: 75rem)").matches) {
  document.querySelector("nav details").removeAttribute("open");
}
