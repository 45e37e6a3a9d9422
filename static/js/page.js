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

function tell(sentence) {
  const alert = document.createElement("div");
  alert.className = "alert alert-danger mt-3 mb-0";
  alert.setAttribute("role", "alert");
  alert.textContent = sentence;
  document.getElementById("messages").replaceChildren(alert);
}

addEventListener("htmx:sendError", () => {
  tell("Belay could not be reached, so nothing was changed. Try again in a moment.");
});
addEventListener("htmx:responseError", ({ detail }) => {
  const status = detail.xhr.status;
  if (status === 404) tell("That is no longer there. Reload the page to see what is.");
  else if (status === 403) tell("That is not allowed. Reload the page, or ask an Owner of your workspace.");
  else tell("Something went wrong on our side. Reload the page to see what was done.");
});
addEventListener("htmx:afterRequest", ({ detail }) => {
  if (detail.successful) document.querySelector("#messages > [role=alert]")?.remove();
});
