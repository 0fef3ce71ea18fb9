// Asks the API again and again for what a map shows: when the map has come to rest, and every few seconds, one answer at a time.
import { asked } from "./pure/clusters.js";

const MOVED_MS = 250;
const AGAIN_MS = 5_000;

/**
 * @param {any} map of Leaflet @param {() => import("./pure/clusters.js").View} view
 * @param {import("./api.js").Api} client @param {(answer: any) => void} take
 * @returns {() => void} ends it
 */
export function counting(map, view, client, take) {
  let timer = 0;
  let ended = new AbortController();
  const again = (/** @type {number} */ after) => {
    clearTimeout(timer);
    timer = setTimeout(ask, after);
  };
  const moved = () => (ended.abort(), again(MOVED_MS));
  async function ask() {
    ended = new AbortController();
    const { signal } = ended;
    try {
      const found = await client.get(asked(view(), map.getZoom()), signal);
      if (!signal.aborted) take(found);
    } catch {
      // the next one may be answered; the stream says how live all of it is
    }
    if (!signal.aborted) again(AGAIN_MS);
  }
  map.on("moveend", moved);
  again(0);
  return () => {
    ended.abort();
    clearTimeout(timer);
    map.off("moveend", moved);
  };
}
