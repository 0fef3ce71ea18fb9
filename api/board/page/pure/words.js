// What things are called, and in which order they matter. The numbers are places in the legend of `GET /v1/board`.

/** The order of the API's legend; a board of another order is refused by `network.js`. */
export const STATUSES = ["AVAILABLE", "OCCUPIED", "RESERVED", "UNAVAILABLE", "FAULTED", "UNKNOWN"];
export const HEALTHS = ["OK", "DEGRADED", "DOWN", "UNKNOWN"];

export const STATUS_WORDS = ["Available", "Occupied", "Reserved", "Unavailable", "Faulted", "Unknown"];
export const HEALTH_WORDS = ["OK", "Degraded", "Down", "Unknown"];

export const AVAILABLE = 0;
export const FAULTED = 4;
export const UNKNOWN = 5;
export const OK = 0;
export const DEGRADED = 1;
export const DOWN = 2;

/** What an operator looks at first has the smaller number, by health and then by status. */
const HEALTH_FIRST = [3, 1, 0, 2];
const STATUS_FIRST = [5, 3, 4, 1, 0, 2];
export const SEVERITIES = HEALTH_FIRST.length * STATUS_FIRST.length;

/**
 * @param {number} health
 * @param {number} status
 * @returns {number} 0 is worst, below SEVERITIES
 */
export const severity = (health, status) => HEALTH_FIRST[health] * STATUS_FIRST.length + STATUS_FIRST[status];

/** Why a connector has its status; the API's `reason`. @type {Record<string, string>} */
export const REASON_WORDS = {
  OWN: "its own report",
  CONNECTOR_0: "the charger as a whole said so",
  EVSE: "its EVSE as a whole said so",
  SIBLING_IN_USE: "another plug of the same EVSE is in use",
  OFFLINE: "the charger is offline",
  REGISTRATION: "the charger is not accepted",
  NOT_REPORTED: "the charger has not reported it",
};

/** @type {Record<string, string>} */
export const CONNECTIVITY_WORDS = { ONLINE: "Online", OFFLINE: "Offline", NEVER: "Never connected" };

/** @type {Record<string, string>} */
export const PROTOCOL_WORDS = { "ocpp1.6": "OCPP 1.6", "ocpp2.0.1": "OCPP 2.0.1", "ocpp2.1": "OCPP 2.1" };

/**
 * @param {number} n
 * @param {string} one
 * @param {string} [many]
 */
export const counted = (n, one, many = `${one}s`) => `${number(n)} ${n === 1 ? one : many}`;

/**
 * Without the characters that turn the direction of writing: what a charger or an import sends would turn the words
 * beside it, too. Scripts that run from the right need none.
 * @param {string} text
 */
export const unturned = (text) => text.replace(/[\u202a-\u202e\u2066-\u2069]/g, "");

/** Whether there is anything to see. @param {string} text */
export const isSeen = (text) => /[^\s\p{C}\p{M}\u115f\u1160\u2800\u3164\uffa0]/u.test(text);

const GROUPED = new Intl.NumberFormat("en");
/** @param {number} n */
export const number = (n) => GROUPED.format(n);
