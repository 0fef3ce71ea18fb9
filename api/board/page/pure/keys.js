// What a key means. Pure: the page does it.

/** @typedef {"search" | "close" | "help" | "wall" | "list" | "map" | "left" | "right" | "up" | "down" | "first" | "last" | "open" | "theme"} Deed */

/** @type {Record<string, Deed>} */
const ANYWHERE = { "/": "search", "?": "help", 1: "wall", 2: "list", 3: "map", t: "theme" };

/** @type {Record<string, Deed>} */
const AMONG_STATIONS = {
  ArrowLeft: "left",
  ArrowRight: "right",
  ArrowUp: "up",
  ArrowDown: "down",
  Home: "first",
  End: "last",
  Enter: "open",
  " ": "open",
};

/** For the help. @type {[string, string][]} */
export const KEYS = [
  ["/", "search by name or id"],
  ["1 2 3", "wall, list, map"],
  ["← ↑ → ↓", "from station to station"],
  ["Home End", "the first, the last station"],
  ["Enter", "open the station"],
  ["Esc", "close what is open, then clear the filter"],
  ["t", "light, dark, as the system"],
  ["?", "this help"],
];

/**
 * @param {{ key: string, ctrlKey?: boolean, metaKey?: boolean, altKey?: boolean }} pressed
 * @param {boolean} typing whether it goes into a field
 * @returns {Deed | undefined}
 */
export function anywhere(pressed, typing) {
  if (pressed.ctrlKey || pressed.metaKey || pressed.altKey) return undefined;
  if (pressed.key === "Escape") return "close";
  return typing ? undefined : ANYWHERE[pressed.key];
}

/**
 * @param {{ key: string, ctrlKey?: boolean, metaKey?: boolean, altKey?: boolean }} pressed
 * @returns {Deed | undefined}
 */
export function amongStations(pressed) {
  return pressed.ctrlKey || pressed.metaKey || pressed.altKey ? undefined : AMONG_STATIONS[pressed.key];
}

/**
 * Where a step leads in a grid that is read line by line.
 * @param {number} at @param {Deed} deed @param {number} columns @param {number} n
 */
export function step(at, deed, columns, n) {
  const by = { left: -1, right: 1, up: -columns, down: columns }[/** @type {"left"} */ (deed)];
  if (deed === "first") return 0;
  if (deed === "last") return n - 1;
  if (by === undefined) return at;
  if (at < 0) return 0;
  const to = at + by;
  return to >= 0 && to < n ? to : at;
}
