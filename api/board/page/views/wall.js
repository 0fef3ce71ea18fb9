// The wall: every station a cell on one canvas. A change repaints its cell alone; the order settles every few seconds.
import { amongStations, step } from "../pure/keys.js";
import { cellAt, laidOut } from "../pure/layout.js";
import { STATUS_WORDS, HEALTH_WORDS } from "../pure/words.js";
import { at, changed, go, network, now, open, rows } from "../state.js";
import { painted } from "../theme.js";
import { useEffect, useRef, useState } from "../vendor/preact-hooks.js";
import { useComputed, useSignalEffect } from "../vendor/signals.js";
import { Painter } from "./painter.js";
import { html } from "../html.js";
import { Tip } from "./tip.js";

const TWIN = 50; // rows of the table for who cannot see

export function Wall() {
  const canvas = useRef(/** @type {HTMLCanvasElement | null} */ (null));
  const frame = useRef(/** @type {HTMLDivElement | null} */ (null));
  const painter = useRef(/** @type {Painter | null} */ (null));
  const [pointed, setPointed] = useState(-1);
  const [size, setSize] = useState({ width: 0, height: 0 });

  useEffect(() => {
    const box = /** @type {HTMLDivElement} */ (frame.current);
    const observer = new ResizeObserver(() => setSize({ width: box.clientWidth, height: box.clientHeight }));
    observer.observe(box);
    painter.current = new Painter(/** @type {HTMLCanvasElement} */ (canvas.current));
    return () => (observer.disconnect(), painter.current?.end());
  }, []);

  const layout = laidOut(rows.value.length, size.width - 24, size.height - 24);
  const picture = () => ({ network: /** @type {any} */ (network.value), rows: rows.value, layout, at: at.value, open: open.value });

  useEffect(() => {
    if (size.width) painter.current?.all(picture(), painted.value);
  }, [size.width, size.height, rows.value, network.value, painted.value, at.value, open.value]);
  useSignalEffect(() => {
    const some = changed.value;
    if (some.length) painter.current?.some(some);
  });
  // The words on cards say how long.
  useSignalEffect(() => {
    if (now.value % 10_000 < 1_000) painter.current?.words();
  });

  const find = (/** @type {MouseEvent} */ event) => {
    const box = /** @type {HTMLCanvasElement} */ (canvas.current).getBoundingClientRect();
    return cellAt(layout, rows.value.length, event.clientX - box.left, event.clientY - box.top);
  };
  const onKey = (/** @type {KeyboardEvent} */ event) => {
    const deed = amongStations(event);
    if (!deed) return;
    event.preventDefault();
    if (deed === "open") return at.value >= 0 && openAt(at.value);
    at.value = step(at.value, deed, layout.columns, rows.value.length);
  };
  const told = pointed >= 0 ? pointed : at.value;
  return html`
    <div class="wall stations" ref=${frame} tabindex="0" role="group" onKeyDown=${onKey}
      aria-label=${`Wall of ${rows.value.length} stations: arrow keys go from one to the next, Enter opens it`}>
      <canvas ref=${canvas} aria-hidden="true" onMouseMove=${(/** @type {MouseEvent} */ event) => setPointed(find(event))}
        onMouseLeave=${() => setPointed(-1)}
        onClick=${(/** @type {MouseEvent} */ event) => {
          const found = find(event);
          if (found >= 0) openAt(found);
        }}></canvas>
      ${told >= 0 && told < rows.value.length && layout.kind === "tile" && html`<${Tip} row=${rows.value[told]} cell=${told} layout=${layout} />`}
      <${Twin} />
    </div>
    <p class="unseen" aria-live="polite">${at.value >= 0 ? said(rows.value[at.value]) : ""}</p>
  `;
}

/** @param {number} cell */
function openAt(cell) {
  at.value = cell;
  go({ station: /** @type {any} */ (network.value).ids[rows.value[cell]] });
}

/** @param {number} row */
function said(row) {
  const known = network.value;
  if (!known || row === undefined) return "";
  return `${known.names[row]}: ${STATUS_WORDS[known.status[row]]}, ${HEALTH_WORDS[known.health[row]]}`;
}

/** The first cells as a table, for screen readers; the list has all of them. */
function Twin() {
  const first = useComputed(() => (Math.floor(now.value / 5_000), rows.value.slice(0, TWIN)));
  const known = network.value;
  if (!known) return null;
  return html`
    <table class="unseen">
      <caption>The first ${Math.min(TWIN, first.value.length)} stations of the wall; the list has all of them</caption>
      <thead><tr><th scope="col">Station</th><th scope="col">Status</th><th scope="col">Health</th></tr></thead>
      <tbody>${first.value.map((row) => html`
        <tr key=${known.ids[row]}><th scope="row">${known.names[row]}</th><td>${STATUS_WORDS[known.status[row]]}</td><td>${HEALTH_WORDS[known.health[row]]}</td></tr>`)}
      </tbody>
    </table>
  `;
}
