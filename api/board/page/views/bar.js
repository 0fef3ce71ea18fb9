// The last day or week of a connector as a bar, out of its history, with the same in words.
import { COLOURS } from "../pure/glyphs.js";
import { moment, parsed } from "../pure/times.js";
import { segments, shares } from "../pure/timeline.js";
import { STATUSES, STATUS_WORDS } from "../pure/words.js";
import { api, now } from "../state.js";
import { useEffect, useState } from "../vendor/preact-hooks.js";
import { signal } from "../vendor/signals.js";
import { html } from "../html.js";

const SPANS = { "1 h": 3_600_000, "24 h": 24 * 3_600_000, "7 d": 7 * 24 * 3_600_000 };
const MOST = 500;
const chosen = signal("24 h");

export const Span = () => html`
  <div class="span" role="group" aria-label="Time shown in the bars">
    ${Object.keys(SPANS).map((one) => html`<button type="button" aria-pressed=${one === chosen.value} onClick=${() => (chosen.value = one)}>${one}</button>`)}
  </div>
`;

/**
 * The lines of the span and the last one before it.
 * @param {import("../api.js").Api} client @param {string} path @param {string} query @param {number} from @param {AbortSignal} ended
 */
async function lines(client, path, query, from, ended) {
  const at = new Date(from).toISOString();
  const found = (await client.get(`${path}/history?${query}&from=${at}&limit=${MOST}`, ended)).items;
  const before = found.length < MOST ? (await client.get(`${path}/history?${query}&to=${at}&limit=1`, ended)).items : [];
  return { found, before: before[0] ?? null };
}

/** @param {{ path: string, evse: number, connector: any, name: string }} props */
export function Bar({ path, evse, connector, name }) {
  const span = chosen.value;
  const [known, setKnown] = useState(/** @type {any} */ (null));
  useEffect(() => {
    const abort = new AbortController();
    const from = now.peek() - SPANS[/** @type {"24 h"} */ (span)];
    const query = `kind=STATUS&evse_id=${evse}&connector_id=${connector.id}`;
    if (api.value)
      lines(api.value, path, query, from, abort.signal).then(
        (read) => setKnown({ ...read, from }),
        () => !abort.signal.aborted && setKnown({ failed: true }),
      );
    return () => abort.abort();
  }, [path, evse, connector.id, connector.received_at, span]);
  if (!known) return html`<div class="bar waiting"></div>`;
  if (known.failed) return html`<p class="muted">Its history cannot be read just now.</p>`;
  const to = Math.floor(now.value / 10_000) * 10_000;
  const start = known.before ? STATUSES.indexOf(known.before.normalized ?? "") : -1;
  const oldest = known.found.length ? parsed(known.found[known.found.length - 1].received_at) : to;
  // Of what nobody knows there is no bar: it begins where something is known.
  const from = start < 0 ? Math.min(oldest, to - 1) : known.from;
  const made = segments(known.found, from, to, start < 0 ? null : start);
  const whole = to - from;
  const time = start < 0 ? `Since ${moment(from, to)}` : `Last ${span}`;
  const told = shares(made).filter((one) => one.share >= 0.01).map((one) => `${word(one.status)} ${Math.round(one.share * 100)}\u00a0%`);
  return html`
    <figure class="past">
      <svg class="bar" viewBox="0 0 1000 16" preserveAspectRatio="none" role="img" aria-label=${`${name}, ${time}: ${told.join(", ")}`}>
        ${made.map((one) => html`
          <rect class=${one.status === null ? "nothing" : COLOURS[one.status]} x=${((one.from - from) / whole) * 1000} y="0" height="16"
            width=${Math.max(1, ((one.to - one.from) / whole) * 1000)}><title>${word(one.status)}, ${moment(one.from, to)} to ${moment(one.to, to)}</title></rect>`)}
      </svg>
      <figcaption>${[time, ...told.slice(0, 3)].join(" · ")}</figcaption>
    </figure>
  `;
}

/** @param {number | null} status */
const word = (status) => (status === null ? "Not known" : STATUS_WORDS[status]);
