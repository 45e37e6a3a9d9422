// Buttons that copy a field. Without this the field is read-only text, to be copied by hand.
const status = document.getElementById("live-status");

for (const button of document.querySelectorAll("[data-copy]")) {
  const field = document.getElementById(button.dataset.copy);
  button.hidden = false;
  button.addEventListener("click", async () => {
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
      button.textContent = "Copied";
      status.textContent = "Copied";
    } catch { // no clipboard without https: the text is selected
      status.textContent = "Text selected. Press Control and C to copy.";
      button.textContent = "Selected: press Ctrl+C";
    }
  });
}
