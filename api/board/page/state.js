// What the page knows, as signals; views read them, and nothing else holds state.
import { Api, Refused } from "./api.js";
import { Feed } from "./feed.js";
import * as address from "./pure/address.js";
import { Hearing } from "./pure/liveness.js";
import { News, seen } from "./pure/news.js";
import { shown } from "./pure/order.js";
import { HEALTHS, STATUSES } from "./pure/words.js";
import * as session from "./session.js";
import { batch, computed, effect, signal } from "./vendor/signals.js";

/** @typedef {import("./pure/network.js").Network} Network */
/** @typedef {{ kind: "sign in" | "refused", detail: string }} Trouble */

const UNKNOWN = "The API does not know this token, or not any more.";
const SETTLE_MS = 5_000;
const COUNT_MS = 10_000;

/** The page's own settings, as the server wrote them into it. */
export const page = {
  tiles: meta("tiles"),
  readOnly: meta("mode") === "read",
  chargersUrl: meta("chargers-url") || address.gatewayUrl(location, meta("gateway-port")),
  hasPublicStatus: meta("public-status") === "on",
};

/** @type {import("./vendor/signals.js").Signal<Api | null>} */
export const api = signal(null);
/** whether the token may change things; known a moment after the sign-in */
export const mayWrite = signal(false);
/** @type {import("./vendor/signals.js").Signal<Trouble | null>} */
export const trouble = signal(null);
/** why the stream is away, in words; "" while it is there */
export const away = signal("");
export const place = signal(address.read(location.hash));
/** @type {import("./vendor/signals.js").Signal<Network | null>} */
export const network = signal(null);
/** the rows that changed with the last tick */
export const changed = signal(/** @type {number[]} */ ([]));
/** the rows that are shown, in order: settled every few seconds, so that nothing jumps under a pointer */
export const rows = signal(/** @type {number[]} */ ([]));
/** the row that the keyboard is at; -1: none */
export const at = signal(-1);
export const now = signal(Date.now());
export const spoken = signal("");
export const dialog = signal(/** @type {any} */ (null));

// Durations are by the server's clock where this machine's is wrong.
const TOLERATED_MS = 10_000;
let skew = 0;
const time = () => Date.now() + skew;

const hearing = new Hearing();
const heardOf = signal(0);
export const liveness = computed(() => (heardOf.value, hearing.at(now.value)));
/** what the API counted, where this board holds but a part of the network */
const counted = signal(/** @type {any} */ (null));
export const totals = computed(() => {
  void changed.value;
  const known = network.value;
  if (!known || known.total === known.size || !counted.value) return known && { ...known.totals };
  const { stations, evses, charge_points: chargers } = counted.value;
  return {
    stations: stations.total,
    health: HEALTHS.map((one) => stations.health[one]),
    evses: STATUSES.map((one) => evses.status[one]),
    offline: chargers.connectivity.OFFLINE,
    chargePoints: chargers.total,
  };
});
/** the row of the open station; -1: none */
export const open = computed(() => network.value?.row.get(place.value.station ?? "") ?? -1);

const news = new News();
let settledAt = 0;
let countedAt = 0;
/** @type {Feed | null} */
let feed = null;

/** @type {import("./feed.js").Sink} */
const sink = {
  board(made) {
    const here = network.peek()?.ids[rows.peek()[at.peek()]];
    batch(() => {
      const aside = made.at - Date.now();
      skew = Math.abs(aside) > TOLERATED_MS ? aside : 0;
      now.value = time();
      hearing.filled(time());
      network.value = made;
      changed.value = [];
      away.value = "";
      at.value = -1;
    });
    const row = here === undefined ? undefined : made.row.get(here);
    if (row !== undefined) at.value = rows.peek().indexOf(row);
  },
  changed(some) {
    changed.value = some;
  },
  heard() {
    hearing.heard(time());
  },
  following() {
    hearing.following(time());
    away.value = "";
    heardOf.value++;
  },
  behind(ms) {
    hearing.behind(ms);
    heardOf.value++;
  },
  lost(reason) {
    hearing.lost();
    away.value = reason;
    heardOf.value++;
  },
  refused(error) {
    if (error.status === 401) session.forget();
    trouble.value = error.status === 401 ? { kind: "sign in", detail: UNKNOWN } : { kind: "refused", detail: error.message };
  },
};

