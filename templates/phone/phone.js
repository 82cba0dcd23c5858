// The phone's page: sends without leaving it, and looks again when something came. Without this script the page works by reloading.
"use strict";
(() => {
  const phone = document.querySelector(".phone");
  const screen = document.getElementById("screen");
  const base = `/phone/${phone.dataset.token}`;
  const text = document.getElementById("text");
  let shown = screen.innerHTML;

  const toEnd = () => { screen.scrollTop = screen.scrollHeight; };
  const words = (html) => html.replace(/value="tap_[^"]*"/g, "");

  // One look at a time; another wish during it leads to one more.
  let looking = false, again = false;
  async function look() {
    if (looking) { again = true; return; }
    looking = true;
    try {
      const answer = await fetch(`${base}/screen`);
      if (answer.ok) {
        const html = await answer.text();
        if (words(html) !== words(shown)) {
          shown = html;
          screen.innerHTML = html;
          toEnd();
        }
      }
    } catch { /* no connection just now: the next look finds what came */ }
    looking = false;
    if (again) { again = false; look(); }
  }

  document.addEventListener("submit", async (event) => {
    event.preventDefault();
    const form = event.target;
    const body = new URLSearchParams(new FormData(form, event.submitter));
    if (form.classList.contains("write") && !text.value.trim()) return;
    const id = form.querySelector("input[name=id]");
    try {
      const answer = await fetch(form.getAttribute("action"), { method: "POST", body, redirect: "manual" });
      if (answer.type !== "opaqueredirect" && !answer.ok) throw new Error(String(answer.status));
      id.value = `tap_${crypto.randomUUID ? crypto.randomUUID() : Date.now() + "-" + Math.random()}`;
      form.reset();
      form.closest("details.more")?.removeAttribute("open");
    } catch {
      form.classList.add("failed");
      setTimeout(() => form.classList.remove("failed"), 2000);
    }
    look();
  });

  // A list that opens below the edge is brought into view.
  screen.addEventListener("toggle", (event) => {
    if (event.target.open) event.target.scrollIntoView({ block: "nearest" });
  }, true);

  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      text.form.requestSubmit();
    }
  });

  const events = new EventSource(`${base}/events`);
  events.addEventListener("look", look);
  document.addEventListener("visibilitychange", look);
  setInterval(look, 5000);
  toEnd();
})();
