// The sheets beside or below the page, each opened by the button of the top bar that has its
// `aria-controls`.
import { byId } from "./dom.js";

const ROW_WITHIN = 2000; // else the server is asked for it: the socket may be away
const toggles = [...document.querySelectorAll(".topbar-toggle[aria-controls]")];
const sheetOf = (toggle) => byId(toggle.getAttribute("aria-controls"));

function show(toggle, open) {
  const sheet = sheetOf(toggle);
  if (open && sheet.hidden) htmx.trigger(sheet, "sheetOpened");
  sheet.hidden = !open;
  toggle.setAttribute("aria-expanded", open);
  sessionStorage.setItem(`open:${toggle.id}`, open ? "1" : "");
}

// One at a time, as they lie in the same place.
function showOnly(toggle) {
  for (const other of toggles) show(other, other === toggle);
}

function close(toggle) {
  show(toggle, false);
  toggle.focus();
}

for (const toggle of toggles) {
  toggle.addEventListener("click", () => {
    if (!sheetOf(toggle).hidden) return show(toggle, false);
    showOnly(toggle);
    sheetOf(toggle).focus();
  });
  sheetOf(toggle).addEventListener("click", (event) => {
    if (event.target.closest("[data-close]")) close(toggle);
  });
}

const opened = () => toggles.find((toggle) => !sheetOf(toggle).hidden);

// Where there is no room for both, a sheet covers the page: it goes when one turns to the page,
// and does not come back by itself. The same condition as in panel.css.
const covers = matchMedia("(max-width: 991.98px) and (max-height: 29.98rem)");
addEventListener("focusin", ({ target }) => {
  const open = covers.matches && target.closest("#content") && opened();
  if (open) show(open, false);
});

// The panel stays open from page to page; the bell leads to another one, and is done then.
const remembered = byId("progress-toggle");
if (sessionStorage.getItem(`open:${remembered.id}`) && !covers.matches) show(remembered, true);

// An action was started: its row is on the way, and the way to stop it is where the focus is.
addEventListener("openPanel", ({ detail: { action } }) => {
  const panel = sheetOf(remembered);
  const isWaiting = () => [panel, document.body].includes(document.activeElement);
  const cancel = () => byId(`bulk-action-${action}-cancel`);
  const row = `live:bulk-action-${action}`;
  const reach = () => {
    removeEventListener(row, reach);
    if (isWaiting()) cancel()?.focus();
  };
  showOnly(remembered);
  panel.focus();
  if (cancel()) reach();
  else addEventListener(row, reach);
  setTimeout(() => cancel() || htmx.trigger("#live", "poll"), ROW_WITHIN);
  dispatchEvent(new CustomEvent("announce", { detail: { about: row, word: panel.dataset.started } }));
});

addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.defaultPrevented || byId("dialog")?.open) return;
  if (document.activeElement.closest("details.menu[open]")) return;
  const open = opened();
  const isIn = [open, document.body].includes(document.activeElement) || document.activeElement.closest(".sheet");
  if (open && isIn) close(open);
});
