// The network in numbers; each number is a filter.
import { HEALTH_WORDS, STATUS_WORDS, number } from "../pure/words.js";
import { narrow, place, totals } from "../state.js";
import { Glyph, html } from "../html.js";

export function Counts() {
  const known = totals.value;
  if (!known) return null;
  const { filter } = place.value;
  return html`
    <section class="counts" aria-label="Counts; each is a filter">
      <${Group} name="Stations">
        ${HEALTH_WORDS.map((word, health) => html`
          <${Count} word=${word} n=${known.health[health]} kind=${`health-${health}`} on=${filter.health.includes(health)}
            toggle=${() => narrow({ health: toggled(filter.health, health) })} />`)}
      <//>
      <${Group} name="Plugs (EVSEs)">
        ${STATUS_WORDS.map((word, status) => html`
          <${Count} word=${word} n=${known.evses[status]} status=${status} on=${filter.status.includes(status)}
            toggle=${() => narrow({ status: toggled(filter.status, status) })} />`)}
      <//>
      <${Group} name="Chargers">
        <${Count} word="Offline" n=${known.offline} kind="offline" on=${filter.offline}
          toggle=${() => narrow({ offline: !filter.offline })} />
      <//>
    </section>
  `;
}

/** @param {{ name: string, children: any }} props */
const Group = ({ name, children }) =>
  html`<div class="group" role="group" aria-label=${name}><h2>${name}</h2><div>${children}</div></div>`;

/** @param {{ word: string, n: number, on: boolean, toggle: () => void, status?: number, kind?: string }} props */
const Count = ({ word, n, on, toggle, status, kind = "" }) => html`
  <button type="button" class=${`count ${kind} ${n ? "" : "none"}`} aria-pressed=${on} onClick=${toggle}>
    <b>${number(n)}</b><span>${status === undefined ? html`<i aria-hidden="true"></i>` : html`<${Glyph} status=${status} />`}${word}</span>
  </button>
`;

/** @param {number[]} list @param {number} one */
const toggled = (list, one) => (list.includes(one) ? list.filter((other) => other !== one) : [...list, one]);
