// A live update may replace a button between press and release. The browser then drops the click; it
// goes to what took the button's place, if that is still under the pointer.
let pressed = null;

addEventListener("pointerdown", ({ target, isPrimary, button }) => {
  pressed = isPrimary && button === 0 ? target.closest("a[id], button[id]") : null;
}, { capture: true });

addEventListener("pointerup", ({ clientX, clientY }) => {
  const isGone = pressed && !pressed.isConnected;
  const same = isGone ? document.getElementById(pressed.id) : null;
  pressed = null;
  if (same?.contains(document.elementFromPoint(clientX, clientY))) same.click();
}, { capture: true });

addEventListener("pointercancel", () => (pressed = null), { capture: true });
