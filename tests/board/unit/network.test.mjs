import assert from "node:assert/strict";
import { test } from "node:test";
import { Network } from "../../../api/board/page/pure/network.js";
import { EVERYTHING, shown } from "../../../api/board/page/pure/order.js";
import { board } from "./made.mjs";

test("totals follow each change as if they were counted anew", () => {
  const made = new Network(board(50));
  let seed = 7;
  const chance = (n) => (seed = (seed * 1103515245 + 12345) % 2147483648) % n;
  for (let revision = 100; revision < 1100; revision++) {
    const id = `S${chance(50)}`;
    made.apply([chance(20) ? [id, chance(6), chance(4), chance(3), revision, revision, Array.from({ length: 6 }, () => chance(4))] : [id, revision]]);
  }
  const again = { stations: 0, health: [0, 0, 0, 0], evses: [0, 0, 0, 0, 0, 0], offline: 0, chargePoints: 0 };
  for (let row = 0; row < made.size; row++) {
    if (made.gone[row]) continue;
    again.stations++;
    again.health[made.health[row]]++;
    again.offline += made.offline[row];
    again.chargePoints += made.chargePoints[row];
    for (let status = 0; status < 6; status++) again.evses[status] += made.evses(row, status);
  }
  assert.deepEqual(made.totals, again);
});

test("what is older than what is held changes nothing, whatever the order", () => {
  const made = new Network(board(2));
  const newer = ["S1", 4, 2, 1, 60, 60, [0, 0, 0, 0, 2, 0]];
  const older = ["S1", 0, 0, 0, 50, 50, [2, 0, 0, 0, 0, 0]];
  assert.deepEqual(made.apply([newer, older]).rows, [1]);
  assert.deepEqual(made.apply([older, newer]).rows, []);
  assert.equal(made.status[1], 4);
  assert.equal(made.since[1], 60_000);
});

test("a new station, and one that comes back, are told of; a deleted unknown one is not", () => {
  const made = new Network(board(2));
  const full = (id, revision) => [id, 0, 0, 0, null, revision, [1, 0, 0, 0, 0, 0]];
  assert.equal(made.apply([["S9", 70]]).unknown, false);
  assert.equal(made.apply([full("S9", 71)]).unknown, true);
  assert.equal(made.apply([["S1", 72]]).unknown, false);
  assert.equal(made.totals.stations, 1);
  assert.equal(made.apply([full("S1", 73)]).unknown, true);
  assert.equal(made.totals.stations, 2);
});

test("a legend of another order is refused, not shown wrongly", () => {
  const other = board(1);
  other.legend.status = [...other.legend.status].reverse();
  assert.throws(() => new Network(other), /load it again/);
});

test("worst first: health, then status, then the name as people count", () => {
  const made = new Network(board(12));
  for (const [id, status, health] of [["S3", 0, 1], ["S7", 4, 2], ["S10", 3, 2]])
    made.apply([[id, status, health, 0, 1, 90, [1, 0, 0, 0, 1, 0]]]);
  const ids = shown(made, EVERYTHING, "worst").map((row) => made.ids[row]);
  assert.deepEqual(ids, ["S7", "S10", "S3", "S0", "S1", "S2", "S4", "S5", "S6", "S8", "S9", "S11"]);
});

test("longest first: the oldest since, and what nobody knows last", () => {
  const made = new Network(board(3));
  made.apply([["S0", 0, 0, 0, null, 90, [1, 0, 0, 0, 0, 0]], ["S1", 0, 0, 0, 500, 90, [1, 0, 0, 0, 0, 0]], ["S2", 0, 0, 0, 400, 90, [1, 0, 0, 0, 0, 0]]]);
  assert.deepEqual(shown(made, EVERYTHING, "longest"), [2, 1, 0]);
});

test("filters: any of a group, all of the groups, each word of the search", () => {
  const made = new Network(board(4));
  made.apply([["S1", 0, 1, 2, 1, 90, [1, 0, 0, 0, 1, 0]], ["S2", 4, 2, 0, 1, 91, [0, 0, 0, 0, 2, 0]]]);
  const found = (change) => shown(made, { ...EVERYTHING, ...change }, "name");
  assert.deepEqual(found({ status: [4] }), [1, 2]);
  assert.deepEqual(found({ status: [4], health: [2] }), [2]);
  assert.deepEqual(found({ health: [1, 2], offline: true }), [1]);
  assert.deepEqual(found({ q: "STATION 3" }), [3]);
  assert.deepEqual(found({ q: "s3 station" }), [3]);
});

test("a change of which nothing is told is noticed: a name may be another", () => {
  const made = new Network(board(2));
  const brief = (revision, status) => ["S1", status, 0, 0, 40, revision, [2, 0, 0, 0, 0, 0]];
  assert.equal(made.apply([brief(5, 1)]).silent, false);
  assert.equal(made.apply([brief(6, 1)]).silent, true);
  assert.equal(made.apply([brief(6, 1)]).silent, false);
});

test("a station whose name nobody sees goes by its id", () => {
  const of = board(3);
  of.stations.name = ["\u200b\u200d\ufeff", " \u3164", "\u05d0"];
  assert.deepEqual(new Network(of).names, ["S0", "S1", "\u05d0"]);
});
