// Which candidates are selected, across pages and filters, until an order is given or it is cleared.
const form = document.getElementById("selection");
const key = `selection-${form.dataset.user}`;
const part = (id) => document.getElementById(id);
const region = () => part("candidates");
const boxes = () => [...document.querySelectorAll("#candidates input[name=candidate]")];

// Picked ids, or `all`: the filters that were set when "Select all that match" was pressed.
let picked = new Set();
let all = null;
let last = null; // the box that a shift-click reaches from

function load() {
  const stored = JSON.parse(sessionStorage.getItem(key) || "{}");
  picked = new Set(stored.picked);
  all = stored.all || null;
}

function save() {
  for (const other of Object.keys(sessionStorage)) {
    if (other.startsWith("selection-") && other !== key) sessionStorage.removeItem(other);
  }
  sessionStorage.setItem(key, JSON.stringify({ picked: [...picked], all }));
}

const showsAll = () => all !== null && all.filters === region().dataset.filters;
const isSelected = (box) => (all ? showsAll() : picked.has(box.value));

function pick(changed, on) {
  // Leaving "all that match": what stays selected is what was seen to be selected.
  if (all) picked = new Set(showsAll() ? boxes().map((box) => box.value) : []);
  all = null;
  for (const box of changed) picked[on ? "add" : "delete"](box.value);
}

function clear() {
  picked = new Set();
  all = null;
}

function sentence(wholePage) {
  if (all) return `All ${all.total} candidates ${all.description} are selected.`.replace(/ +/g, " ");
  if (wholePage && picked.size === boxes().length) return `All ${picked.size} on this page are selected.`;
  return `${picked.size.toLocaleString("en")} selected`;
}

function field(name, value) {
  const input = document.createElement("input");
  Object.assign(input, { type: "hidden", name, value });
  return input;
}

function show() {
  const shown = boxes();
  for (const box of shown) {
    box.checked = isSelected(box);
    box.closest("tr").classList.toggle("is-selected", box.checked);
  }
  const count = shown.filter((box) => box.checked).length;
  const wholePage = shown.length > 0 && count === shown.length;
  const header = part("select-page");
  if (header) {
    header.checked = wholePage;
    header.indeterminate = count > 0 && !wholePage;
  }
  const { total, totalText } = region().dataset;
  const more = part("select-all-matching");
  more.hidden = Boolean(all) || !wholePage || Number(total) <= shown.length;
  more.textContent = `Select all that match (${totalText})`;
  const text = sentence(wholePage);
  const some = Boolean(all) || picked.size > 0;
  if (!some && form.contains(document.activeElement)) (header || region()).focus();
  form.hidden = !some;
  part("selection-text").textContent = text;
  const announcement = some ? text : "Nothing is selected.";
  const status = part("selection-status");
  if (status.textContent !== announcement && (some || status.textContent)) status.textContent = announcement;
  const fields = all
    ? [field("select", "all"), ...[...new URLSearchParams(all.filters)].map((pair) => field(...pair))]
    : [...picked].map((id) => field("candidate", id));
  const { filters } = region().dataset;
  part("selection-fields").replaceChildren(...fields, field("list_filters", filters));
  nameHidden(all ? !showsAll() : [...picked].some((id) => !shown.some((box) => box.value === id)));
}

// What the list doesn't show may be on another page, or hidden by a filter: the server knows.
function nameHidden(mayBe) {
  const place = part("selection-hidden");
  if (mayBe && region().dataset.filters) place.dispatchEvent(new Event("countHidden"));
  else place.textContent = "";
}

function changed() {
  save();
  show();
}

addEventListener("click", ({ target, shiftKey }) => {
  if (target.id === "clear-selection") clear();
  else if (target.id === "select-all-matching") {
    const { filters, totalText, description } = region().dataset;
    all = { filters, total: totalText, description };
    part("clear-selection").focus();
  } else if (target.id === "select-page") {
    pick(boxes(), target.checked);
  } else if (target.matches("#candidates input[name=candidate]")) {
    const shown = boxes();
    const from = shiftKey && shown.includes(last) ? shown.indexOf(last) : shown.indexOf(target);
    const [low, high] = [from, shown.indexOf(target)].sort((a, b) => a - b);
    pick(shown.slice(low, high + 1), target.checked);
    last = target;
  } else return;
  changed();
});

addEventListener("bulkActionStarted", () => {
  clear();
  changed();
});
addEventListener("htmx:afterSettle", ({ detail }) => {
  if (detail.target.id !== "candidates" && detail.elt.id !== "candidates") return;
  last = null;
  show();
  if (document.activeElement === document.body) region().focus();
});
// By keyboard the bar comes right after the box that selects the page, not after all the rows; and
// B leads to it from the box of any row.
addEventListener("keydown", (event) => {
  const { target, key: pressed } = event;
  if (form.hidden || event.ctrlKey || event.metaKey || event.altKey) return;
  const [first, last] = [ends(form)[0], ends(form).at(-1)];
  let next = null;
  if (pressed === "Tab" && !event.shiftKey) {
    if (target === part("select-page")) next = first;
    else if (target === last) next = afterHeader();
  } else if (pressed === "Tab") {
    if (target === first) next = part("select-page");
    else if (target === afterHeader()) next = last;
  } else if (pressed.toLowerCase() === "b" && target.matches("#candidates [type=checkbox]")) {
    next = form.querySelector("#operations button, #operations summary");
  }
  if (!next) return;
  event.preventDefault();
  next.focus();
});

const reachable = (element) => element.checkVisibility() && !element.closest("details:not([open]) > :not(summary)");
const ends = (root) => [...root.querySelectorAll("a[href], button:enabled, summary")].filter(reachable);
const afterHeader = () => document.querySelector("#candidates tbody input, #candidates tbody a");

// The menu opens upward, or below the bar where the list is too short for that.
part("more-operations")?.addEventListener("toggle", ({ target }) => {
  const place = (selector) => document.querySelector(selector)?.getBoundingClientRect();
  const menu = target.querySelector(".menu-sheet");
  menu.classList.remove("is-below");
  if (!target.open) return;
  const [bar, sheet, top] = [place("#selection"), place(".sheet:not([hidden])"), Math.max(place(".topbar").bottom, 0)];
  const end = sheet && sheet.left <= bar.left ? sheet.top : innerHeight;
  const isTooHigh = menu.getBoundingClientRect().top < top;
  menu.classList.toggle("is-below", isTooHigh && end - bar.bottom > bar.top - top);
});

addEventListener("refreshed", ({ detail }) => {
  if (detail.id !== "candidates") return;
  last = null;
  show();
});
form.addEventListener("submit", (event) => event.preventDefault());
addEventListener("pageshow", () => {
  load();
  show();
});
load();
show();
