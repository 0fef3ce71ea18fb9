// What is said aloud to who cannot see: one sentence at most in five seconds, of what got worse or better.
import { counted } from "./words.js";

export const EVERY_MS = 5_000;

/** @typedef {{ down: number, degraded: number, offline: number }} Seen */

/** @param {{ health: number[], offline: number }} totals @returns {Seen} */
export const seen = (totals) => ({ down: totals.health[2], degraded: totals.health[1], offline: totals.offline });

export class News {
  /** @type {Seen | undefined} */
  #told = undefined;
  #at = Number.NEGATIVE_INFINITY;

  /**
   * The sentence to say now; none when nothing moved, or when the last one was a moment ago.
   * @param {Seen} now_ @param {number} now
   * @returns {string | undefined}
   */
  sentence(now_, now) {
    if (now - this.#at < EVERY_MS) return undefined;
    const before = this.#told;
    if (before && before.down === now_.down && before.degraded === now_.degraded && before.offline === now_.offline)
      return undefined;
    this.#told = now_;
    this.#at = now;
    const { down, degraded, offline } = now_;
    return `${counted(down, "station")} down, ${degraded} degraded, ${counted(offline, "charger")} offline.`;
  }
}
