// Templates without a build step; and the shape of a status.
import { COLOURS, GLYPHS } from "./pure/glyphs.js";
import { STATUS_WORDS } from "./pure/words.js";
import htm from "./vendor/htm.js";
import { h } from "./vendor/preact.js";

export const html = htm.bind(h);

/** The shape of a status; its word stands beside it. @param {{ status: number }} props */
export const Glyph = ({ status }) =>
  html`<svg class=${`glyph ${COLOURS[status]}`} viewBox="0 0 24 24" aria-hidden="true"><path d=${GLYPHS[status]} fill-rule="evenodd" /></svg>`;

/**
 * What can be done, behind one button.
 * @param {{ name: string, of: string, deeds: [string, () => void][] }} props
 */
export const Menu = ({ name, of, deeds }) => html`
  <details class="menu" onToggle=${(/** @type {Event} */ event) => closeOthers(/** @type {HTMLDetailsElement} */ (event.target))}>
    <summary>${name}<span class="unseen"> ${of}: actions</span> ▾</summary>
    <div>${deeds.map(([word, act]) => html`
      <button type="button" class=${word === "Delete" ? "danger" : ""} onClick=${(/** @type {Event} */ event) => {
        /** @type {HTMLElement} */ (event.target).closest("details")?.removeAttribute("open");
        act();
      }}>${word}</button>`)}</div>
  </details>
`;

/** @param {HTMLDetailsElement} menu */
function closeOthers(menu) {
  if (menu.open) for (const one of document.querySelectorAll("details.menu[open]")) if (one !== menu) one.removeAttribute("open");
}

/** @param {{ status: number }} props */
export const Status = ({ status }) => html`<span class="status"><${Glyph} status=${status} />${STATUS_WORDS[status]}</span>`;
