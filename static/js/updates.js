// What arrives, by the socket or as an answer: nothing older than what is shown, nothing twice, no
// focus lost. It compares versions and attributes, and knows nothing of what they mean.
import { byId } from "./dom.js";

const list = () => byId("progress-list");
const number = (element) => Number(element.id.split("-").pop());
const MOST = 150; // rows: a page may stay open for days
let focused = null, sheet = null, wasInDialog = false;

htmx.defineExtension("live", {
  transformResponse(text, xhr) {
    rememberFocus();
    const template = document.createElement("template");
    template.innerHTML = text;
    for (const snapshot of template.content.querySelectorAll("#progress-list")) unpack(snapshot);
    for (const element of [...template.content.children]) {
      const isMain = xhr && !element.hasAttribute("hx-swap-oob") && xhr.getResponseHeader("HX-Retarget");
      if (!isMain && !admit(element)) element.remove();
      else if (element.dataset.listed) leaveOnly(element.dataset.listed.split(" "), template.content);
    }
    return template.innerHTML;
  },
});

// A snapshot: rows that are not in it go, and each of the others is handled as if it came alone.
function unpack(snapshot) {
  for (const row of [...list().children]) {
    if (!snapshot.querySelector(`[id="${row.id}"]`)) row.remove();
  }
  snapshot.replaceWith(...snapshot.children);
}

function admit(element) {
  if (element.matches("li[data-version]") && !byId(element.id)) makePlace(element);
  const shown = byId(element.id);
  if (!shown || Number(element.dataset.version) < Number(shown.dataset.version)) return false;
  if (shown.querySelector(".htmx-request")) return false; // its own answer is on the way
  if (element.dataset.status && element.dataset.status === shown.dataset.status) {
    const part = element.querySelector("[data-version]");
    element.replaceWith(part);
    return admit(part);
  }
  if (Number(element.dataset.version) > Number(shown.dataset.version)) {
    dispatchEvent(new CustomEvent("arrived", { detail: { element, shown } }));
  }
  dispatchEvent(new CustomEvent("announce", { detail: { element } }));
  for (let e = shown; e; e = e.parentElement.closest("[data-version]")) {
    if (element.dataset.version) e.dataset.version = element.dataset.version;
  }
  element.setAttribute("hx-swap-oob", "true");
  queueMicrotask(() => htmx.trigger(document.body, `live:${element.id}`));
  return true;
}

// Of the rows that something can be done with, the server lists some where there are very many.
function leaveOnly(listed, arriving) {
  for (const row of list().querySelectorAll("li:has(button)")) {
    const isMeant = listed.includes(String(number(row))) || arriving.querySelector(`#${row.id}`);
    if (!isMeant && !row.contains(document.activeElement)) row.remove();
  }
}

// Newest first: an empty row, which the one that came then takes the place of.
function makePlace(row) {
  const place = document.createElement("li");
  place.id = row.id;
  place.dataset.version = "0";
  const rows = [...list().children];
  list().insertBefore(place, rows.find((other) => number(other) < number(row)) ?? null);
  if (rows.length >= MOST) rows.findLast((other) => !other.querySelector("button, :focus"))?.remove();
}

function rememberFocus() {
  focused = document.activeElement;
  sheet = focused?.closest(".sheet");
  wasInDialog = Boolean(focused?.closest("dialog"));
}

// An update took away what had the focus: to what came instead, or the first thing next to it.
function keepFocus() {
  if (!focused || (focused.isConnected && focused.checkVisibility())) return;
  const isLost = [null, document.body, focused].includes(document.activeElement);
  const isForDialog = wasInDialog && !byId("dialog").open; // dialog.js gives it back
  if (isLost && !isForDialog) {
    const home = focused.closest("li[id], [id][data-version]:not(.bulk-progress)")?.id;
    const same = focused.isConnected ? null : focused.id && byId(focused.id);
    const near = byId(home)?.querySelector("button, a");
    (same || near || sheet || byId("content")).focus();
  }
  focused = null;
}
addEventListener("htmx:wsAfterMessage", keepFocus);
addEventListener("htmx:afterSettle", keepFocus);

// Parts of a page that fetch themselves anew ask for the same.
addEventListener("htmx:beforeSwap", ({ detail }) => {
  if (detail.target.matches("[data-keep-focus]")) rememberFocus();
});
