import assert from "node:assert/strict";
import { test } from "node:test";
import { Parser } from "../../../api/board/page/pure/events.js";

const TEXT = "id: 1-0\nevent: brief\ndata: [1]\n\n: heartbeat\n\nid: 2-0\n\nevent: reset\ndata: {\ndata: }\n\n";
const EVENTS = [
  { event: "brief", data: "[1]", id: "1-0" },
  { event: "", data: "", id: "2-0" },
  { event: "reset", data: "{\n}", id: undefined },
];

test("events come out whole, wherever the pieces were cut", () => {
  for (let size = 1; size <= TEXT.length; size++) {
    const parser = new Parser();
    const found = [];
    for (let at = 0; at < TEXT.length; at += size) found.push(...parser.feed(TEXT.slice(at, at + size)));
    assert.deepEqual(found, EVENTS);
  }
});

test("lines end by LF, CR or both, also when a piece ends between them", () => {
  for (const end of ["\r\n", "\r", "\n"]) {
    const parser = new Parser();
    const text = `data: a${end}data: b${end}${end}`;
    const found = [...text].flatMap((one) => parser.feed(one));
    found.push(...parser.feed("\n"));
    assert.deepEqual(found.map((one) => one.data), ["a\nb"]);
  }
});

test("a comment, an unknown field and an unfinished event say nothing", () => {
  const parser = new Parser();
  assert.deepEqual(parser.feed(": hello\n\nretry: 5\n\ndata: half"), []);
});

test("a mark at the beginning of the text is none of its text", () => {
  assert.deepEqual(new Parser().feed("\ufeffdata: a\n\n"), [{ event: "message", data: "a", id: undefined }]);
});

test("one space after the colon is not part of the value, two are one", () => {
  assert.deepEqual(new Parser().feed("data:a\ndata:  b\n\n")[0].data, "a\n b");
});
