import assert from "node:assert/strict";
import { test } from "node:test";
import { Hearing, STALE_MS } from "../../../api/board/page/pure/liveness.js";
import { EVERY_MS, News } from "../../../api/board/page/pure/news.js";

test("loading, catching up, live, and stale since the last thing that was heard", () => {
  const hearing = new Hearing();
  assert.equal(hearing.at(0).state, "loading");
  hearing.filled(1_000);
  assert.equal(hearing.at(1_500).state, "catching up");
  hearing.following(2_000);
  assert.equal(hearing.at(2_000 + STALE_MS - 1).state, "live");
  assert.deepEqual(hearing.at(2_000 + STALE_MS), { state: "stale", since: 2_000, behind: 0 });
  hearing.following(90_000);
  assert.equal(hearing.at(90_001).state, "live");
});

test("a cut stream is catching up at once, and stale when nothing has come for so long", () => {
  const hearing = new Hearing();
  hearing.filled(0);
  hearing.following(0);
  hearing.lost();
  assert.equal(hearing.at(1).state, "catching up");
  assert.equal(hearing.at(STALE_MS).state, "stale");
});

test("an API that is told late is catching up, however live the stream is", () => {
  const hearing = new Hearing();
  hearing.filled(0);
  hearing.following(0);
  hearing.behind(130_000);
  hearing.following(1_000);
  assert.deepEqual(hearing.at(1_001), { state: "catching up", since: 1_000, behind: 130_000 });
  assert.equal(hearing.at(1_000 + STALE_MS).state, "stale");
  hearing.behind(0);
  assert.equal(hearing.at(1_001).state, "live");
  hearing.behind(130_000);
  hearing.lost();
  hearing.following(2_000);
  assert.equal(hearing.at(2_001).state, "live"); // what a stream said that is cut does not stay
});

test("one sentence in five seconds at most, and none when nothing moved", () => {
  const news = new News();
  const seen = (down) => ({ down, degraded: 0, offline: 1 });
  assert.equal(news.sentence(seen(1), 0), "1 station down, 0 degraded, 1 charger offline.");
  assert.equal(news.sentence(seen(2), EVERY_MS - 1), undefined);
  assert.equal(news.sentence(seen(2), EVERY_MS), "2 stations down, 0 degraded, 1 charger offline.");
  assert.equal(news.sentence(seen(2), 60_000), undefined);
});
