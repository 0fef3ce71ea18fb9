// The list: rows of one height, of which only those in sight exist.
import { amongStations, step } from "../pure/keys.js";
import { duration } from "../pure/times.js";
import { HEALTH_WORDS, STATUSES, STATUS_WORDS } from "../pure/words.js";
import { at, changed, go, network, now, open, rows } from "../state.js";
import { useEffect, useRef, useState } from "../vendor/preact-hooks.js";
import { Glyph, Status, html } from "../html.js";

const HEIGHT = 52;
const BEYOND = 6;
const HEAD = 32;
const HEADS = [["name", "Station"], ["word", "Status"], ["since", "For"], ["evses", "Plugs"], ["health", "Health"], ["away", "Chargers"]];

export function List() {
  const box = useRef(/** @type {HTMLDivElement | null} */ (null));
  const [seen, setSeen] = useState({ top: 0, height: 800 });
  const look = () => {
    if (box.current) setSeen({ top: box.current.scrollTop, height: box.current.clientHeight });
  };
  useEffect(() => {
    const observer = new ResizeObserver(look);
    observer.observe(/** @type {HTMLDivElement} */ (box.current));
    return () => observer.disconnect();
  }, []);
  useEffect(() => {
    const list = box.current;
    if (!list || at.value < 0) return;
    const top = at.value * HEIGHT;
    if (top < list.scrollTop) list.scrollTop = top;
    else if (top + HEIGHT + HEAD > list.scrollTop + list.clientHeight) list.scrollTop = top + HEIGHT + HEAD - list.clientHeight;
  }, [at.value]);
  void changed.value;
  const known = /** @type {import("../state.js").Network} */ (network.value);
  const n = rows.value.length;
  const first = Math.max(0, Math.floor(seen.top / HEIGHT) - BEYOND);
  const last = Math.min(n, Math.ceil((seen.top + seen.height) / HEIGHT) + BEYOND);
  const onKey = (/** @type {KeyboardEvent} */ event) => {
    const deed = amongStations(event);
    if (!deed) return;
    event.preventDefault();
    if (deed === "open") return at.value >= 0 && openAt(at.value);
    at.value = step(at.value, deed, 1, n);
  };
  return html`
    <div class="list stations" ref=${box} tabindex="0" role="table" aria-label="Stations" aria-rowcount=${n}
      aria-activedescendant=${at.value >= 0 ? `row-${rows.value[at.value]}` : undefined} onScroll=${look} onKeyDown=${onKey}>
      <div role="rowgroup" class="heads"><div role="row" class="row">
        ${HEADS.map(([name, word]) => html`<span role="columnheader" class=${name}>${word}</span>`)}
      </div></div>
      <div role="rowgroup" class="spacer" style=${{ height: `${n * HEIGHT}px` }}>
        ${rows.value.slice(first, last).map((row, index) => html`
          <${Row} key=${known.ids[row]} known=${known} row=${row} index=${first + index} />`)}
      </div>
    </div>
  `;
}

/** @param {number} index */
function openAt(index) {
  at.value = index;
  go({ station: /** @type {any} */ (network.value).ids[rows.value[index]] });
}

/** @param {{ known: import("../state.js").Network, row: number, index: number }} props */
function Row({ known, row, index }) {
  const since = known.since[row];
  const marked = index === at.value || row === open.value;
  return html`
    <div id=${`row-${row}`} role="row" aria-rowindex=${index + 1} class=${`row ${marked ? "marked" : ""}`}
      style=${{ transform: `translateY(${index * HEIGHT}px)` }} onClick=${() => openAt(index)}>
      <span role="cell" class="name"><strong>${known.names[row]}</strong><small>${known.ids[row]}</small></span>
      <span role="cell" class="word"><${Status} status=${known.status[row]} /></span>
      <span role="cell" class="since">${Number.isNaN(since) ? "" : duration(now.value - since)}</span>
      <span role="cell" class="evses"><${Evses} known=${known} row=${row} /></span>
      <span role="cell" class=${`health health-${known.health[row]}`}>${HEALTH_WORDS[known.health[row]]}</span>
      <span role="cell" class="away">${known.offline[row] ? `${known.offline[row]} of ${known.chargePoints[row]} offline` : known.chargePoints[row] || "none"}</span>
    </div>
  `;
}

/** @param {{ known: import("../state.js").Network, row: number }} props */
const Evses = ({ known, row }) =>
  STATUSES.map((_, status) => {
    const n = known.evses(row, status);
    return n > 0 && html`<span class="some" title=${STATUS_WORDS[status]}><${Glyph} status=${status} />${n}<span class="unseen"> ${STATUS_WORDS[status]}</span></span>`;
  });
