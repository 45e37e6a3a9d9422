// Loaded before anything is painted: the device's theme, or the one that was chosen.
{
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const chosen = () => localStorage.getItem("theme") || "auto";

  function paint() {
    const theme = chosen() === "auto" ? (dark.matches ? "dark" : "light") : chosen();
    document.documentElement.dataset.bsTheme = theme;
  }

  paint();
  dark.addEventListener("change", paint);
  addEventListener("storage", paint);
  addEventListener("DOMContentLoaded", () => {
    const radio = document.querySelector(`#theme [value="${chosen()}"]`);
    if (radio) radio.checked = true;
  });
  addEventListener("change", (event) => {
    if (!event.target.matches('#theme [name="theme"]')) return;
    localStorage.setItem("theme", event.target.value);
    paint();
  });
}
