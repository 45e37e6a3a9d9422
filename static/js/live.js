// The panel: opens and closes it, and shows what the server sends. It compares versions and
// attributes, and knows nothing of what they mean: the words are the server's.
"use strict";
(() => {
  const panel = document.getElementById("progress-panel");
  if (!panel) return;
  const byId = (id) => document.getElementById(id);
  const PING_AFTER = 10_000, PONG_WITHIN = 5_000, PAUSED_AFTER = 15_000, POLL_EVERY = 10_000;
  const NOT_ALLOWED = 4401;

  // --- panel and bell: what an `aria-controls` button in the top bar opens ---

  const toggles = ["progress-toggle", "bell-toggle"].map(byId).filter(Boolean);
  const sheetOf = (toggle) => byId(toggle.getAttribute("aria-controls"));

  function show(toggle, open) {
    sheetOf(toggle).hidden = !open;
    toggle.setAttribute("aria-expanded", open);
    sessionStorage.setItem(`open:${toggle.id}`, open ? "1" : "");
  }

  function close(toggle) {
    show(toggle, false);
    toggle.focus();
  }

  for (const toggle of toggles) {
    toggle.addEventListener("click", () => {
      const open = sheetOf(toggle).hidden;
      toggles.forEach((other) => show(other, other === toggle && open));
      if (open) sheetOf(toggle).focus();
    });
  }
  const remembered = byId("progress-toggle");
  if (sessionStorage.getItem(`open:${remembered.id}`)) show(remembered, true);
  addEventListener("openPanel", () => show(remembered, true)); // an action was started: see it

  addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.defaultPrevented || byId("dialog")?.open) return;
    if (document.activeElement.closest("details.menu[open]")) return;
    const open = toggles.find((toggle) => !sheetOf(toggle).hidden);
    if (open) close(open);
  });
  panel.addEventListener("click", (event) => {
    if (event.target.closest("[data-close]")) close(remembered);
  });

  // --- what arrives: nothing older than what is shown, nothing twice, no focus lost ---

  const list = () => byId("progress-list");
  const number = (element) => Number(element.id.split("-").pop());
  let focused = null, wasInDialog = false;

  htmx.defineExtension("live", {
    transformResponse(text, xhr) {
      const template = document.createElement("template");
      template.innerHTML = text;
      for (const snapshot of template.content.querySelectorAll("#progress-list")) unpack(snapshot);
      for (const element of [...template.content.children]) {
        const isMain = xhr && !element.hasAttribute("hx-swap-oob") && xhr.getResponseHeader("HX-Retarget");
        if (!isMain && !admit(element)) element.remove();
      }
      focused = document.activeElement;
      wasInDialog = Boolean(focused?.closest("dialog"));
      return template.innerHTML;
    },
  });

  // A snapshot: rows that are not in it go, and each of the others is handled as if it came alone.
  function unpack(snapshot) {
    for (const row of list().children) {
      if (!snapshot.querySelector(`[id="${row.id}"]`)) row.remove();
    }
    snapshot.replaceWith(...snapshot.children);
  }

  function admit(element) {
    if (element.matches("li[data-version]") && !byId(element.id)) makePlace(element);
    const shown = byId(element.id);
    if (!shown || Number(element.dataset.version) < Number(shown.dataset.version)) return false;
    if (shown.querySelector(".htmx-request")) return false; // its own answer is on the way
    if (element.dataset.status && element.dataset.status === shown.dataset.status) {
      const part = element.querySelector("[data-version]");
      element.replaceWith(part);
      return admit(part);
    }
    announce(element, shown);
    for (let e = shown; e; e = e.parentElement.closest("[data-version]")) {
      if (element.dataset.version) e.dataset.version = element.dataset.version;
    }
    element.setAttribute("hx-swap-oob", "true");
    queueMicrotask(() => htmx.trigger(document.body, `live:${element.id}`));
    return true;
  }

  // Newest first: an empty row, which the one that came then takes the place of.
  function makePlace(row) {
    const place = document.createElement("li");
    place.id = row.id;
    place.dataset.version = "0";
    list().insertBefore(place, [...list().children].find((other) => number(other) < number(row)) ?? null);
  }

  // An update took away what had the focus: to what came instead, or the first thing next to it.
  function keepFocus() {
    if (!focused || focused.isConnected) return;
    const isLost = !document.activeElement || document.activeElement === document.body;
    const isForDialog = wasInDialog && !byId("dialog").open; // dialog.js gives it back
    if (isLost && !isForDialog) {
      const home = focused.closest("[id][data-version]:not(.bulk-progress)")?.id;
      const same = focused.id && byId(focused.id);
      (same || byId(home)?.querySelector("button, a") || panel).focus();
    }
    focused = null;
  }
  addEventListener("htmx:wsAfterMessage", keepFocus);
  addEventListener("htmx:afterSettle", keepFocus);

  // --- for screen readers: the newest word on each row, all of them at most every 10 s ---

  const told = JSON.parse(sessionStorage.getItem("told") || "{}");
  const waiting = new Map();
  let toldAt = 0;

  const wordOf = (element) => element.querySelector("[data-announce]")?.dataset.announce ?? element.dataset.announce;

  function announce(element, shown) {
    const word = wordOf(element);
    const key = number({ id: element.id.replace("-progress", "") });
    if (!word || told[key] === word) return;
    told[key] = word;
    sessionStorage.setItem("told", JSON.stringify(told));
    waiting.set(key, word);
  }

  function tellWaiting(now) {
    if (!waiting.size || now - toldAt < 10_000) return;
    byId("live-status").textContent = [...waiting.values()].join(" ");
    waiting.clear();
    toldAt = now;
  }

  const isFirstPage = !sessionStorage.getItem("told");
  for (const row of list().children) {
    if (isFirstPage) told[number(row)] = wordOf(row);
    else announce(row);
  }
  sessionStorage.setItem("told", JSON.stringify(told));

  // --- the socket: pinged through to Redis and back, and replaced when it is dead ---

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
    waiting.set("paused", byId("live-paused").textContent);
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
    for (const element of list().querySelectorAll("[data-countdown]:not([hidden])")) {
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
    tellWaiting(now);
  }, 1000);
})();
