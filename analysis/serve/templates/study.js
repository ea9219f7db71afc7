// The page of a study: its state on top, and its report in a frame. A new version of the report is
// loaded in a second frame, gets the state of the first one, and takes its place.

let shown = null, version = 0, isLoading = false, isHeld = false, touched = 0, newest = null;

function showList(box, title, entries, item) {
  box.hidden = entries.length === 0;
  setText(box.querySelector("summary"), title);
  const key = JSON.stringify(entries);
  if (box.dataset.key === key) return;
  box.dataset.key = key;
  box.querySelector("ul").replaceChildren(...entries.map(item));
}

function showFailure([name, reason]) {
  const item = made("li");
  const button = made("button", name, { type: "button", title: "Show its traceback and output in the report" });
  button.addEventListener("click", () => openTrial(name));
  item.append(button, `: ${reason}`);
  return item;
}

function showBest(best) {
  const lines = best.map(({ label, text }) => `${label}: ${text}`);
  byId("best-one").hidden = lines.length !== 1;
  setText(byId("best-one"), `Best so far: ${lines[0] || ""}`);
  const title = `Best so far: ${lines.join("; ")}`;
  showList(byId("best"), title, lines.length > 1 ? lines : [], (line) => made("li", line));
}

function showState(view) {
  newest = view;
  const problem = [view.problem, view.report_problem].filter(Boolean).join("; ");
  byId("problem").hidden = !problem;
  setText(byId("problem"), problem);
  if (view.study !== null) {
    setText(byId("name"), view.study);
    setText(byId("running"), runningText(view));
    byId("running").classList.toggle("on", view.running === true);
    byId("running").title = view.driver;
    setText(byId("left"), leftText(view));
    drawBar(byId("bar"), view);
    setText(byId("rows"), view.rows_text);
    const last = agoText(view.last_result, view.now);
    setText(byId("last"), last && `last result ${last}`);
    document.title = `${view.num_done}/${view.num_rows} ${view.study}`;
    const more = view.num_failures - view.failures.length;
    const title = `${numberOf(view.num_failures, "failed trial")}${more ? `, the first ${view.failures.length}` : ""}`;
    showList(byId("failures"), title, view.failures, showFailure);
    showBest(view.best);
  }
  showAge(view);
  update();
}

function showAge(view) {
  if (!view.version) return;
  const age = view.built_at === null ? "" : `report ${duration(view.now - view.built_at)} old`;
  const waits = isHeld && view.version > version ? ", a newer one is there" : "";
  setText(byId("report-age"), `${age}${view.is_building ? ", a new one is being built" : ""}${waits}`);
}

// While a reader selects, types or scrolls, the page waits.
function isBusy() {
  if (!shown) return false;
  const selection = shown.contentWindow.getSelection();
  return Date.now() - touched < 1200 || (selection !== null && !selection.isCollapsed);
}

function update() {
  const isNew = newest !== null && newest.version > version;
  if (!isNew || isLoading || (shown && (isHeld || isBusy()))) return;
  isLoading = true;
  const wanted = newest.version;
  const frame = made("iframe", "", {
    title: "Report", class: "next",
    src: `report.html?version=${wanted}${shown ? "" : location.hash}`,
  });
  frame.addEventListener("load", () => takeOver(frame, wanted), { once: true });
  byId("report").append(frame);
}

function takeOver(frame, wanted) {
  const before = shown;
  if (before && (isHeld || isBusy())) {
    frame.remove();
    isLoading = false;
    return;
  }
  if (before) {
    try {
      restoreState(frame.contentWindow, readState(before.contentWindow));
    } catch (error) {
      console.error(error);  // the new report is shown from its top
    }
  }
  frame.classList.remove("next");
  byId("waiting").hidden = true;
  if (before) before.remove();
  shown = frame;
  version = wanted;
  isLoading = false;
  listen(frame.contentWindow);
  if (!before || document.activeElement === document.body) frame.focus({ preventScroll: true });
  showAge(newest);
}

function listen(view) {
  const touch = () => { touched = Date.now(); };
  for (const type of ["pointerdown", "pointermove", "keydown", "input", "wheel", "scroll"]) {
    view.addEventListener(type, (event) => {
      if (type !== "pointermove" || event.buttons) touch();
    }, { passive: true, capture: true });
  }
  view.addEventListener("hashchange", () => history.replaceState(null, "", view.location.hash || " "));
}

function openTrial(name) {
  const page = shown && shown.contentDocument;
  const found = page && [...page.querySelectorAll("[data-trial]")].find((one) => one.dataset.trial === name);
  if (!found) {
    setText(byId("problem"), `${name}: not in the report yet; tune-app show prints it`);
    byId("problem").hidden = false;
    return;
  }
  for (let box = found.closest("details"); box; box = box.parentElement.closest("details")) box.open = true;
  found.parentElement.scrollIntoView({ block: "start", behavior: "instant" });
  byId("failures").open = false;
}

byId("hold").addEventListener("click", () => {
  isHeld = !isHeld;
  byId("hold").setAttribute("aria-pressed", String(isHeld));
  if (newest) showAge(newest);
  update();
});
poll("state.json", 2, showState, (isRefused) => {
  setText(byId("problem"), lostText(isRefused));
  byId("problem").hidden = false;
});
