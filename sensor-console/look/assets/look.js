// What makes the pages lively. Nothing here is needed: every action works without it.
(() => {
  "use strict";
  const root = document.documentElement, key = "picket-scheme";
  let chosen = null;
  try { chosen = localStorage.getItem(key); } catch { /* A browser that keeps nothing. */ }
  if (chosen === "light" || chosen === "dark") root.dataset.scheme = chosen;
  const dark = () => root.dataset.scheme ? root.dataset.scheme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;

  const two = (number) => String(number).padStart(2, "0");
  const local = (date) => `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ` +
    `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  const times = (within) => {
    for (const time of within.querySelectorAll("time[data-utc]:not([data-done])")) {
      const date = new Date(time.dateTime);
      if (isNaN(date)) continue;
      time.dataset.done = "";
      const utc = time.dataset.utc;
      if ("relative" in time.dataset) time.dataset.utc = local(date) + " here\n" + utc;
      else { time.textContent = local(date); time.classList.add("when"); time.tabIndex = -1; }
    }
    for (const button of within.querySelectorAll("[data-copy][hidden], [data-scheme-switch][hidden]")) button.hidden = false;
  };

  const chosenFile = (input) => {
    const said = input.parentElement.querySelector("output"), file = input.files[0];
    if (said) said.textContent = file ? `${file.name}, ${file.size.toLocaleString("en")} bytes` : "";
  };
  const copy = async (button) => {
    try { await navigator.clipboard.writeText(button.dataset.copy); } catch {
      const range = document.createRange();
      range.selectNodeContents(button.previousElementSibling || button);
      getSelection().removeAllRanges(); getSelection().addRange(range);
      if (!document.execCommand("copy")) return;
    }
    button.classList.add("copied");
    setTimeout(() => button.classList.remove("copied"), 1500);
  };

  // Parts with an id are replaced where they changed, but for one that a person is in: what has an id keeps the focus.
  const live = (place) => {
    const seen = new Map(), source = new EventSource(place.dataset.live);
    source.addEventListener("part", (event) => {
      const made = document.createElement("template");
      made.innerHTML = event.data;
      for (const part of made.content.children) {
        const old = document.getElementById(part.id);
        if (!old || seen.get(part.id) === part.outerHTML) continue;
        const focused = document.activeElement, within = old.contains(focused);
        if (within && !focused.id || old.querySelector("details[open]")) continue;
        seen.set(part.id, part.outerHTML);
        old.replaceWith(part);
        times(part);
        if (within) document.getElementById(focused.id)?.focus();
      }
    });
    source.addEventListener("gone", () => { source.close(); location.reload(); });
    addEventListener("pagehide", () => source.close());
  };

  addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.dataset.copy) copy(button);
    if ("schemeSwitch" in button.dataset) {
      root.dataset.scheme = dark() ? "light" : "dark";
      try { localStorage.setItem(key, root.dataset.scheme); } catch { /* For this page only. */ }
    }
  });
  addEventListener("change", (event) => { if (event.target.type === "file") chosenFile(event.target); });
  for (const kind of ["dragover", "dragleave", "drop"]) addEventListener(kind, (event) => {
    const area = event.target.closest && event.target.closest("[data-drop]");
    if (!area) return;
    event.preventDefault();
    area.classList.toggle("over", kind === "dragover");
    if (kind !== "drop" || !event.dataTransfer.files.length) return;
    const input = area.querySelector("input");
    input.files = event.dataTransfer.files;
    chosenFile(input);
  });
  setInterval(() => {
    for (const left of document.querySelectorAll("[data-countdown]")) {
      const seconds = Math.max(0, left.dataset.countdown - 1);
      left.dataset.countdown = seconds;
      left.textContent = Math.floor(seconds / 60) + ":" + two(seconds % 60);
    }
  }, 1000);
  addEventListener("DOMContentLoaded", () => {
    times(document);
    const refusal = document.querySelector("h1 + .refusal");
    if (refusal) refusal.focus();
    for (const place of document.querySelectorAll("[data-live]")) live(place);
  });
  addEventListener("htmx:afterSettle", (event) => times(event.target));
})();
