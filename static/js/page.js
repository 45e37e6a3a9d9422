// What every page does: close menus, and say so when an answer did not come.
addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = document.activeElement?.closest("details.menu[open]");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});

addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

// In the dialog, where one is open: nothing else can be seen then.
function tell(sentence) {
  const alert = document.createElement("div");
  alert.className = "alert alert-danger mt-3 mb-0";
  alert.setAttribute("role", "alert");
  alert.textContent = sentence;
  const dialog = document.getElementById("dialog");
  if (!dialog.open) return document.getElementById("messages").replaceChildren(alert);
  alert.classList.add("failure");
  dialog.querySelector(".failure")?.remove();
  (dialog.querySelector(".modal-footer") ?? dialog).prepend(alert);
}

const SAID = [400, 403, 408, 413, 431]; // whose answer says what to do: unreadable, not allowed, too slow, too much
addEventListener("htmx:responseError", ({ detail }) => {
  const status = detail.xhr.status;
  if ([502, 503, 504].includes(status)) return; // outages.js
  const type = detail.xhr.getResponseHeader("Content-Type") ?? "";
  if (SAID.includes(status) && type.startsWith("text/plain")) return tell(detail.xhr.responseText);
  if (status === 404) tell("This item no longer exists. Reload the page.");
  else if (status === 403) tell("You don’t have permission to do this. Reload the page, or ask an Owner of your workspace.");
  else tell("Something went wrong on our side. Reload the page to see what was done.");
});
addEventListener("htmx:afterRequest", ({ detail }) => {
  if (detail.successful) document.querySelector("#messages > [role=alert], #dialog .failure")?.remove();
});
