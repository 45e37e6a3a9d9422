// For screen readers: the newest word on each thing, all of them at most every 10 s, each once.
// The words are the server's: `data-announce`, about `data-announce-as` or the element itself.
const EVERY = 10_000;
const told = JSON.parse(sessionStorage.getItem("told") || "{}");
const waiting = new Map();
let toldAt = 0;

const isFirstPage = !sessionStorage.getItem("told");
for (const element of document.querySelectorAll("#progress-list > li, #bell-count")) {
  if (isFirstPage) remember(...wordOf(element));
  else announce(element);
}
sessionStorage.setItem("told", JSON.stringify(told));

addEventListener("announce", ({ detail }) => {
  if (detail.word) waiting.set(detail.about, detail.word);
  else announce(detail.element);
});

setInterval(() => {
  const now = Date.now();
  if (!waiting.size || now - toldAt < EVERY) return;
  document.getElementById("live-status").textContent = [...waiting.values()].join(" ");
  waiting.clear();
  toldAt = now;
}, 1000);

function wordOf(element) {
  const speaking = element.querySelector("[data-announce]") ?? element;
  const about = speaking.dataset.announceAs ?? element.id.replace("-progress", "");
  return [about, speaking.dataset.announce];
}

function remember(about, word) {
  if (word) told[about] = word;
}

function announce(element) {
  const [about, word] = wordOf(element);
  // Of a notice it is told once that it came, however many are unread then.
  const isTold = about.startsWith("notice-") ? told[about] : told[about] === word;
  if (!word || isTold) return;
  remember(about, word);
  sessionStorage.setItem("told", JSON.stringify(told));
  waiting.set(about, word);
}
