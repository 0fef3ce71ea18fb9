// Keeps a network current: the whole of it once, then what changes, and anew whenever nobody can say what was missed.
import { Away, Refused } from "./api.js";
import { Network } from "./pure/network.js";

const REREAD_MS = 10 * 60_000; // names and places are not in the stream
const UNKNOWN_MS = 5_000; // a new station: read anew, but not for each
const LARGE_MS = 60_000; // the same where this board holds a part of the network: what is worst has changed
const SILENT_MS = 60_000; // perhaps a new name, perhaps a connector's other error: that is told to the drawer alone
const LONGEST_MS = 10_000;
const STEADY_MS = 5_000; // a stream that ends sooner has failed, whatever it said

/**
 * @typedef {{ board(network: Network): void, changed(rows: number[]): void, heard(): void, following(): void,
 *   behind(ms: number): void, lost(reason: string): void, refused(error: Refused): void }} Sink
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
  /** whether it told of a change that none of its facts shows */
  #silent = false;

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
      let opened = Number.POSITIVE_INFINITY;
      try {
        if (this.#lost || this.#isOld()) await this.#read(signal);
        opened = performance.now();
        await this.#follow(signal);
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof Refused && (error.status === 401 || error.status === 403)) {
          this.#sink.refused(error);
          return;
        }
        this.#sink.lost(error instanceof Error ? error.message : String(error));
      }
      failures = performance.now() - opened > STEADY_MS ? 0 : failures + 1;
      await pause(wait(failures), signal);
    }
  }

  /** @param {AbortSignal} signal */
  async #read(signal) {
    this.#readAt = performance.now();
    this.#unknown = this.#silent = false;
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
      if (event === "reset") {
        this.#lost = true;
        break;
      }
      if (id !== undefined) {
        this.#lastId = id;
        this.#sink.following();
      }
      if (event === "behind") this.#sink.behind(JSON.parse(data).seconds * 1000);
      if (event === "brief" && this.#network) {
        const applied = this.#network.apply(JSON.parse(data));
        this.#unknown ||= applied.unknown;
        this.#silent ||= applied.silent && this.#age() > UNKNOWN_MS; // what changed while all was read is told again
        if (applied.rows.length) this.#sink.changed(applied.rows);
      }
      if (this.#isOld()) return;
    }
    this.#sink.lost("");
  }

  #isOld() {
    const age = this.#age();
    const part = this.#network && this.#network.total > this.#network.size;
    return age > REREAD_MS || (this.#unknown && age > (part ? LARGE_MS : UNKNOWN_MS)) || (this.#silent && age > SILENT_MS);
  }

  #age() {
    return performance.now() - this.#readAt;
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
