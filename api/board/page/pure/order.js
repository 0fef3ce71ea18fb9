// Which stations are shown, and in which order.
import { SEVERITIES, severity } from "./words.js";

/** @typedef {import("./network.js").Network} Network */
/** @typedef {{ q: string, status: number[], health: number[], offline: boolean }} Filter */
/** @typedef {"worst" | "name" | "longest"} Order */

/** @type {Filter} */
export const EVERYTHING = { q: "", status: [], health: [], offline: false };
export const ORDERS = /** @type {const} */ (["worst", "name", "longest"]);

/** @param {Filter} filter */
export const isOpen = (filter) => !filter.q && !filter.status.length && !filter.health.length && !filter.offline;

/**
 * Whether a station is asked for: any of the statuses (that one of its EVSEs has), any of the healths, and so on.
 * @param {Network} network @param {number} row @param {Filter} filter
 */
export function matches(network, row, filter) {
  if (network.gone[row]) return false;
  if (filter.health.length && !filter.health.includes(network.health[row])) return false;
  if (filter.offline && !network.offline[row]) return false;
  if (filter.status.length && !filter.status.some((one) => network.evses(row, one) > 0)) return false;
  return !filter.q || filter.q.toLowerCase().split(/\s+/).every((word) => network.text[row].includes(word));
}

/**
 * The rows that are shown. Worst first keeps the order of names within what is equally bad, so that little moves.
 * @param {Network} network @param {Filter} filter @param {Order} order
 * @returns {number[]}
 */
export function shown(network, filter, order) {
  const rows = byName(network).filter((row) => matches(network, row, filter));
  if (order === "name") return rows;
  if (order === "longest") {
    const since = (/** @type {number} */ row) => network.since[row] || Number.POSITIVE_INFINITY;
    return rows.sort((a, b) => since(a) - since(b) || 0);
  }
  /** @type {number[][]} */
  const found = Array.from({ length: SEVERITIES }, () => []);
  for (const row of rows) found[severity(network.health[row], network.status[row])].push(row);
  return found.flat();
}

/** @type {WeakMap<Network, number[]>} */
const NAMED = new WeakMap();

/** The rows by name, once for each network. @param {Network} network */
function byName(network) {
  let rows = NAMED.get(network);
  if (!rows) {
    const keys = network.text.map((text, row) => `${natural(text.slice(network.ids[row].length + 1))}\n${text}`);
    rows = keys.map((_, row) => row).sort((a, b) => (keys[a] < keys[b] ? -1 : 1));
    NAMED.set(network, rows);
  }
  return rows;
}

/** Numbers in a text as long ones, so that 9 comes before 10. @param {string} text */
const natural = (text) => text.replace(/\d+/g, (digits) => digits.padStart(10, "0"));
