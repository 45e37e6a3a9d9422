// When no answer can be had: what only asks is asked again by itself, after a wait that grows, and
// what was to be done waits for the person, with all that was typed. The words are the server's.
const AWAY = [502, 503, 504];
const FIRST = 3000, MOST = 15_000, SPREAD = 1000;
const words = document.getElementById("outage-words").dataset;
const region = document.getElementById("outage");
const dialog = document.getElementById("dialog");
const retries = new Map(); // by the target, where one answer is as good as another

addEventListener("htmx:responseError", ({ detail }) => AWAY.includes(detail.xhr.status) && away(detail));
addEventListener("htmx:sendError", ({ detail }) => away(detail));
// First of all listeners: also of what nobody is told, as the questions that a page asks by itself.
addEventListener("htmx:afterRequest", ({ detail }) => detail.successful && back(detail.elt), { capture: true });
addEventListener("htmx:beforeRequest", ({ detail }) => drop(retries.get(detail.target)));
region.addEventListener("click", ({ target }) => target.closest("button") && region.replaceChildren());

const isQuestion = (detail) => detail.requestConfig.verb === "get" || detail.elt.matches("[data-retry]");

function away(detail) {
  const type = detail.xhr.getResponseHeader("Content-Type") ?? "";
  const what = type.startsWith("text/plain") ? detail.xhr.responseText : words.unreachable;
  const asks = isQuestion(detail);
  tell(`${what} ${asks ? words.again : words.kept}`, asks ? null : detail.elt);
  if (asks) askAgain(detail);
}

// In the dialog, where one is open: nothing else can be seen or reached then.
function tell(sentence, elt) {
  const message = document.createElement("div");
  message.className = "alert alert-warning outage";
  message.setAttribute("role", "alert");
  message.append(sentence);
  message.elt = elt;
  const home = dialog.open ? dialog.querySelector(".modal-footer") ?? dialog : region;
  home.querySelector(".outage")?.remove();
  home.prepend(message);
  if (home !== region) return;
  const close = document.createElement("button");
  close.className = "btn-close";
  close.setAttribute("aria-label", words.close);
  message.append(close);
}

function askAgain({ xhr, elt, target, requestConfig }) {
  const tries = (retries.get(target)?.tries ?? 0) + 1;
  const asked = Number(xhr.getResponseHeader("Retry-After")) * 1000 || FIRST;
  const wait = Math.min(asked * 1.5 ** (tries - 1), MOST) + Math.random() * SPREAD;
  drop(retries.get(target));
  const ask = () => {
    const source = elt.isConnected ? elt : elt.id && document.getElementById(elt.id);
    if (!source || !target.isConnected) return retries.delete(target);
    const { verb, path, triggeringEvent } = requestConfig;
    // Of its failure we hear by the event.
    htmx.ajax(verb, path, { source, target, event: triggeringEvent }).catch(() => {});
  };
  retries.set(target, { tries, ask, timer: setTimeout(ask, wait) });
}

// By our own try, or by the person who asked for something else there.
function drop(retry) {
  if (!retry) return;
  clearTimeout(retry.timer);
  retry.ask = null;
}

// Somebody was answered, so the others ask now. What was not done is said to be possible again.
function back(elt) {
  const waiting = [...retries.values()].filter(({ ask }) => ask);
  retries.clear();
  for (const { ask, timer } of waiting) {
    clearTimeout(timer);
    setTimeout(ask, Math.random() * SPREAD);
  }
  for (const message of document.querySelectorAll(".outage")) {
    if (!message.elt?.isConnected || message.elt === elt) message.remove();
    else message.firstChild.replaceWith(words.back);
  }
}
