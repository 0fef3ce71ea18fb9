// How the wall is laid out: cards with names while they have room, else tiles that shrink until all are on one screen.

/** @typedef {{ kind: "card" | "tile", columns: number, width: number, height: number, rows: number }} Layout px */

/** with a line of plugs, and without */
const CARDS = [
  { width: 236, height: 112 },
  { width: 190, height: 76 },
];
const LARGEST = 40;
const SMALLEST = 7;

/**
 * @param {number} n @param {number} width @param {number} height
 * @returns {Layout}
 */
export function laidOut(n, width, height) {
  for (const card of CARDS) {
    const columns = Math.max(1, Math.floor(width / card.width));
    const rows = Math.ceil(n / columns);
    if (rows * card.height <= height)
      return { kind: "card", columns, width: Math.floor(width / columns), height: card.height, rows };
  }
  let side = LARGEST;
  while (side > SMALLEST && Math.floor(width / side) * Math.floor(height / side) < n) side--;
  const columns = Math.max(1, Math.floor(width / side));
  const rows = Math.ceil(n / columns);
  // What is left of the height is given to the rows, within reason.
  const tall = Math.max(side, Math.min(Math.floor(side * 1.4), Math.floor(height / rows)));
  return { kind: "tile", columns, width: side, height: tall, rows };
}

/**
 * The cell under a point; -1 for none.
 * @param {Layout} layout @param {number} n @param {number} x @param {number} y
 */
export function cellAt(layout, n, x, y) {
  const column = Math.floor(x / layout.width);
  const at = Math.floor(y / layout.height) * layout.columns + column;
  return column < 0 || column >= layout.columns || y < 0 || at >= n ? -1 : at;
}
