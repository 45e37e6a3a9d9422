// The sheets under the top bar, each opened by the button there that has its `aria-controls`.
const byId = (id) => document.getElementById(id);
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
const showOnly = (toggle) => toggles.forEach((other) => show(other, other === toggle));

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

// The panel stays open from page to page; the bell leads to another one, and is done then.
const remembered = byId("progress-toggle");
if (sessionStorage.getItem(`open:${remembered.id}`)) show(remembered, true);
addEventListener("openPanel", () => showOnly(remembered)); // an action was started: see it

addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.defaultPrevented || byId("dialog")?.open) return;
  if (document.activeElement.closest("details.menu[open]")) return;
  const open = toggles.find((toggle) => !sheetOf(toggle).hidden);
  if (open) close(open);
});
