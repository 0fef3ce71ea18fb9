// What a small cell is, beside it.
import { duration } from "../pure/times.js";
import { HEALTH_WORDS, OK, counted } from "../pure/words.js";
import { changed, network, now } from "../state.js";
import { Status, html } from "../html.js";
import { evses } from "./painter.js";

const WIDTH = 230;

/** @param {{ row: number, cell: number, layout: import("../pure/layout.js").Layout }} props */
export function Tip({ row, cell, layout }) {
  void changed.value;
  const known = network.value;
  if (!known) return null;
  const x = (cell % layout.columns) * layout.width;
  const y = Math.floor(cell / layout.columns) * layout.height;
  const right = x + WIDTH + 40 > layout.columns * layout.width;
  const style = {
    left: `${12 + (right ? Math.max(0, x - WIDTH - 8) : x + layout.width + 8)}px`,
    top: `${12 + Math.max(0, Math.min(y, layout.rows * layout.height - 100))}px`,
  };
  const since = known.since[row];
  return html`
    <div class="tip" style=${style} aria-hidden="true">
      <strong>${known.names[row]}</strong>
      <span><${Status} status=${known.status[row]} />${Number.isNaN(since) ? "" : ` for ${duration(now.value - since)}`}</span>
      <span class="muted">${evses(known, row)}${known.health[row] === OK ? "" : ` · ${HEALTH_WORDS[known.health[row]].toLowerCase()}`}</span>
      ${known.offline[row] > 0 && html`<span class="muted">${counted(known.offline[row], "charger")} offline</span>`}
    </div>
  `;
}
