// Boards for tests.
import { HEALTHS, STATUSES } from "../../../api/board/page/pure/words.js";

/** n stations, all of them available and well. */
export function board(n) {
  const of = (value) => Array.from({ length: n }, (_, row) => (typeof value === "function" ? value(row) : value));
  return {
    stream: "1-0",
    at: 1_000_000,
    total: n,
    legend: { status: [...STATUSES], health: [...HEALTHS] },
    stations: {
      id: of((row) => `S${row}`),
      name: of((row) => `Station ${row}`),
      status: of(0),
      health: of(0),
      charge_points: of(2),
      offline: of(0),
      since: of(40),
      counts: [of(2), of(0), of(0), of(0), of(0), of(0)],
    },
  };
}
