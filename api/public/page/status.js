// Nothing here is needed: it keeps a page that is looked at current, and says its time as it is at this place.
const EVERY_MS = 30_000;

function here() {
  const time = document.querySelector("time");
  time.textContent = new Date(time.dateTime).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
}

async function again() {
  if (document.hidden) return;
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (!answer.ok) return; // what is shown says of when it is
    const made = new DOMParser().parseFromString(await answer.text(), "text/html");
    document.querySelector("main").replaceWith(made.querySelector("main"));
    here();
  } catch {
    // no network: likewise
  }
}

here();
setInterval(again, EVERY_MS);
document.addEventListener("visibilitychange", again);
