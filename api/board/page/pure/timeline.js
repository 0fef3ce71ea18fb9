// A bar of a connector's statuses, out of lines of history.
import { STATUSES } from "./words.js";

/** @typedef {{ received_at: string, normalized: string | null }} Line newest first, of one connector */
/** @typedef {{ from: number, to: number, status: number | null }} Segment ms; null: nobody knows */

/**
 * What it was from `from` to `to`, without gaps. Before the oldest line it is `before`.
 * @param {Line[]} lines @param {number} from @param {number} to @param {number | null} before
 * @returns {Segment[]}
 */
export function segments(lines, from, to, before) {
  /** @type {Segment[]} */
  const made = [{ from, to, status: before }];
  for (const line of [...lines].reverse()) {
    const at = Date.parse(line.received_at);
    const found = STATUSES.indexOf(line.normalized ?? "");
    const status = found < 0 ? null : found;
    const last = made[made.length - 1];
    if (at >= to) break;
    if (at <= from) last.status = status;
    else if (last.status !== status) {
      last.to = at;
      made.push({ from: at, to, status });
    }
  }
  return made;
}

/**
 * Which part of the time that is known it had each status, longest first.
 * @param {Segment[]} made
 * @returns {{ status: number, share: number }[]}
 */
export function shares(made) {
  /** @type {Map<number, number>} */
  const sums = new Map();
  for (const { status, from, to } of made) if (status !== null) sums.set(status, (sums.get(status) ?? 0) + to - from);
  const whole = [...sums.values()].reduce((sum, ms) => sum + ms, 0);
  return [...sums].map(([status, ms]) => ({ status, share: ms / whole })).sort((a, b) => b.share - a.share);
}