/** @param {Partial<import("./pure/address.js").Place>} change */
export function go(change) {
  const to = { ...place.value, ...change };
  place.value = to;
  history.replaceState(null, "", address.written(to) || location.pathname);
}

/** @param {Partial<import("./pure/order.js").Filter>} change */
export const narrow = (change) => go({ filter: { ...place.value.filter, ...change } });

/** @param {string} token @param {boolean} [inBrowser] */
export function signIn(token, inBrowser = false) {
  session.keep(token, inBrowser);
  begin(token);
}

export function signOut() {
  session.forget();
  feed?.stop();
  batch(() => {
    api.value = null;
    network.value = null;
    mayWrite.value = false;
    trouble.value = { kind: "sign in", detail: "" };
  });
}

/** @param {string} token */
function begin(token) {
  feed?.stop();
  const made = new Api(token);
  batch(() => {
    api.value = made;
    mayWrite.value = false;
    trouble.value = null;
    away.value = "";
  });
  feed = new Feed(made, sink);
  if (!document.hidden) feed.start();
  if (!page.readOnly) void askMayWrite(made);
}

/** Asks until it is answered, or another token counts. @param {Api} made */
async function askMayWrite(made) {
  while (api.value === made && !trouble.value) {
    try {
      const me = await made.get("/v1/me");
      if (api.value === made) mayWrite.value = me.scope === "ADMIN" && me.mode === "all";
      return;
    } catch (error) {
      if (error instanceof Refused && (error.status === 401 || error.status === 403)) return;
    }
    await new Promise((resolve) => setTimeout(resolve, 30_000));
  }
}

/** Signs in by what there is, and follows the address, the tab and the clock from then on. */
export async function start() {
  addEventListener("hashchange", () => void arrived());
  document.addEventListener("visibilitychange", () => (document.hidden ? feed?.stop() : feed?.start()));
  setInterval(() => {
    now.value = time();
    void count();
    const known = totals.value;
    const sentence = known && liveness.value.state === "live" && news.sentence(seen(known), now.value);
    if (sentence) spoken.value = sentence;
  }, 1_000);
  effect(() => {
    const { filter, order } = place.value;
    if (network.value) settle(network.value, filter, order);
  });
  effect(() => {
    void now.value;
    const { filter, order } = place.peek();
    const known = network.peek();
    if (known && performance.now() - settledAt > SETTLE_MS) settle(known, filter, order);
  });
  await arrived();
  const token = session.kept();
  if (api.value) return;
  if (token) begin(token);
  else trouble.value ??= { kind: "sign in", detail: "" };
}

/** Goes where the address leads, be it that it signs in: a link may be opened in the tab that waits for one. */
async function arrived() {
  const code = session.codeOfAddress();
  place.value = address.read(location.hash);
  if (!code) return;
  try {
    signIn(await session.exchanged(code));
  } catch (error) {
    if (!api.value || trouble.value) trouble.value = { kind: "sign in", detail: /** @type {Error} */ (error).message };
  }
}

/** Has the API count what this board cannot. */
async function count() {
  const known = network.value;
  if (!known || known.total === known.size || document.hidden || performance.now() - countedAt < COUNT_MS) return;
  countedAt = performance.now();
  try {
    counted.value = await api.value?.get("/v1/stats");
  } catch {
    // the next one may be answered; the stream says how live all of it is
  }
}

/** @param {Network} known @param {import("./pure/order.js").Filter} filter @param {import("./pure/order.js").Order} order */
function settle(known, filter, order) {
  settledAt = performance.now();
  const found = shown(known, filter, order);
  const before = rows.peek();
  if (found.length !== before.length || found.some((row, index) => row !== before[index])) {
    const here = before[at.peek()];
    batch(() => {
      rows.value = found;
      at.value = here === undefined ? -1 : found.indexOf(here);
    });
  }
}

/** @param {string} name */
function meta(name) {
  return document.querySelector(`meta[name="plugwatch-${name}"]`)?.getAttribute("content") ?? "";
}
