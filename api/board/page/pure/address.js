// What the page shows, as the part of its address behind "#": a link may carry view and filter, never a token.
import { EVERYTHING, ORDERS } from "./order.js";
import { HEALTHS, STATUSES } from "./words.js";

/** @typedef {{ view: "wall" | "list" | "map", order: import("./order.js").Order, filter: import("./order.js").Filter,
 *   station: string | null }} Place */

export const VIEWS = /** @type {const} */ (["wall", "list", "map"]);

/**
 * @param {string} hash
 * @returns {Place}
 */
export function read(hash) {
  const given = new URLSearchParams(hash.replace(/^#/, ""));
  const among = (/** @type {string} */ name, /** @type {string[]} */ words) =>
    given.getAll(name).map((word) => words.indexOf(word)).filter((one) => one >= 0);
  return {
    view: VIEWS.find((one) => one === given.get("view")) ?? "wall",
    order: ORDERS.find((one) => one === given.get("order")) ?? "worst",
    filter: {
      ...EVERYTHING,
      q: (given.get("q") ?? "").slice(0, 100),
      status: among("status", STATUSES),
      health: among("health", HEALTHS),
      offline: given.has("offline"),
    },
    station: given.get("station"),
  };
}

/**
 * Where chargers connect, as far as the page can know: at the host it came from, by TLS where it did.
 * @param {{ protocol: string, hostname: string }} here @param {string} port of the gateway
 */
export const gatewayUrl = ({ protocol, hostname }, port) =>
  `${protocol === "https:" ? "wss" : "ws"}://${hostname}:${port}/ocpp/`;

/**
 * @param {Place} place
 * @returns {string}
 */
export function written({ view, order, filter, station }) {
  const made = new URLSearchParams();
  if (view !== "wall") made.set("view", view);
  if (order !== "worst") made.set("order", order);
  if (filter.q) made.set("q", filter.q);
  for (const one of filter.status) made.append("status", STATUSES[one]);
  for (const one of filter.health) made.append("health", HEALTHS[one]);
  if (filter.offline) made.set("offline", "true");
  if (station) made.set("station", station);
  return made.toString() ? `#${made}` : "";
}
