import assert from "node:assert/strict";
import { test } from "node:test";
import * as address from "../../../api/board/page/pure/address.js";
import { GLYPHS, COLOURS } from "../../../api/board/page/pure/glyphs.js";
import { amongStations, anywhere, step } from "../../../api/board/page/pure/keys.js";
import { cellAt, laidOut } from "../../../api/board/page/pure/layout.js";
import { segments, shares } from "../../../api/board/page/pure/timeline.js";
import { duration, moment } from "../../../api/board/page/pure/times.js";
import { SEVERITIES, STATUSES, severity, unturned } from "../../../api/board/page/pure/words.js";

test("durations in their two largest units", () => {
  const said = [0, 59, 60, 3_599, 3_600, 11_520, 86_400, 360_000].map((s) => duration(s * 1000));
  assert.deepEqual(said, ["0 s", "59 s", "1 min", "59 min", "1 h", "3 h 12 min", "1 d", "4 d 4 h"]);
  assert.equal(duration(-5_000), "0 s");
});

test("a moment of today is a time, another one has its day", () => {
  const now = new Date(2026, 4, 6, 12).getTime();
  assert.equal(moment(new Date(2026, 4, 6, 8, 5).getTime(), now), "08:05");
  assert.equal(moment(new Date(2026, 4, 5, 8, 5).getTime(), now), "5 May, 08:05");
  assert.equal(moment(new Date(2025, 11, 5, 8, 5).getTime(), now), "5 Dec 2025, 08:05");
});

test("where chargers connect is said as the page was reached", () => {
  const at = (/** @type {string} */ url) => address.gatewayUrl(new URL(url), "9123");
  assert.equal(at("http://10.0.0.7:8000/"), "ws://10.0.0.7:9123/ocpp/");
  assert.equal(at("https://board.example/"), "wss://board.example:9123/ocpp/");
  assert.equal(at("http://[::1]:8000/"), "ws://[::1]:9123/ocpp/");
});

test("keys mean nothing while one types or with a modifier, but Escape closes", () => {
  assert.equal(anywhere({ key: "/" }, false), "search");
  assert.equal(anywhere({ key: "/" }, true), undefined);
  assert.equal(anywhere({ key: "1", ctrlKey: true }, false), undefined);
  assert.equal(anywhere({ key: "Escape" }, true), "close");
  assert.equal(amongStations({ key: "ArrowUp", altKey: true }), undefined);
});

test("steps stay on the wall", () => {
  assert.equal(step(-1, "right", 5, 12), 0);
  assert.equal(step(0, "left", 5, 12), 0);
  assert.equal(step(4, "down", 5, 12), 9);
  assert.equal(step(9, "down", 5, 12), 9);
  assert.equal(step(3, "last", 5, 12), 11);
  assert.equal(step(3, "first", 5, 12), 0);
});

test("all of ten thousand stations are on one screen, and a few are cards", () => {
  const many = laidOut(10_000, 1400, 700);
  assert.equal(many.kind, "tile");
  assert.ok(many.rows * many.height <= 700 && many.columns * many.rows >= 10_000);
  assert.equal(laidOut(10, 1400, 700).kind, "card");
  for (const n of [0, 1, 70, 500, 3_000, 10_000, 100_000])
    for (const width of [300, 1400, 3000]) {
      const made = laidOut(n, width, 700);
      assert.ok(made.columns >= 1 && made.columns * made.rows >= n, `${n} in ${width}`);
    }
});

test("the cell under a point", () => {
  const made = { kind: "tile", columns: 10, width: 8, height: 8, rows: 2 };
  assert.equal(cellAt(made, 15, 0, 0), 0);
  assert.equal(cellAt(made, 15, 79, 8), -1);
  assert.equal(cellAt(made, 15, 33, 9), 14);
  assert.equal(cellAt(made, 15, 81, 0), -1);
  assert.equal(cellAt(made, 15, 5, -1), -1);
});

test("an address carries view and filter there and back, and never a token", () => {
  const place = { view: "list", order: "longest", filter: { q: "a b&c", status: [4, 3], health: [2], offline: true }, station: "S~1" };
  assert.deepEqual(address.read(address.written(place)), place);
  assert.equal(address.written(address.read("#token=secret&code=secret&view=wall&status=NONSENSE")), "");
});

test("a bar has no gaps, and begins with what was before", () => {
  const line = (at, normalized) => ({ received_at: new Date(at).toISOString(), normalized });
  const made = segments([line(80, "FAULTED"), line(50, "FAULTED"), line(20, "OCCUPIED"), line(-5, "AVAILABLE")], 0, 100, null);
  assert.deepEqual(made, [
    { from: 0, to: 20, status: 0 },
    { from: 20, to: 50, status: 1 },
    { from: 50, to: 100, status: 4 },
  ]);
  assert.deepEqual(shares(made).map((one) => one.share), [0.5, 0.3, 0.2]);
  assert.deepEqual(segments([], 0, 100, 2), [{ from: 0, to: 100, status: 2 }]);
  assert.deepEqual(shares(segments([line(50, "OCCUPIED")], 0, 100, null)), [{ status: 1, share: 1 }]);
  assert.equal(segments([line(50, "a word of a vendor")], 0, 100, 0)[1].status, null);
});

test("each status has a shape of its own and a colour, and each pair of health and status a place", () => {
  assert.equal(new Set(GLYPHS).size, STATUSES.length);
  assert.equal(new Set(COLOURS).size, STATUSES.length);
  const all = new Set([0, 1, 2, 3].flatMap((health) => STATUSES.map((_, status) => severity(health, status))));
  assert.equal(all.size, SEVERITIES);
  assert.equal(severity(2, 4), 0);
});

test("what turns the direction of writing is left out", () => {
  assert.equal(unturned('"\u202eevil\u2066 \u05d0"'), '"evil \u05d0"');
});
