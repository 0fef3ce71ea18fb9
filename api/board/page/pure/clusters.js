// A map of more stations than the board holds: what to ask the API for a view, and its answer as the map's own features.

/** @typedef {{ west: number, south: number, east: number, north: number }} View degrees; around the world, perhaps more than once */

const wrapped = (/** @type {number} */ longitude) => ((((longitude + 180) % 360) + 360) % 360) - 180;
const onGlobe = (/** @type {number} */ latitude) => Math.max(-90, Math.min(90, latitude));

/** @param {View} view @param {number} zoom */
export function asked({ west, south, east, north }, zoom) {
  const [from, to] = east - west >= 360 ? [-180, 180] : [wrapped(west), wrapped(east)];
  const box = [from, onGlobe(south), to, onGlobe(north)].map((degrees) => degrees.toFixed(5));
  return `/v1/board/clusters?bbox=${box}&zoom=${Math.max(0, Math.min(20, Math.round(zoom)))}`;
}

/**
 * @param {any} answer @param {number} middle the longitude that is looked at: all lies within half the world of it
 * @param {number} edge the latitude where the map ends
 */
export function features({ clusters, stations }, middle, edge) {
  const at = (/** @type {any} */ columns, /** @type {number} */ row) => ({
    coordinates: [
      columns.longitude[row] + 360 * Math.round((middle - columns.longitude[row]) / 360),
      Math.max(-edge, Math.min(edge, columns.latitude[row])),
    ],
  });
  return [
    ...clusters.count.map((/** @type {number} */ n, /** @type {number} */ row) => ({
      geometry: at(clusters, row),
      properties: { cluster: true, point_count: n, healths: clusters.health[row] },
    })),
    ...stations.id.map((/** @type {string} */ id, /** @type {number} */ row) => ({
      geometry: at(stations, row),
      properties: { id, name: stations.name[row], status: stations.status[row], health: stations.health[row] },
    })),
  ];
}
