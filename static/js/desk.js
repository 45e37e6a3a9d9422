// Pages with tasks on them: told which tasks changed, they ask the server for what they show. It
// knows nothing of what a task is; rows are [data-row], and the words are the server's.
import { byId } from "./dom.js";

const idOf = (element) => element.id.split("-").pop();
const GAP = 1000; // at most one question in that time
const SPREAD = 400; // or every open page would ask at once
const EVERY = 30_000; // a change that was lost on the way, and ages that moved on
const AWAY_EVERY = 10_000;
const ANNOUNCE_AFTER = 2000;

let isDue = false, askedAt = 0, timer = 0, isNew = false, goneRows = 0;

// What has the focus; also a button that lost it because its own request disables it.
let held = null;
addEventListener("focusin", ({ target }) => (held = target));
addEventListener("focusout", ({ target }) => {
  if (!target.disabled) held = null;
});
const focused = () => (document.activeElement === document.body ? held : document.activeElement);
const kindOf = (element) => element.id.split("-")[0];

// --- what changed ---

addEventListener("htmx:wsOpen", () => (isNew = true));
addEventListener("htmx:wsBeforeMessage", (event) => {
  const { message } = event.detail;
  if (isNew) refetchSoon(); // from here on every change is heard; before, it may not have been
  isNew = false;
  if (!message.startsWith('{"tasks"')) return;
  event.preventDefault();
  const { tasks, gone } = JSON.parse(message);
  if (gone) removeRows(tasks);
  const own = byId("task");
  if (!own || !tasks.length || tasks.includes(Number(own.dataset.task))) refetchSoon();
});
addEventListener("tasksChanged", refetchSoon);
addEventListener("visibilitychange", () => isDue && refetchSoon());

function removeRows(ids) {
  const rows = ids.map((id) => byId(`task-${id}`)).filter((row) => row?.matches("[data-row]"));
  for (const row of rows) {
    const near = row.contains(focused()) && (following(row, rows) || byId("queue"));
    row.remove();
    if (near) near.focus();
  }
  if (rows.length) tellGone(rows.length);
}

// The same button in the next row that stays, or in the last one before.
function following(row, leaving) {
  const kind = kindOf(focused());
  const rows = [...row.parentElement.children];
  const at = rows.indexOf(row);
  const order = [...rows.slice(at + 1), ...rows.slice(0, at).reverse()];
  const next = order.find((one) => !leaving.includes(one));
  return next && (byId(`${kind}-${idOf(next)}`) || next.querySelector("a, button"));
}

function tellGone(count) {
  if (!goneRows) setTimeout(tellThem, ANNOUNCE_AFTER);
  goneRows += count;
}

function tellThem() {
  const { goneOne, goneMany } = byId("desk").dataset;
  const word = goneRows === 1 ? goneOne : goneMany.replace("#", goneRows);
  goneRows = 0;
  dispatchEvent(new CustomEvent("announce", { detail: { about: "desk", word } }));
}

// --- asking ---

function refetchSoon() {
  isDue = true;
  if (timer || document.hidden) return;
  const wait = Math.max(0, askedAt + GAP - Date.now()) + Math.random() * SPREAD;
  timer = setTimeout(refetch, wait);
}

function refetch() {
  timer = 0;
  isDue = false;
  askedAt = Date.now();
  const shown = byId("queue") || byId("task");
  if (shown) htmx.trigger(shown, "refetch");
}

setInterval(() => {
  if (!byId("queue")) return;
  const isLive = byId("progress-panel")?.dataset.live === "on";
  if (Date.now() - askedAt >= (isLive ? EVERY : AWAY_EVERY)) refetchSoon();
}, 1000);

// Nobody asked for these: page.js is not to tell of each that fails, nor to take away what it told.
for (const name of ["htmx:sendError", "htmx:responseError", "htmx:timeout", "htmx:afterRequest"]) {
  const quiet = (event) => ["queue", "task"].includes(event.detail.elt.id) && event.stopPropagation();
  addEventListener(name, quiet, { capture: true });
}

// --- what came: the focus stays, and what was typed is not lost ---

let order = [], typed = "";

addEventListener("htmx:beforeSwap", ({ detail }) => {
  if (detail.target.id === "queue") {
    const row = focused()?.closest("[data-row]");
    order = row ? [row, ...after(row)].map((one) => `${kindOf(focused())}-${idOf(one)}`) : [];
  }
  if (detail.target.id === "task") {
    const came = new DOMParser().parseFromString(detail.serverResponse, "text/html").getElementById("task");
    if (came?.dataset.seen === detail.target.dataset.seen) {
      detail.shouldSwap = false; // nothing changed: what is being typed stays
      return;
    }
    const areas = [...detail.target.querySelectorAll("textarea")];
    typed = areas.filter((area) => area.value !== area.defaultValue).map((area) => area.value).join("\n\n");
  }
});

const after = (row) => [...row.parentElement.children].slice([...row.parentElement.children].indexOf(row) + 1);

addEventListener("htmx:afterSettle", ({ detail }) => {
  if (detail.elt.id === "queue") keepPlace();
  if (detail.elt.id === "task") arrive();
});

function keepPlace() {
  if (!order.length || ![document.body, null].includes(document.activeElement)) return;
  const next = order.map(byId).find(Boolean);
  (next || byId("queue")).focus();
}

// Somebody else changed the task of this page: it says who, and goes on to the next one.
function arrive() {
  if (typed) {
    const kept = byId("typed");
    kept.querySelector("textarea").value = typed;
    kept.hidden = false;
    typed = "";
  }
  const standing = byId("task-standing");
  dispatchEvent(new CustomEvent("announce", { detail: { about: "desk", word: standing.textContent.trim() } }));
  const onward = byId("task").querySelector("[data-focus]");
  if (onward && !byId("dialog").open) onward.focus();
}
