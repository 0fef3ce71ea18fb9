// How live the picture is; always in sight.
import { clock, duration } from "../pure/times.js";
import { away, liveness, now } from "../state.js";
import { html } from "../html.js";

const WORDS = { loading: "Loading", live: "Live", "catching up": "Catching up" };

export function Live() {
  const { state, since, behind } = liveness.value;
  const late = behind ? ` · ${duration(behind)} behind` : "";
  const text = state === "stale" ? `Stale since ${clock(since)} · ${duration(now.value - since)}` : `${WORDS[state]}${late}`;
  const title = behind
    ? "What chargers have reported since waits to be taken in: each plug is shown as it was then"
    : state === "live" ? "Changes show within a second or two" : away.value || "Reading what happened meanwhile";
  return html`<p class=${`live ${state === "live" ? "live-now" : state.replace(" ", "-")}`} title=${title}><i aria-hidden="true"></i>${text}</p>`;
}
