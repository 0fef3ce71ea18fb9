import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { flat } from "../../../api/board/page/pure/outlines.js";
import feature from "../../../api/board/page/vendor/topojson-feature.js";
import mesh from "../../../api/board/page/vendor/topojson-mesh.js";

const world = JSON.parse(readFileSync(new URL("../../../api/board/page/vendor/countries-50m.json", import.meta.url), "utf8"));

/** The longest step from one point to the next, by longitude, north of the south pole. */
function leap(lines) {
  let longest = 0;
  for (const line of lines)
    line.forEach(([x, y], n) => {
      if (n && y > -89) longest = Math.max(longest, Math.abs(x - line[n - 1][0]));
    });
  return longest;
}

test("no outline of the shipped world leaps from one edge of the map to the other", () => {
  const land = flat(feature(world, "land").features[0].geometry);
  assert.ok(leap(land.coordinates.flat()) < 180, String(leap(land.coordinates.flat())));
  const borders = flat(mesh(world, world.objects.countries, (a, b) => a !== b));
  assert.ok(leap(borders.coordinates) < 180);
});

test("what goes beyond an edge lies at the other one, too; holes stay in their ring", () => {
  const ring = [[170, 60], [-170, 60], [-170, 70], [170, 70], [170, 60]];
  const hole = [[-172, 62], [-171, 62], [-171, 63], [-172, 62]];
  const { coordinates } = flat({ type: "MultiPolygon", coordinates: [[ring, hole]] });
  assert.deepEqual(coordinates.map(([outer]) => outer.map(([x]) => x)), [
    [170, 190, 190, 170, 170],
    [-190, -170, -170, -190, -190],
  ]);
  assert.deepEqual(coordinates.map(([, inner]) => inner[0]), [[188, 62], [-172, 62]]);
});
