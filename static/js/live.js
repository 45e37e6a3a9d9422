// The socket that keeps the page right: pinged through to Redis and back, and replaced when it is
// dead. While it is away the page says so, and asks the server instead.
import { byId } from "./dom.js";

const panel = byId("progress-panel");
const PING_AFTER = 10_000, PONG_WITHIN = 5_000, PAUSED_AFTER = 15_000, POLL_EVERY = 10_000;
const NOT_ALLOWED = 4401, TOO_MANY = 4429;

let socket = null, wrapper = null, isOurs = false;
let heardAt = Date.now(), lostAt = Date.now(), pingedAt = 0, polledAt = 0, tries = 0;

// How long to wait before the next try: longer each time, until something is heard again, and by
// chance, or a thousand pages that lost their server would come back to it at once.
function delay() {
  return Math.min(1000 * 1.6 ** tries++, 15_000) * (0.5 + Math.random());
}
htmx.config.wsReconnectDelay = delay;
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
panel.addEventListener("htmx:wsBeforeMessage", (event) => {
  heardAt = Date.now();
  pingedAt = 0;
  lostAt = 0;
  tries = 0;
  byId("live-too-many").hidden = true;
  state("on");
  tellNews(event);
});
panel.addEventListener("htmx:wsClose", ({ detail }) => {
  lose();
  isOurs = ![1006, 1011, 1012, 1013].includes(detail.event.code); // those the extension handles
  if (detail.event.code === TOO_MANY) {
    lostAt = 1; // long enough ago: paused at once
    const { textContent: word } = byId("live-too-many");
    if (byId("live-too-many").hidden) dispatchEvent(new CustomEvent("announce", { detail: { about: "crowd", word } }));
    byId("live-too-many").hidden = false;
  }
  if (detail.event.code === NOT_ALLOWED) poll(); // to the login page, or back here by its answer
  else if (isOurs) reconnectSoon();
});

// `{"news": "candidates"}` says that what a page shows of these may have changed: parts of the page
// listen for `live:candidates` on its body. See push_news in notifications/live.py.
function tellNews(event) {
  const { message } = event.detail;
  if (!message.startsWith('{"news"')) return;
  event.preventDefault();
  htmx.trigger(document.body, `live:${JSON.parse(message).news}`);
}

function reconnectSoon() {
  setTimeout(() => {
    if (isOurs && socket.readyState === WebSocket.CLOSED) wrapper?.reconnect();
  }, delay());
}

function lose() {
  lostAt ||= Date.now();
  pingedAt = 0;
  if (panel.dataset.live === "on") state("connecting");
}

// A socket that no longer answers: its end may take minutes to be known.
function giveUp() {
  lose();
  socket.onclose = socket.onerror = null;
  socket.close();
  setTimeout(() => wrapper.reconnect(), delay());
}

function watch(now) {
  if (socket?.readyState === WebSocket.OPEN) {
    if (pingedAt && now - pingedAt > PONG_WITHIN) {
      giveUp();
    } else if (!pingedAt && now - heardAt >= PING_AFTER) {
      pingedAt = now;
      socket.send("ping");
    }
  }
  if (!lostAt || now - lostAt < PAUSED_AFTER) return;
  if (panel.dataset.live !== "paused") {
    state("paused");
    polledAt = now - Math.random() * POLL_EVERY; // nor all at once: those who lost the same server
  }
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
