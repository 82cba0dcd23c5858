// The desk's pages, kept up to date. Without this file they work all the same: load them again to see what is new.
// Only ever replaces parts by those of the same page fetched again: the server escapes, nothing is put together here.
(() => {
  "use strict";
  const body = document.body;
  if (!body.dataset.feed) return;
  const own = body.dataset.conversation || "";
  let wanted = false, running = false, away = false;

  // Somebody writes here: it stays as it is until they are done.
  const busy = (part) =>
    (part.contains(document.activeElement) && document.activeElement.matches("input, textarea, select")) ||
    [...part.querySelectorAll("textarea:not([readonly]), input:not([type=hidden])")].some((field) => field.value.trim() !== "");
  // Ids of acts are new in each answer, and what is folded open is the reader's: neither makes a part another one.
  const told = (part) => part.innerHTML.replace(/act_[0-9a-z]+/g, "").replace(/ open=""/g, "");

  async function refresh() {
    wanted = true;
    if (running) return;
    running = true;
    while (wanted) {
      wanted = false;
      try {
        const answer = await fetch(location.href, { headers: { "X-Intake-Live": "1" }, redirect: "manual", cache: "no-store" });
        if (answer.type === "opaqueredirect" || answer.status === 401) { location.reload(); return; }
        if (answer.ok) put(new DOMParser().parseFromString(await answer.text(), "text/html"));
      } catch { away = true; }
      await new Promise((done) => setTimeout(done, 300)); // many changes at once are one look
    }
    running = false;
  }

  function put(next) {
    document.title = next.title;
    for (const part of document.querySelectorAll("[data-live]")) {
      const other = next.getElementById(part.id);
      if (!other || busy(part) || told(part) === told(other)) continue;
      const nRed = (element) => Number(element.dataset.nRed || 0);
      if (part.id === "queue" && nRed(other) > nRed(part)) beep();
      const focused = part.contains(document.activeElement) ? document.activeElement : null;
      const fresh = document.importNode(other, true);
      part.replaceWith(fresh);
      if (focused) again(fresh, focused);
    }
  }

  // The same link or button as before, for those who work by keyboard.
  function again(part, was) {
    const same = was.matches("a")
      ? [...part.querySelectorAll("a")].find((link) => link.href === was.href)
      : [...part.querySelectorAll("button")].find((button) => button.value === was.value && button.form?.action === was.form?.action);
    same?.focus();
  }

  const source = new EventSource("/desk/events?after=" + encodeURIComponent(body.dataset.feed));
  source.addEventListener("changed", (event) => {
    const [conversation, parts] = event.data.split(" ", 2);
    if (own ? conversation === own : (parts || "").split(",").includes("queue")) refresh();
  });
  source.addEventListener("reload", refresh);
  source.addEventListener("ended", () => { source.close(); location.reload(); });
  source.onopen = () => { if (away) { away = false; refresh(); } };
  source.onerror = () => { away = true; };
  document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh(); });
  // Waiting times and clocks move by themselves.
  setInterval(() => { if (!document.hidden) refresh(); }, 30000);

  let sound = null;
  const button = document.getElementById("sound");
  function beep() {
    if (!sound) return;
    const tone = sound.createOscillator(), volume = sound.createGain();
    volume.gain.value = 0.15;
    tone.connect(volume).connect(sound.destination);
    tone.start();
    tone.stop(sound.currentTime + 0.25);
  }
  if (button) {
    button.hidden = false;
    button.addEventListener("click", () => {
      if (sound) { sound.close(); sound = null; } else { sound = new AudioContext(); beep(); }
      button.textContent = sound ? "Sound is on" : "Sound is off";
    });
  }
  const latest = document.getElementById("latest");
  if (latest && !location.hash) latest.scrollIntoView({ block: "center" });
  addEventListener("pageshow", () => { for (const form of document.forms) delete form.dataset.sent; });
  // A second click on the same button is told apart by the server; this only spares the wait.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.sent) { event.preventDefault(); return; }
    if (form.method === "post") form.dataset.sent = "1";
  });
})();
