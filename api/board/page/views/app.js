// The page as a whole: what is always there, and in the middle what fits the moment.
import { KEYS, anywhere } from "../pure/keys.js";
import { EVERYTHING, isOpen } from "../pure/order.js";
import { dialog, go, liveness, mayWrite, narrow, network, open, page, place, rows, signOut, spoken, trouble } from "../state.js";
import { next } from "../theme.js";
import { useEffect } from "../vendor/preact-hooks.js";
import { signal } from "../vendor/signals.js";
import { newStation } from "./actions.js";
import { Counts } from "./counts.js";
import { Dialog } from "./dialog.js";
import { Drawer } from "./drawer.js";
import { html } from "../html.js";
import { List } from "./list.js";
import { Live } from "./live.js";
import { Empty, Loading, NothingFound, Refusal, SignIn } from "./moments.js";
import { WorldMap } from "./map.js";
import { Wall } from "./wall.js";

/** A phone has no room for a wall. */
const phone = matchMedia("(max-width: 720px)");
const slim = signal(phone.matches);
phone.addEventListener("change", () => (slim.value = phone.matches));

const seen = () => (slim.value && place.value.view === "wall" ? "list" : place.value.view);

const VIEWS = { wall: Wall, list: List, map: WorldMap };
const VIEW_WORDS = /** @type {const} */ ([["wall", "Wall"], ["list", "List"], ["map", "Map"]]);
const ORDER_WORDS = { worst: "worst first", name: "by name", longest: "longest first" };

export const showHelp = () =>
  (dialog.value = {
    title: "Keys",
    body: html`<dl class="keys">${KEYS.map(([key, what]) => html`<div><dt>${key.split(" ").map((one) => html`<kbd>${one}</kbd>`)}</dt><dd>${what}</dd></div>`)}</dl>`,
  });

/** @param {KeyboardEvent} pressed */
function onKey(pressed) {
  const target = /** @type {HTMLElement} */ (pressed.target);
  const deed = anywhere(pressed, Boolean(target.closest("input, textarea, select, dialog")));
  if (!deed || (dialog.value && deed !== "close")) return;
  if (deed === "search") /** @type {HTMLElement | null} */ (document.querySelector("#search"))?.focus();
  else if (deed === "help") showHelp();
  else if (deed === "theme") next();
  else if (deed === "close") close(target);
  else go({ view: /** @type {"wall"} */ (deed) });
  pressed.preventDefault();
}

/** @param {HTMLElement} target */
function close(target) {
  if (dialog.value) dialog.value = null;
  else if (place.value.station) {
    go({ station: null });
    /** @type {HTMLElement | null} */ (document.querySelector(".stations"))?.focus();
  } else if (!isOpen(place.value.filter)) go({ filter: EVERYTHING });
  else target.blur();
}

export function App() {
  useEffect(() => {
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
  const problem = trouble.value;
  if (problem?.kind === "sign in") return html`<${SignIn} detail=${problem.detail} />`;
  const { state } = liveness.value;
  return html`
    <div class=${`board ${state === "stale" ? "stale" : ""} ${open.value >= 0 ? "opened" : ""}`}>
      <${Header} />
      ${problem ? html`<${Refusal} detail=${problem.detail} />` : network.value ? html`<${Known} />` : html`<${Loading} />`}
      <p class="unseen" role="status" aria-live="polite">${spoken.value}</p>
      <${Dialog} />
    </div>
  `;
}

function Header() {
  const { filter } = place.value;
  const view = seen();
  return html`
    <header>
      <h1>Plugwatch</h1>
      <nav aria-label="Views">
        ${VIEW_WORDS.map(
          ([name, word]) =>
            html`<button type="button" class=${`view-${name}`} aria-pressed=${view === name} onClick=${() => go({ view: name })}>${word}</button>`,
        )}
      </nav>
      <label class="search">
        <span class="unseen">Search stations</span>
        <input id="search" type="search" placeholder="Search by name or id" autocomplete="off" maxlength="100" value=${filter.q}
          onInput=${(/** @type {InputEvent} */ event) => narrow({ q: /** @type {HTMLInputElement} */ (event.target).value })} />
        <kbd aria-hidden="true">/</kbd>
      </label>
      ${!trouble.value && html`<${Live} />`}
      <div class="tools">
        ${mayWrite.value && html`<button type="button" class="adds" onClick=${newStation}>Add station</button>`}
        <button type="button" title="Light, dark, as the system (t)" aria-label="Change between light and dark" onClick=${next}>◐</button>
        <button type="button" title="Keys (?)" aria-label="Keyboard help" class="help" onClick=${showHelp}>?</button>
        <button type="button" onClick=${signOut}>Sign out</button>
      </div>
    </header>
  `;
}

function Known() {
  const known = /** @type {import("../state.js").Network} */ (network.value);
  if (known.size === 0) return html`<main><${Empty} /></main>`;
  const View = VIEWS[seen()];
  return html`
    <${Counts} />
    <main>
      <${Shown} known=${known} />
      <div class="view">${rows.value.length || place.value.view === "map" ? html`<${View} />` : html`<${NothingFound} />`}</div>
    </main>
    <${Drawer} />
  `;
}

/** Says what is shown, and in which order. @param {{ known: import("../state.js").Network }} props */
function Shown({ known }) {
  const { filter, order } = place.value;
  const n = rows.value.length;
  const all = known.totals.stations;
  const few = known.total > known.size ? `, the worst of ${known.total.toLocaleString("en")}; the counts${place.value.view === "map" && isOpen(filter) ? " and the map" : ""} are of all` : "";
  return html`
    <div class="shown">
      <p>${n === all ? `${all.toLocaleString("en")} stations` : `${n.toLocaleString("en")} of ${all.toLocaleString("en")} stations`}${few}
        ${!isOpen(filter) && html` <button type="button" class="link" onClick=${() => go({ filter: EVERYTHING })}>show all</button>`}
        ${page.readOnly && html` <span class="muted">· this API only reads</span>`}
      </p>
      <label><span>Order</span>
        <select value=${order} onChange=${(/** @type {Event} */ event) => go({ order: /** @type {any} */ (event.target).value })}>
          ${Object.entries(ORDER_WORDS).map(([name, word]) => html`<option value=${name} selected=${order === name}>${word}</option>`)}
        </select>
      </label>
    </div>
  `;
}
