// A charge point with its connectors: what, since when, and why.
import { duration, moment, parsed } from "../pure/times.js";
import { CONNECTIVITY_WORDS, PROTOCOL_WORDS, REASON_WORDS, STATUSES } from "../pure/words.js";
import { now } from "../state.js";
import { availability, move, remove, reset, trigger, unlock } from "./actions.js";
import { Bar } from "./bar.js";
import { Menu, Status, html } from "../html.js";
import { Trace } from "./trace.js";

/** @param {{ charger: any, writes: boolean }} props */
export function Charger({ charger, writes }) {
  const path = `/v1/charge-points/${encodeURIComponent(charger.id)}`;
  const seen = parsed(charger.last_seen_at);
  const made = [PROTOCOL_WORDS[charger.protocol] ?? charger.protocol, charger.vendor, charger.model, charger.firmware && `firmware ${charger.firmware}`].filter(Boolean);
  const refused = charger.registration !== "ACCEPTED" ? ` · registration ${charger.registration.toLowerCase()}` : "";
  return html`
    <section class="charger" aria-label=${`Charger ${charger.id}`}>
      <header><h3>${charger.id}</h3>
        ${writes && html`<${Menu} name="Charger" of=${charger.id} deeds=${[
          [charger.operative ? "Take out of service" : "Put into service", () => availability(path, charger.id, !charger.operative)],
          ["Ask for its state", () => trigger(charger.id)],
          ["Reset", () => reset(charger.id)],
          ["Move", () => move(charger.id)],
          ["Delete", () => remove(path, charger.id, charger.id, false)],
        ]} />`}
      </header>
      <p class=${`connectivity ${charger.connectivity.toLowerCase()}`}><i aria-hidden="true"></i>${CONNECTIVITY_WORDS[charger.connectivity]}${refused}
        ${!Number.isNaN(seen) && html`<span class="muted"> · last event ${moment(seen, now.value)}</span>`}</p>
      ${made.length > 0 && html`<p class="muted made">${made.join(" · ")}</p>`}
      ${charger.identity_conflict && html`<p class="error">Two devices seem to bear this id: their connections replace each other.</p>`}
      ${notes(charger).map((note) => html`<p class="wish">${note}</p>`)}
      ${charger.evses.map((/** @type {any} */ evse) => evse.connectors.map((/** @type {any} */ one) => html`
        <${Connector} key=${`${evse.id}.${one.id}`} charger=${charger} evse=${evse} connector=${one} path=${path} writes=${writes} />`))}
      ${charger.evses.length === 0 && html`<p class="muted">It has reported no connector yet.</p>`}
      <${Trace} path=${path} writes=${writes} />
    </section>
  `;
}

/** What operators wanted of it, and what still waits. @param {any} charger @returns {string[]} */
function notes(charger) {
  const out = (charger.out_of_service ?? []).map((/** @type {any} */ one) => {
    const where = one.evse_id ? `EVSE ${one.evse_id}${one.connector_id ? `, connector ${one.connector_id}` : ""}: taken` : "Taken";
    const by = one.by ? ` by ${one.by}` : "";
    return `${where} out of service${by}, ${moment(parsed(one.since), now.value)}${one.note ? `: “${one.note}”` : ""}`;
  });
  const wish = charger.intent;
  if (wish) {
    const what = wish.operative ? "into service" : "out of service";
    out.push(`To be put ${what} since ${moment(parsed(wish.since), now.value)}, not done yet${wish.note ? `: “${wish.note}”` : ""}`);
  } else if (!charger.operative && out.length === 0) out.push("Taken out of service by an operator");
  return out;
}

/** @param {{ charger: any, evse: any, connector: any, path: string, writes: boolean }} props */
function Connector({ charger, evse, connector, path, writes }) {
  const status = STATUSES.indexOf(connector.status);
  const since = parsed(connector.since);
  const only = evse.connectors.length === 1;
  const name = only ? `EVSE ${evse.id}` : `EVSE ${evse.id}, plug ${connector.id}`;
  const place = `${path}/connectors/${evse.id}/${connector.id}`;
  return html`
    <article class="connector">
      <header>
        <h4>${name}</h4>
        <${Status} status=${status} />
        ${writes && html`<${Menu} name="" of=${`${charger.id}, ${name}`} deeds=${[
          ["Unlock", () => unlock(charger.id, evse.id, connector.id)],
          ["Take out of service", () => availability(place, name, false)],
          ["Put into service", () => availability(place, name, true)],
        ]} />`}
        <time title=${new Date(since).toLocaleString()}>${Number.isNaN(since) ? "" : duration(now.value - since)}</time>
      </header>
      <p class="why">${why(connector)}</p>
      <${Bar} path=${path} evse=${evse.id} connector=${connector} name=${name} />
    </article>
  `;
}

/** Its own word, why it counts as it does, and the error with the vendor's. @param {any} connector */
function why(connector) {
  const { reported, reason, error_code, vendor_error_code, vendor_id, info } = connector;
  const own = reason === "OWN" ? `Reports ${reported}` : `${sentence(REASON_WORDS[reason] ?? reason)}; last reported ${reported}`;
  const error = error_code && error_code !== "NoError" ? [error_code, vendor_error_code, vendor_id].filter(Boolean).join(", ") : vendor_error_code;
  return html`<span>${own}</span>${error && html`<strong class="fault">${error}</strong>`}${info && html`<q>${info}</q>`}`;
}

/** @param {string} text */
const sentence = (text) => text[0].toUpperCase() + text.slice(1);
