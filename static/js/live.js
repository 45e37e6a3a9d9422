// The socket that keeps the page right: pinged through to Redis and back, and replaced when it is
// dead. While it is away the page says so, and asks the server instead.
const byId = (id) => document.getElementById(id);
const panel = byId("progress-panel");
const PING_AFTER = 10_000, PONG_WITHIN = 5_000, PAUSED_AFTER = 15_000, POLL_EVERY = 10_000;
const NOT_ALLOWED = 4401;

let socket = null, wrapper = null, isOurs = false;
let heardAt = Date.now(), lostAt = Date.now(), pingedAt = 0, polledAt = 0;

htmx.config.wsReconnectDelay = (tries) => Math.random() * Math.min(1000 * 2 ** tries, 15_000);
htmx.createWebSocket = (url) => {
  if (socket) {
    socket.onclose = socket.onerror = null;
    if (socket.readyState < WebSocket.CLOSING) socket.close();
  }
  socket = new WebSocket(url);
  return socket;
};

panel.addEventListener("htmx:wsOpen", ({ detail }) => {
  wrapper = detail.socketWrapper;
  pingedAt = 0;
});
panel.addEventListener("htmx:wsBeforeMessage", () => {
  heardAt = Date.now();
  pingedAt = 0;
  lostAt = 0;
  state("on");
});
panel.addEventListener("htmx:wsClose", ({ detail }) => {
  lose();
  isOurs = ![1006, 1011, 1012, 1013].includes(detail.event.code); // those the extension handles
  if (detail.event.code === NOT_ALLOWED) poll(); // to the login page, or back here by its answer
  else if (isOurs) reconnectSoon();
});

function reconnectSoon() {
  setTimeout(() => {
    if (isOurs && socket.readyState === WebSocket.CLOSED) wrapper?.reconnect();
  }, 500 + Math.random() * 2500);
}

function lose() {
  lostAt ||= Date.now();
  pingedAt = 0;
  if (panel.dataset.live === "on") state("connecting");
}

function watch(now) {
  if (socket?.readyState === WebSocket.OPEN) {
    if (pingedAt && now - pingedAt > PONG_WITHIN) {
      lose();
      wrapper.reconnect();
    } else if (!pingedAt && now - heardAt >= PING_AFTER) {
      pingedAt = now;
      socket.send("ping");
    }
  }
  if (!lostAt || now - lostAt < PAUSED_AFTER) return;
  if (panel.dataset.live !== "paused") state("paused");
  if (now - polledAt >= POLL_EVERY) poll();
}

function state(name) {
  if (panel.dataset.live === name) return;
  panel.dataset.live = name;
  if (name !== "paused") return;
  stamp();
  const word = byId("live-paused").textContent;
  dispatchEvent(new CustomEvent("announce", { detail: { about: "paused", word } }));
}

function stamp() {
  const { timeZone } = panel.dataset;
  byId("live-last").textContent = new Date(heardAt).toLocaleTimeString("en-GB", { timeZone });
}

// --- without the socket: ask every 10 s. page.js is not to tell of each that fails ---

const poller = byId("live");
function poll() {
  polledAt = Date.now();
  htmx.trigger(poller, "poll");
}
for (const name of ["htmx:sendError", "htmx:responseError", "htmx:timeout", "htmx:afterRequest"]) {
  poller.addEventListener(name, (event) => {
    event.stopPropagation();
    if (!event.detail.successful) return;
    heardAt = Date.now();
    stamp();
    if (isOurs) reconnectSoon();
  });
}

// --- every second ---

const deadlines = new WeakMap();
function countDown(now) {
  for (const element of byId("progress-list").querySelectorAll("[data-countdown]:not([hidden])")) {
    if (!deadlines.has(element)) deadlines.set(element, now + element.dataset.countdown * 1000);
    const left = Math.ceil((deadlines.get(element) - now) / 1000);
    element.querySelector("b").textContent = Math.max(left, 0);
    element.hidden = left <= 0;
    element.nextElementSibling.hidden = left > 0;
  }
}

setInterval(() => {
  const now = Date.now();
  countDown(now);
  watch(now);
}, 1000);
