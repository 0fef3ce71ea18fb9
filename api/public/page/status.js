// Nothing here is needed: it keeps a page that is looked at current, and says its time as it is at this place.
const EVERY_MS = 30_000;
const WITHIN_MS = 10_000;

let shown = document.querySelector("main").outerHTML;

function here() {
  const time = document.querySelector("time");
  if (time) time.textContent = new Date(time.dateTime).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
}

async function again() {
  if (document.hidden) return;
  let answer, text;
  try {
    answer = await fetch(location.href, { headers: { Accept: "text/html" }, signal: AbortSignal.timeout(WITHIN_MS) });
    text = answer.ok ? await answer.text() : "";
  } catch {
    return old("It cannot be brought up to date just now.");
  }
  if (!answer.ok) return old(answer.status === 404 ? "This station is not shown any more." : "It cannot be brought up to date just now.");
  const made = new DOMParser().parseFromString(text, "text/html");
  const main = made.querySelector("main");
  document.title = made.title;
  if (main.outerHTML === shown) return; // who reads it aloud is not thrown back to its beginning
  shown = main.outerHTML;
  document.querySelector("main").replaceWith(main);
  here();
}

function old(why) {
  document.querySelector("main").className = "old";
  const note = document.querySelector("footer span");
  if (note && note.textContent.trim() !== why) note.textContent = ` ${why}`;
  shown = ""; // the next one replaces it in any case
}

here();
setInterval(again, EVERY_MS);
document.addEventListener("visibilitychange", again);
