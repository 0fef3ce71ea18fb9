// Paints cells: a sprite for each status and health, made once for a size and a theme, so that a cell is one copy.
import { COLOURS, GLYPHS } from "../pure/glyphs.js";
import { duration } from "../pure/times.js";
import { DEGRADED, STATUSES, STATUS_WORDS } from "../pure/words.js";
import { now } from "../state.js";
import { colour } from "../theme.js";

/**
 * @typedef {import("../pure/layout.js").Layout} Layout
 * @typedef {{ network: import("../pure/network.js").Network, rows: number[], layout: Layout, at: number, open: number }} Picture
 */

const S = STATUSES.length;
const MARK = "M14 1h9v9z"; // some plug does not work; as beside the count of the degraded
const NOTHING = 255;
const MARKED = 2 * S;
const FONT = "system-ui, sans-serif";

export class Painter {
  #canvas;
  #context;
  /** @type {Picture | null} */
  #picture = null;
  /** row → place on the wall; -1: not shown */
  #places = new Int32Array(0);
  /** @type {Set<number>} */
  #dirty = new Set();
  #frame = 0;
  /** @type {HTMLCanvasElement[]} */
  #sprites = [];
  /** @type {Record<string, string>} */
  #colours = {};
  #ratio = 1;
  #look = "";
  /** what each cell shows: the number of its sprite, and whether it is marked */
  #painted = new Uint8Array(0);

  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.#canvas = canvas;
    this.#context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  }

