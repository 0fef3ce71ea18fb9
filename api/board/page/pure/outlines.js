// Outlines of land for a flat map: those of the globe go on over the 180th meridian, and one goes around a pole.

/** @typedef {[number, number]} Point longitude, latitude */
/** @typedef {{ type: string, coordinates: any }} Geometry */

/**
 * All lines or polygons of a geometry as they lie on a flat map: what goes beyond one edge lies at the other one, too.
 * @param {Geometry} geometry a MultiLineString or a MultiPolygon
 * @returns {Geometry}
 */
export function flat({ type, coordinates }) {
  if (type === "MultiLineString") return { type, coordinates: coordinates.flatMap((/** @type {Point[]} */ line) => twice([unwrapped(line)]).flat()) };
  return { type, coordinates: coordinates.flatMap((/** @type {Point[][]} */ rings) => twice(polygon(rings))) };
}

/** Its holes lie in it. @param {Point[][]} rings @returns {Point[][]} */
function polygon([first, ...holes]) {
  const outer = closed(near(unwrapped(first), 0));
  return [outer, ...holes.map((hole) => near(unwrapped(hole), middle(outer)))];
}

/** A line without leaps from one edge of the map to the other: it goes on beyond the edge. @param {Point[]} line @returns {Point[]} */
function unwrapped(line) {
  let aside = 0;
  return line.map(([x, y], index) => {
    const leap = index ? x - line[index - 1][0] : 0;
    if (Math.abs(leap) > 180) aside -= 360 * Math.sign(leap);
    return [x + aside, y];
  });
}

/** A ring that goes around a pole is closed along it. @param {Point[]} ring @returns {Point[]} */
function closed(ring) {
  const [first, last] = [ring[0], ring[ring.length - 1]];
  if (Math.abs(last[0] - first[0]) < 180) return ring;
  const pole = first[1] < 0 ? -90 : 90;
  return [...ring, [last[0], pole], [first[0], pole]];
}

/** The copy of a ring whose middle is nearest. @param {Point[]} ring @param {number} x @returns {Point[]} */
const near = (ring, x) => moved(ring, 360 * Math.round((x - middle(ring)) / 360));

/** @param {Point[]} ring */
const middle = (ring) => ring.reduce((sum, [x]) => sum + x, 0) / ring.length;

/** @param {Point[]} line @param {number} by @returns {Point[]} */
const moved = (line, by) => line.map(([x, y]) => [x + by, y]);

/** Lines, and their copy at the other edge where the first goes beyond one. @param {Point[][]} lines @returns {Point[][][]} */
function twice(lines) {
  let [west, east] = [0, 0];
  for (const [x] of lines[0]) [west, east] = [Math.min(west, x), Math.max(east, x)];
  const by = east > 180 ? -360 : west < -180 ? 360 : 0;
  return by ? [lines, lines.map((line) => moved(line, by))] : [lines];
}
