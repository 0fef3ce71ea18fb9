// Keeps a network current: the whole of it once, then what changes, and anew whenever nobody can say what was missed.
import { Away, Refused } from "./api.js";
import { Network } from "./pure/network.js";

const REREAD_MS = 10 * 60_000; // names and places are not in the stream
const UNKNOWN_MS = 5_000; // a new station: read anew, but not for each
const LARGE_MS = 60_000; // the same where this board holds a part of the network: what is worst has changed
const CALM_MS = 2_000; // told to read anew right after that: not at once
const LONGEST_MS = 10_000;

/**
 * @typedef {{ board(network: Network): void, changed(rows: number[]): void, heard(): void, following(): void,
 *   lost(reason: string): void, refused(error: Refused): void }} Sink
 */

export class Feed {
  #api;
  #sink;
  #abort = new AbortController();
  #lastId = "";
  /** whether nobody can say what was missed; else a board that cannot be read anew goes on as it is */
  #lost = true;
  /** @type {Network | null} */
  #network = null;
  #readAt = 0;
  #running = false;
  /** whether the stream told of stations that this board does not hold */
  #unknown = false;

  /** @param {import("./api.js").Api} api @param {Sink} sink */
  constructor(api, sink) {
    this.#api = api;
    this.#sink = sink;
  }

  /** Begins, or goes on from where it was. */
  start() {
    if (this.#running) return;
    this.#running = true;
    this.#abort = new AbortController();
    void this.#run(this.#abort.signal);
  }

  /** Closes the stream; what is known stays. */
  stop() {
    this.#running = false;
    this.#abort.abort();
    this.#sink.lost("");
  }

  /** @param {AbortSignal} signal */
  async #run(signal) {
    let failures = 0;
    while (!signal.aborted) {
      try {
        if (this.#lost || this.#isOld()) await this.#read(signal);
        failures = 0;
        await this.#follow(signal);
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof Refused && error.status < 500 && error.status !== 429) {
          this.#sink.refused(error);
          return;
        }
        failures++;
        this.#sink.lost(error instanceof Error ? error.message : String(error));
      }
      const again = this.#lost || this.#isOld();
      if (failures || !again || performance.now() - this.#readAt < CALM_MS) await pause(wait(failures), signal);
    }
  }

  /** @param {AbortSignal} signal */
  async #read(signal) {
    this.#readAt = performance.now();
    this.#unknown = false;
    let board;
    try {
      board = await this.#api.get("/v1/board?place=false", signal);
    } catch (error) {
      if (this.#lost || !(error instanceof Away)) throw error;
      return;
    }
    this.#network = new Network(board);
    this.#lastId = board.stream;
    this.#lost = false;
    this.#sink.board(this.#network);
  }

  /** Returns when the stream ends, or when all is to be read anew. @param {AbortSignal} signal */
  async #follow(signal) {
    for await (const { event, data, id } of this.#api.events("/v1/stream?view=brief", this.#lastId, signal)) {
      if (id !== undefined) {
        this.#lastId = id;
        this.#sink.following();
      }
      if (event === "brief" && this.#network) {
        const applied = this.#network.apply(JSON.parse(data));
        this.#unknown ||= applied.unknown;
        if (applied.rows.length) this.#sink.changed(applied.rows);
      }
      if (event === "reset") this.#lost = true;
      if (this.#lost || this.#isOld()) return;
    }
    this.#sink.lost("");
  }

  #isOld() {
    const age = performance.now() - this.#readAt;
    const part = this.#network && this.#network.total > this.#network.size;
    return age > REREAD_MS || (this.#unknown && age > (part ? LARGE_MS : UNKNOWN_MS));
  }
}

/** @param {number} failures */
const wait = (failures) => Math.min(LONGEST_MS, 500 * 2 ** failures) * (0.5 + Math.random() / 2);

/** @param {number} ms @param {AbortSignal} signal */
function pause(ms, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => (clearTimeout(timer), resolve(undefined)), { once: true });
  });
}
