// Keeps a network current: the whole of it once, then what changes, and anew whenever nobody can say what was missed.
import { Refused } from "./api.js";
import { Network } from "./pure/network.js";

const REREAD_MS = 10 * 60_000; // names and places are not in the stream
const UNKNOWN_MS = 5_000; // a new station: read anew, but not for each
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
  /** @type {Network | null} */
  #network = null;
  #readAt = 0;
  #running = false;

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
        if (!this.#lastId) await this.#read(signal);
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
      if (this.#lastId || failures) await pause(wait(failures), signal);
    }
  }

  /** @param {AbortSignal} signal */
  async #read(signal) {
    const board = await this.#api.get("/v1/board?place=false", signal);
    this.#network = new Network(board);
    this.#lastId = board.stream;
    this.#readAt = performance.now();
    this.#sink.board(this.#network);
  }

  /** Returns when the stream ends, or when all is to be read anew. @param {AbortSignal} signal */
  async #follow(signal) {
    let unknown = false;
    for await (const { event, data, id } of this.#api.events("/v1/stream?view=brief", this.#lastId, signal)) {
      if (id !== undefined) {
        this.#lastId = id;
        this.#sink.following();
      }
      if (event === "brief" && this.#network) {
        const applied = this.#network.apply(JSON.parse(data));
        unknown ||= applied.unknown;
        if (applied.rows.length) this.#sink.changed(applied.rows);
      }
      const age = performance.now() - this.#readAt;
      if (event === "reset" || age > REREAD_MS || (unknown && age > UNKNOWN_MS)) {
        this.#lastId = "";
        return;
      }
    }
    this.#sink.lost("");
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