  /** What is to be seen from now on; `look` is another one when the colours are. @param {Picture} picture @param {number} look */
  all(picture, look) {
    const { layout, rows, network } = picture;
    const before = this.#picture?.rows.length ?? 0;
    this.#picture = picture;
    this.#dirty.clear();
    this.#places = new Int32Array(network.size).fill(-1);
    rows.forEach((row, index) => (this.#places[row] = index));
    const canvas = `${Object.values(layout)} ${devicePixelRatio} ${look}`;
    if (canvas !== this.#look) this.#prepare(layout, canvas);
    for (let index = rows.length; index < before; index++) this.#clear(index);
    rows.forEach((_, index) => this.#cell(index));
  }

  /** An empty canvas and its sprites. @param {Layout} layout @param {string} look */
  #prepare(layout, look) {
    this.#look = look;
    this.#painted = new Uint8Array(layout.columns * layout.rows).fill(NOTHING);
    this.#ratio = devicePixelRatio || 1;
    const [width, height] = [layout.columns * layout.width, layout.rows * layout.height];
    this.#canvas.width = width * this.#ratio;
    this.#canvas.height = height * this.#ratio;
    this.#canvas.style.width = `${width}px`;
    this.#canvas.style.height = `${height}px`;
    for (const name of [...COLOURS, "panel", "line", "text", "muted", "accent", "warning"]) this.#colours[name] = colour(name);
    this.#sprites = this.#made(layout.kind === "card" ? 30 : layout.width);
    this.#context.setTransform(this.#ratio, 0, 0, this.#ratio, 0, 0);
  }

  /** @param {number} index */
  #clear(index) {
    const { layout } = /** @type {Picture} */ (this.#picture);
    const x = (index % layout.columns) * layout.width;
    this.#context.clearRect(x, Math.floor(index / layout.columns) * layout.height, layout.width, layout.height);
    this.#painted[index] = NOTHING;
  }

  /** These rows have changed; they are painted with the next frame. @param {number[]} some */
  some(some) {
    for (const row of some) {
      const index = this.#places[row];
      if (index >= 0) this.#dirty.add(index);
    }
    this.#soon();
  }

  /** Times in words have moved on. */
  words() {
    if (this.#picture?.layout.kind !== "card") return;
    this.#picture.rows.forEach((_, index) => this.#dirty.add(index));
    this.#soon();
  }

  end() {
    cancelAnimationFrame(this.#frame);
  }

  #soon() {
    if (this.#dirty.size && !this.#frame)
      this.#frame = requestAnimationFrame(() => {
        this.#frame = 0;
        for (const index of this.#dirty) this.#cell(index);
        this.#dirty.clear();
      });
  }

  /** @param {number} index */
  #cell(index) {
    const { network, rows, layout, at, open } = /** @type {Picture} */ (this.#picture);
    const row = rows[index];
    const x = (index % layout.columns) * layout.width;
    const y = Math.floor(index / layout.columns) * layout.height;
    if (network.gone[row]) return this.#clear(index);
    const bad = network.health[row] === DEGRADED ? S : 0;
    const marked = index === at || row === open;
    const kind = network.status[row] + bad;
    const painted = kind + (marked ? MARKED : 0);
    if (layout.kind === "tile" && this.#painted[index] === painted) return;
    this.#clear(index);
    this.#painted[index] = painted;
    const sprite = this.#sprites[kind];
    if (layout.kind === "card") this.#card(row, x, y, layout, sprite, marked);
    else {
      this.#context.drawImage(sprite, x, y + Math.floor((layout.height - layout.width) / 2), layout.width, layout.width);
      if (marked) this.#ring(x + 0.75, y + 0.75, layout.width - 1.5, layout.height - 1.5, 2);
    }
  }

  /** @param {number} row @param {number} x @param {number} y @param {Layout} layout @param {HTMLCanvasElement} sprite @param {boolean} marked */
  #card(row, x, y, layout, sprite, marked) {
    const { network } = /** @type {Picture} */ (this.#picture);
    const c = this.#context;
    const [width, height] = [layout.width - 10, layout.height - 10];
    c.beginPath();
    c.roundRect(x + 0.5, y + 0.5, width, height, 8);
    c.fillStyle = this.#colours.panel;
    c.fill();
    c.strokeStyle = this.#colours.line;
    c.lineWidth = 1;
    c.stroke();
    if (marked) this.#ring(x + 1, y + 1, width - 1, height - 1, 8);
    const plugs = layout.height > 100;
    c.drawImage(sprite, x + 9, y + (plugs ? 18 : (height - 30) / 2), 30, 30);
    const room = width - 58;
    c.textBaseline = "alphabetic";
    c.fillStyle = this.#colours.text;
    c.font = `600 13px ${FONT}`;
    c.fillText(this.#fitting(network.names[row], room), x + 48, y + 22);
    c.font = `12px ${FONT}`;
    const since = network.since[row];
    const long = Number.isNaN(since) ? "" : ` · ${duration(now.peek() - since)}`;
    c.fillText(this.#fitting(`${STATUS_WORDS[network.status[row]]}${long}`, room), x + 48, y + 39);
    c.fillStyle = this.#colours.muted;
    c.fillText(this.#fitting(evses(network, row), room), x + 48, y + 55);
    if (plugs) this.#plugs(row, x + 45, y + 68, room + 8);
  }

  /** A shape for each EVSE. @param {number} row @param {number} x @param {number} y @param {number} room */
  #plugs(row, x, y, room) {
    const { network } = /** @type {Picture} */ (this.#picture);
    const most = Math.floor(room / 20);
    let index = 0;
    for (let status = 0; status < S; status++)
      for (let n = network.evses(row, status); n > 0 && index < most; n--, index++)
        this.#context.drawImage(this.#sprites[status], x + index * 20, y, 20, 20);
  }

  /** @param {number} x @param {number} y @param {number} width @param {number} height @param {number} radius */
  #ring(x, y, width, height, radius) {
    const c = this.#context;
    c.beginPath();
    c.roundRect(x, y, width, height, radius);
    c.strokeStyle = this.#colours.accent;
    c.lineWidth = 2;
    c.stroke();
  }

  /** @param {string} text @param {number} room */
  #fitting(text, room) {
    if (this.#context.measureText(text).width <= room) return text;
    const cut = [...text];
    while (cut.length && this.#context.measureText(`${cut.join("")}…`).width > room) cut.pop();
    return `${cut.join("")}…`;
  }

  /** First a sprite for each status, then each with the mark of a fault behind it. @param {number} side */
  #made(side) {
    return [false, true].flatMap((bad) => GLYPHS.map((path, status) => this.#sprite(side, path, status, bad)));
  }

  /** @param {number} side @param {string} path @param {number} status @param {boolean} bad */
  #sprite(side, path, status, bad) {
    const sprite = document.createElement("canvas");
    sprite.width = sprite.height = side * this.#ratio;
    const c = /** @type {CanvasRenderingContext2D} */ (sprite.getContext("2d"));
    const scale = (side / 24) * this.#ratio;
    c.setTransform(scale, 0, 0, scale, 0, 0);
    c.fillStyle = this.#colours[COLOURS[status]];
    c.fill(new Path2D(path), "evenodd");
    if (bad) {
      c.fillStyle = this.#colours.warning;
      c.fill(new Path2D(MARK));
    }
    return sprite;
  }
}

/** @param {import("../pure/network.js").Network} network @param {number} row */
export function evses(network, row) {
  let all = 0;
  for (let status = 0; status < S; status++) all += network.evses(row, status);
  if (!all) return "nothing reported yet";
  const free = network.evses(row, 0);
  const faulted = network.evses(row, 4);
  return `${free} of ${all} free${faulted ? ` · ${faulted} faulted` : ""}`;
}
