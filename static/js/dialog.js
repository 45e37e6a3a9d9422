// The one dialog: whatever htmx puts into it opens it; closing empties it and gives focus back.
const dialog = document.getElementById("dialog");
let opener = null;
let place = null; // where the opener stood, in case a live update replaces it

addEventListener("htmx:beforeRequest", ({ detail }) => {
  if (detail.target !== dialog || dialog.open) return;
  opener = detail.elt;
  place = opener.parentElement.closest("[id]")?.id;
});

addEventListener("htmx:afterSwap", ({ detail }) => {
  if (detail.target !== dialog) return;
  if (!dialog.firstElementChild) dialog.close();
  else if (!dialog.open) open();
  else (dialog.querySelector("[autofocus]") || dialog.querySelector("a, button, input"))?.focus();
});

function open() {
  for (const menu of document.querySelectorAll("details.menu[open]")) menu.open = false;
  dialog.showModal();
}

addEventListener("closeDialog", () => dialog.close());

dialog.addEventListener("click", (event) => {
  if (event.target.closest("[data-close-dialog]")) dialog.close();
});

dialog.addEventListener("close", () => {
  dialog.replaceChildren();
  const focused = document.activeElement;
  const lost = !focused || focused === document.body || !focused.checkVisibility();
  if (lost) (successor() || document.getElementById("content"))?.focus();
  opener = null;
});

// The opener, what took its place, or the first thing that can be reached where it stood.
function successor() {
  if (!opener) return null;
  const same = opener.isConnected ? opener : opener.id && document.getElementById(opener.id);
  if (same && !same.disabled && same.checkVisibility()) return same;
  const menu = same?.closest("details:not([open])"); // a click into the dialog has closed it
  if (menu?.checkVisibility()) return menu.querySelector("summary");
  const reachable = [...(document.getElementById(place)?.querySelectorAll("a[href], button:enabled") || [])];
  return reachable.find((element) => element.checkVisibility());
}
