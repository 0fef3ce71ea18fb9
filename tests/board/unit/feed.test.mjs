import assert from "node:assert/strict";
import { test } from "node:test";
import { Refused } from "../../../api/board/page/api.js";
import { Feed } from "../../../api/board/page/feed.js";
import { board } from "./made.mjs";

/** An API that counts what it is asked, and a sink that keeps what it is told. */
function served(events) {
  const asked = { boards: 0, streams: 0 };
  const told = [];
  const api = {
    get: async () => (asked.boards++, board(2)),
    events: async function* (...given) {
      asked.streams++;
      yield* events(...given);
    },
  };
  const sink = new Proxy({}, { get: (_, name) => (given) => told.push([name, given]) });
  return { asked, told, feed: new Feed(api, sink) };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

test("a stream that says reset again and again is not read anew without a pause, nor called live", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { asked, told, feed } = served(async function* () {
    if (asked.streams < 50) yield { event: "reset", data: "{}", id: "9-0" };
  });
  feed.start();
  await settled();
  assert.deepEqual(asked, { boards: 1, streams: 1 });
  assert.ok(!told.some(([name]) => name === "following"));
  for (let second = 0; second < 30; second++) {
    t.mock.timers.tick(1_000);
    await settled();
  }
  assert.ok(asked.boards >= 3 && asked.boards <= 10, String(asked.boards));
  feed.stop();
});

test("how far behind the API is goes on to who shows it", async () => {
  const { told, feed } = served(async function* () {
    yield { event: "behind", data: '{"seconds":130}', id: undefined };
  });
  feed.start();
  await settled();
  assert.ok(told.some(([name, given]) => name === "behind" && given === 130_000));
  assert.ok(!told.some(([name]) => name === "following"));
  feed.stop();
});

test("a proxy's 404 is tried again; an unknown token is not", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  for (const [status, streams] of [[404, 2], [401, 1], [403, 1]]) {
    const { asked, told, feed } = served(async function* () {
      throw new Refused(status, "no");
    });
    feed.start();
    await settled();
    t.mock.timers.tick(1_000);
    await settled();
    assert.equal(asked.streams, streams, String(status));
    assert.equal(told.some(([name]) => name === "refused"), streams === 1);
    feed.stop();
  }
});
