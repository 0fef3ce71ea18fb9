import assert from "node:assert/strict";
import { test } from "node:test";
import { asked, features } from "../../../api/board/page/pure/clusters.js";

test("a view is asked for on the globe, however often the map goes around it", () => {
  assert.equal(asked({ west: 13, south: 52, east: 14, north: 53 }, 9.5), "/v1/board/clusters?bbox=13.00000,52.00000,14.00000,53.00000&zoom=10");
  assert.equal(asked({ west: 373, south: 52, east: 374, north: 53 }, 25), "/v1/board/clusters?bbox=13.00000,52.00000,14.00000,53.00000&zoom=20");
  assert.equal(asked({ west: 170, south: -95, east: 190, north: 95 }, 2), "/v1/board/clusters?bbox=170.00000,-90.00000,-170.00000,90.00000&zoom=2");
  assert.equal(asked({ west: -300, south: -60, east: 100, north: 60 }, 1), "/v1/board/clusters?bbox=-180.00000,-60.00000,180.00000,60.00000&zoom=1");
});

test("what is told lies where the map is looked at", () => {
  const answer = {
    clusters: { latitude: [50], longitude: [-179], count: [5], status: [[5, 0, 0, 0, 0, 0]], health: [[3, 0, 2, 0]] },
    stations: { id: ["S1"], name: ["One"], latitude: [90], longitude: [179], status: [4], health: [2] },
  };
  const [cluster, station] = features(answer, 178, 84);
  assert.deepEqual(cluster.geometry.coordinates, [181, 50]);
  assert.deepEqual(cluster.properties, { cluster: true, point_count: 5, healths: [3, 0, 2, 0] });
  assert.deepEqual(station.geometry.coordinates, [179, 84]);
  assert.deepEqual(station.properties, { id: "S1", name: "One", status: 4, health: 2 });
});
