// Forms in the editor's panel: a field that needs another answer is in sight only with that answer.
// Which that is stands in the form (data-with, data-values); without this script all are in sight.
function settle(form) {
  const answers = new Map();
  for (const part of form.querySelectorAll(".panel-field")) {
    const { with: other, values } = part.dataset;
    part.hidden = other ? !values.split(" ").includes(answers.get(other)) : false;
    if (part.hidden) continue;
    const chosen = part.querySelector("input[type=radio]:checked, select");
    if (chosen) answers.set(chosen.name, chosen.value);
  }
}

const form = () => document.getElementById("block-form");
addEventListener("change", ({ target }) => target.form === form() && form() && settle(form()));
addEventListener("htmx:afterSettle", () => form() && settle(form()));
if (form()) settle(form());

// Escape closes the panel as its button does, and the focus goes back to the block.
addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || !document.activeElement?.closest("#panel")) return;
  document.getElementById("panel-close")?.click();
});

// A panel that was opened is in sight, and so is the block that was edited.
addEventListener("htmx:afterSettle", ({ detail }) => {
  if (detail.target.id === "panel") (document.querySelector("#panel .is-invalid") || document.getElementById("panel-title"))?.focus();
  document.activeElement?.closest(".block")?.scrollIntoView({ block: "nearest", inline: "center" });
});
