// One station, whole: followed by its own stream while it is open.
import { Refused } from "../api.js";
import { duration, parsed } from "../pure/times.js";
import { STATUSES } from "../pure/words.js";
import { api, go, mayWrite, network, now, open, page, place } from "../state.js";
import { useEffect, useRef, useState } from "../vendor/preact-hooks.js";
import { availability, newCharger, remove } from "./actions.js";
import { Span } from "./bar.js";
import { Charger } from "./charger.js";
import { Menu, Status, html } from "../html.js";
import { Live } from "./live.js";

const AGAIN_MS = 3_000;

/**
 * A station's document, kept current until the signal ends it.
 * @param {import("../api.js").Api} client @param {string} id @param {AbortSignal} signal
 * @param {(station: any, problem: string) => void} take
 */
async function follow(client, id, signal, take) {
  const path = `/v1/stations/${encodeURIComponent(id)}`;
  const stream = `/v1/stream?event=station&event=deleted&station_id=${encodeURIComponent(id)}`;
  while (!signal.aborted) {
    try {
      let lastId = "";
      for await (const { event, data, id: at } of client.events(stream, lastId, signal)) {
        const began = lastId === "";
        if (at !== undefined) lastId = at;
        if (event === "station") take(JSON.parse(data).document, "");
        else if (began || event === "reset" || event === "deleted") take(await client.get(path, signal), "");
      }
    } catch (error) {
      if (signal.aborted) return;
      take(null, error instanceof Refused && error.status === 404 ? "There is no station with this id any more." : String(/** @type {Error} */ (error).message));
      if (error instanceof Refused && error.status === 404) return;
    }
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
  }
}

export function Drawer() {
  const id = place.value.station;
  if (!id) return null;
  return html`<${Station} key=${id} id=${id} />`;
}

/** @param {{ id: string }} props */
function Station({ id }) {
  const [station, setStation] = useState(/** @type {any} */ (null));
  const [problem, setProblem] = useState("");
  const heading = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => {
    const abort = new AbortController();
    heading.current?.focus();
    if (api.value)
      void follow(api.value, id, abort.signal, (found, wrong) => {
        if (found) setStation(found);
        setProblem(wrong);
      });
    return () => abort.abort();
  }, [id, api.value]);
  const known = network.value;
  const row = open.value;
  const status = station ? STATUSES.indexOf(station.status) : row >= 0 && known ? known.status[row] : 5;
  const since = parsed(station?.since) || (row >= 0 && known ? known.since[row] : Number.NaN);
  const path = `/v1/stations/${encodeURIComponent(id)}`;
  const writes = mayWrite.value && station;
  return html`
    <aside class="drawer" aria-labelledby="station-name">
      <header>
        <${Live} />
        <h2 id="station-name" tabindex="-1" ref=${heading}>${station?.name ?? (row >= 0 ? known?.names[row] : id)}</h2>
        <button type="button" class="close" aria-label="Close" onClick=${() => go({ station: null })}>✕</button>
      </header>
      <p class="where muted">${id}${station?.address ? html`<br />${station.address}` : ""}${page.hasPublicStatus && (station || row >= 0) && html`<br />
        <a href=${`/status/${encodeURIComponent(id)}`} target="_blank" rel="noopener">Page for drivers</a>`}</p>
      <p class="now"><${Status} status=${status} />${Number.isNaN(since) ? "" : html` <span class="muted">for ${duration(now.value - since)}</span>`}</p>
      ${problem && html`<p class="error" role="alert">${problem}</p>`}
      ${station && html`
        <div class="bars">
          ${writes ? html`<${Menu} name="Station" of=${station.name} deeds=${[
            ["Take out of service", () => availability(path, station.name, false)],
            ["Put into service", () => availability(path, station.name, true)],
            ["Add charger", () => newCharger(id)],
            ["Delete", () => remove(path, id, station.name, true)],
          ]} />` : html`<span></span>`}
          <${Span} />
        </div>`}
      ${station?.charge_points.length === 0 && html`<p class="muted">This station has no chargers yet.</p>`}
      ${station?.charge_points.map((/** @type {any} */ one) => html`<${Charger} key=${one.id} charger=${one} writes=${Boolean(writes)} />`)}
      ${!station && !problem && html`<p class="muted">Reading …</p>`}
    </aside>
  `;
}
