// What a reader has done with a report: read it from one version of the page, and do it again in
// the next one. Only what HTML itself knows is used, so it does not matter which scripts a report
// has: controls with values, opened details, sorted columns, pressed buttons, scrolled boxes.

// Numbers of sections change when a section is added; these identifiers do not.
const LASTING = "figure[id], .table[id], details[id], [id^='row-']";

function home(element) {
  const found = element.closest(LASTING);
  return found ? `#${CSS.escape(found.id)}` : "body";
}

function kind(element) {
  const tag = element.tagName.toLowerCase();
  const name = element.getAttribute("name") || element.getAttribute("aria-label");
  return name && !tag.includes(":") ? `${tag}[${element.hasAttribute("name") ? "name" : "aria-label"}="${CSS.escape(name)}"]` : tag;
}

// An element as its lasting home, its kind, and its place among its kind there.
function address(element) {
  const at = home(element), selector = kind(element);
  const among = [...element.ownerDocument.querySelector(at).querySelectorAll(selector)];
  return { at, selector, index: among.indexOf(element) };
}

function find(page, { at, selector, index }) {
  const root = page.querySelector(at);
  if (!root) return null;
  return root.matches(selector) && index < 0 ? root : root.querySelectorAll(selector)[index] || null;
}

function headingsAndHomes(page) {
  return [...page.querySelectorAll(`${LASTING}, h1, h2, h3, h4`)].filter((element) => element.getClientRects().length);
}

// The last landmark at or above the top of the window, and how far above it is.
function readPlace(page, view) {
  let best = null;
  for (const element of headingsAndHomes(page)) {
    const top = element.getBoundingClientRect().top;
    if (top <= 40 && (best === null || top >= best.top)) best = { element, top };
  }
  const place = { y: view.scrollY, x: view.scrollX };
  if (best === null || view.scrollY === 0) return place;
  const { element } = best;
  if (element.id && element.matches(LASTING)) return { ...place, top: best.top, id: element.id };
  return { ...place, top: best.top, tag: element.tagName, text: element.textContent };
}

function restorePlace(page, view, place) {
  const candidates = place.id ? [page.getElementById(place.id)]
    : [...page.querySelectorAll(place.tag || "none")].filter((one) => one.textContent === place.text);
  const element = candidates.find((one) => one && one.getClientRects().length);
  const y = element ? view.scrollY + element.getBoundingClientRect().top - place.top : place.y;
  view.scrollTo({ left: place.x, top: y, behavior: "instant" });
}

function readState(view) {
  const page = view.document;
  const of = (selector, read) => [...page.querySelectorAll(selector)].map((element) => ({ ...address(element), ...read(element) }));
  const focused = page.activeElement;
  return {
    controls: of("input, select, textarea", ({ value, checked }) => ({ value, checked })),
    details: of("details", ({ open }) => ({ open })),
    sorted: of("th[aria-sort]", (head) => ({ text: head.textContent, sort: head.getAttribute("aria-sort") })),
    pressed: of("[aria-pressed]", (button) => ({ pressed: button.getAttribute("aria-pressed") })),
    scrolled: of(".scroll", ({ scrollLeft, scrollTop }) => ({ scrollLeft, scrollTop })),
    focus: focused && focused !== page.body ? address(focused) : null,
    caret: focused && "selectionStart" in focused ? [focused.selectionStart, focused.selectionEnd] : null,
    // A report's own script may keep more, such as a zoomed figure.
    own: view.reportState ? view.reportState.read() : null,
    place: readPlace(page, view),
  };
}

function restoreControls(page, view, saved) {
  for (const one of saved.controls) {
    const control = find(page, one);
    if (!control || (control.value === one.value && control.checked === one.checked)) continue;
    if (control.tagName === "SELECT" && ![...control.options].some(({ value }) => value === one.value)) continue;
    control.value = one.value;
    control.checked = one.checked;
    for (const type of ["input", "change"]) control.dispatchEvent(new view.Event(type, { bubbles: true }));
  }
}

function restoreSorted(page, saved) {
  for (const one of saved.sorted) {
    const box = page.querySelector(one.at);
    const head = box && [...box.querySelectorAll("th")].find((other) => other.textContent === one.text);
    const button = head && head.querySelector("button");
    for (let tries = 0; button && tries < 2 && head.getAttribute("aria-sort") !== one.sort; tries += 1) button.click();
  }
}

function restoreState(view, saved) {
  const page = view.document;
  for (const one of saved.details) {
    const element = find(page, one);
    if (element) element.open = one.open;
  }
  restoreControls(page, view, saved);
  restoreSorted(page, saved);
  if (saved.own && view.reportState) view.reportState.write(saved.own);
  for (const one of saved.pressed) {
    const button = find(page, one);
    if (button && button.getAttribute("aria-pressed") !== one.pressed) {
      button.dispatchEvent(new view.MouseEvent("click", { bubbles: true }));
    }
  }
  for (const one of saved.scrolled) {
    const box = find(page, one);
    if (box) box.scrollTo({ left: one.scrollLeft, top: one.scrollTop, behavior: "instant" });
  }
  const focused = saved.focus && find(page, saved.focus);
  if (focused) {
    focused.focus({ preventScroll: true });
    if (saved.caret && saved.caret[0] !== null && focused.setSelectionRange) focused.setSelectionRange(...saved.caret);
  }
  restorePlace(page, view, saved.place);
}
