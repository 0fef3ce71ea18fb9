// How live the picture is: live, catching up, or stale since a time. Time is an argument.

/** Nothing, not even a heartbeat (which comes every 15 s), for so long: what is shown may be wrong. */
export const STALE_MS = 35_000;

/** @typedef {{ state: "loading" | "live" | "catching up" | "stale", since: number, behind: number }} Liveness
 * ms; `behind`: the API itself is told of what happened so long ago, 0: at once, or nobody knows */

export class Hearing {
  #heard = 0;
  #following = false;
  #filled = false;
  #behind = 0;

  /** Something came: a snapshot, an event, a heartbeat. @param {number} now */
  heard(now) {
    this.#heard = now;
  }

  /** The whole network was read. @param {number} now */
  filled(now) {
    this.#filled = true;
    this.#heard = now;
  }

  /** The stream is open and has said where it stands. @param {number} now */
  following(now) {
    this.#following = true;
    this.#heard = now;
  }

  /** What is told is of so long ago. @param {number} ms */
  behind(ms) {
    this.#behind = ms;
  }

  /** The stream is cut, or everything must be read anew. */
  lost() {
    this.#following = false;
    this.#behind = 0; // a stream that is opened says so at once
  }

  /**
   * @param {number} now
   * @returns {Liveness}
   */
  at(now) {
    if (!this.#filled) return { state: "loading", since: now, behind: 0 };
    if (now - this.#heard >= STALE_MS) return { state: "stale", since: this.#heard, behind: 0 };
    const state = this.#following && !this.#behind ? "live" : "catching up";
    return { state, since: this.#heard, behind: this.#behind };
  }
}
