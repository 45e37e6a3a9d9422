// Parts of a page that others change. [data-shows] names what is in such a part, [data-asks] what of
// it is not put in its place unasked; what arrives names what changed in the same words. A part is
// asked for as the page was, and put in where it differs. No row moves under the mouse, and nothing
// that was typed is lost: then, and for [data-asks], a bar offers it. It knows no word's meaning.
import { byId } from "./dom.js";
import { differs, isAtRisk, putIn } from "./parts.js";

const GAP = 700, LONGEST_GAP = 8000; // between two questions: longer while nothing is new, or slow
const SPREAD = 200; // or every open page would ask at once
const AWAY_EVERY = 10_000; // without a socket
const LATE = 2000; // a page that only then begins to hear may have missed something

const bar = byId("changed");
const parts = () => [...document.querySelectorAll("[data-shows], [data-asks]")];
const words = (list) => (list ?? "").split(" ").filter(Boolean);

const due = new Map(); // {id of a part: whether to put in what comes, even where it only asks}
const stale = new Set(); // what the bar offers
const own = new Set(); // what this page started and waits for
let timer = 0, askedAt = 0, gap = GAP, isAsking = false, isNew = false, wasOpened = false;

// --- what changed ---

function changed(changes) {
  const isOwn = changes.some((word) => own.has(word));
  for (const part of parts()) {
    const isIn = (list) => words(list).some((word) => changes.includes(word));
    if (isIn(part.dataset.shows) || (isOwn && isIn(part.dataset.asks))) due.set(part.id, true);
    else if (isIn(part.dataset.asks) && !due.has(part.id)) offer(part.id);
  }
  askSoon();
}

// What comes by the panel says what it changed, and what it did if it has moved on since.
addEventListener("arrived", ({ detail: { element, shown } }) => {
  const told = element.closest("[data-changes]") ?? element.querySelector("[data-changes]");
  if (!told) return;
  const far = (one) => one.querySelector("progress")?.value ?? 0;
  if (element.matches("li")) gap = GAP; // it began, or ended: soon
  changed([...words(told.dataset.changes), ...(far(element) > far(shown) ? words(told.dataset.moves) : [])]);
});
for (const word of ["candidates", "tasks", "runs"]) {
  document.body.addEventListener(`live:${word}`, () => changed([word]));
}
document.body.addEventListener("live:ended-tasks", () => changed(["tasks", "ended-tasks"]));
addEventListener("bulkActionStarted", ({ detail: { action } }) => own.add(`action-${action}`));

// Named: where one of them is shown, it is soon.
addEventListener("htmx:wsBeforeMessage", ({ detail: { message } }) => {
  if (isNew && (wasOpened || performance.now() > LATE)) setTimeout(doubt, Math.random() * 2000);
  if (isNew) wasOpened = true;
  isNew = false;
  if (!message.startsWith('{"tasks"')) return;
  const { tasks } = JSON.parse(message);
  const isShown = (part) => tasks.some((id) => part.querySelector(`[data-task="${id}"]`));
  if (!parts().some(isShown)) return;
  gap = GAP;
  changed(["tasks"]);
});
addEventListener("htmx:wsOpen", () => (isNew = true));

// Something may have been missed: ask, and offer what is different.
function doubt() {
  for (const part of parts()) if (!due.has(part.id)) due.set(part.id, !part.dataset.asks);
  askSoon();
}
setInterval(() => {
  const isAway = byId("progress-panel")?.dataset.live === "paused";
  if (isAway && Date.now() - askedAt >= AWAY_EVERY) doubt();
}, 1000);
addEventListener("visibilitychange", () => askSoon());

// From the browser's cache: not believed.
addEventListener("pageshow", ({ persisted }) => persisted && refresh());

// --- asking ---

function askSoon() {
  if (!due.size || timer || isAsking || document.hidden) return;
  timer = setTimeout(ask, Math.max(0, askedAt + gap - Date.now()) + Math.random() * SPREAD);
}

async function ask() {
  const wanted = new Map(due);
  const address = location.href;
  due.clear();
  isAsking = true;
  askedAt = Date.now();
  const page = await fetched(addressOf(wanted.keys()));
  isAsking = false;
  timer = 0;
  if (page && address === location.href) take(page, wanted);
  else {
    for (const id of wanted.keys()) {
      if (address !== location.href) due.set(id, true); // other filters since
      else offer(id); // gone, or not for us any more: a reload tells
    }
  }
  askSoon();
}

// A page that answers a form has an address that can't be asked for.
function addressOf(ids) {
  const told = [...ids].map((id) => byId(id)?.dataset.from).find(Boolean);
  return told ?? location.href;
}

async function fetched(address) {
  try {
    const answer = await fetch(address, { headers: { Accept: "text/html" }, cache: "no-store" });
    if (!answer.ok || answer.redirected) return null;
    return new DOMParser().parseFromString(await answer.text(), "text/html");
  } catch {
    return null;
  }
}

function take(page, wanted) {
  let isDifferent = false;
  for (const [id, isWanted] of wanted) {
    const [here, came] = [byId(id), page.getElementById(id)];
    if (!here || !came || !differs(here, came)) {
      settle(id);
      continue;
    }
    isDifferent = true;
    if (!isWanted || (isWanted !== "asked" && isAtRisk(here, came))) offer(id, isWanted);
    else {
      putIn(here, document.adoptNode(came));
      settle(id);
    }
  }
  const slow = 3 * (Date.now() - askedAt);
  gap = Math.max(slow, isDifferent ? GAP : Math.min(gap * 2, LONGEST_GAP));
}

// --- the bar ---

function offer(id, whenLeft = false) {
  if (!stale.has(id) && bar.hidden) {
    const word = bar.firstElementChild.textContent;
    dispatchEvent(new CustomEvent("announce", { detail: { about: "changed", word } }));
  }
  stale.add(id);
  bar.hidden = false;
  if (whenLeft) byId(id).addEventListener("mouseleave", () => stale.has(id) && again(id), { once: true });
}

function again(id) {
  due.set(id, true);
  askSoon();
}

function settle(id) {
  stale.delete(id);
  const hadFocus = bar.contains(document.activeElement);
  bar.hidden = stale.size === 0;
  if (hadFocus && bar.hidden) (byId(id) ?? byId("content")).focus({ preventScroll: true });
}

function refresh() {
  for (const part of parts()) due.set(part.id, "asked");
  gap = 0;
  clearTimeout(timer);
  timer = 0;
  askSoon();
}
bar.querySelector("button").addEventListener("click", refresh);

// What the page itself asked for is as new as can be.
addEventListener("htmx:afterSwap", ({ detail: { target } }) => stale.has(target.id) && settle(target.id));
