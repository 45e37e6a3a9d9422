// Puts a newer version of a part of the page in the place of the one that is shown: the focus, the
// scroll and what was opened stay.
const shown = (element) => element.textContent.replace(/\s+/g, " ").trim();

// By what people see and where it leads: tokens and keys of forms differ each time.
const marks = (part) =>
  [...part.querySelectorAll("[href], progress, [id]")].map(
    (one) => one.getAttribute("href") ?? one.getAttribute("value") ?? one.id,
  );
export function differs(here, came) {
  return shown(here) !== shown(came) || marks(here).join() !== marks(came).join();
}

const rows = (part) => [...part.querySelectorAll("tr, li")].map((row) => row.querySelector("[href]")?.getAttribute("href"));
const hasMouse = matchMedia("(hover: hover)");
const isTyped = (field) => field.value !== field.defaultValue;

// Whether rows would move under the mouse, or something typed be lost.
export function isAtRisk(here, came) {
  const typed = [...here.querySelectorAll("textarea, input:not([type=checkbox], [type=hidden])")].some(isTyped);
  const isUnderMouse = hasMouse.matches && here.matches(":hover");
  return typed || (isUnderMouse && rows(here).join() !== rows(came).join());
}

export function putIn(here, came) {
  const focused = here.contains(document.activeElement) ? document.activeElement : null;
  const wasItself = focused === here;
  const opened = new Set([...here.querySelectorAll("details[open]")].map((one) => shown(one.parentElement)));
  const { scrollX, scrollY } = window;
  here.replaceWith(came);
  for (const one of came.querySelectorAll("details")) one.open ||= opened.has(shown(one.parentElement));
  htmx.process(came);
  dispatchEvent(new CustomEvent("refreshed", { detail: { id: came.id } }));
  scrollTo({ left: scrollX, top: scrollY, behavior: "instant" });
  if (focused) (wasItself ? came : sameIn(came, focused) ?? came).focus({ preventScroll: true });
}

// The element that stands for the same thing: by its id, its name and value, or where it leads.
function sameIn(part, old) {
  if (old.id) return part.querySelector(`#${CSS.escape(old.id)}`);
  const traits = ["name", "value", "href"].filter((name) => old.hasAttribute(name));
  const like = traits.map((name) => `[${name}="${CSS.escape(old.getAttribute(name))}"]`).join("");
  return like ? part.querySelector(old.tagName + like) : null;
}
