// The public API as any client uses it: a token in the header, problem documents as errors, the stream by `fetch`.
import { Parser } from "./pure/events.js";
import { unturned } from "./pure/words.js";

/** The API has answered, and not with what was asked for. */
export class Refused extends Error {
  /** @param {number} status @param {string} detail */
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }
}

/** Nobody has answered. */
export class Away extends Error {}

const WAIT_MS = 20_000;
const OPENING_MS = 10_000; // of a stream; a connection that was open may be dead
const SILENT_MS = 35_000; // there is a heartbeat every 15 s: who sends nothing for so long is gone, and says no goodbye

export class Api {
  #token;

  /** @param {string} token */
  constructor(token) {
    this.#token = token;
  }

  /**
   * The JSON at a path.
   * @param {string} path
   * @param {AbortSignal} [signal]
   * @returns {Promise<any>}
   */
  async get(path, signal) {
    const limit = AbortSignal.timeout(WAIT_MS);
    const answer = await this.#ask(path, { cache: "no-store", signal: signal ? AbortSignal.any([signal, limit]) : limit });
    return JSON.parse(unturned(await answer.text()));
  }

  /**
   * @param {"POST" | "PUT" | "PATCH" | "DELETE"} method
   * @param {string} path
   * @param {object} [body]
   * @returns {Promise<any>} the answer's JSON; null when there is none
   */
  async send(method, path, body) {
    /** @type {Record<string, string>} */
    const headers = body ? { "Content-Type": "application/json" } : {};
    const answer = await this.#ask(path, {
      method,
      headers,
      body: body && JSON.stringify(body),
      signal: AbortSignal.timeout(40_000), // a charger may take its time
    });
    return answer.status === 204 ? null : answer.json();
  }

  /**
   * Server-Sent Events, until the server ends them, the signal does, or nothing comes any more.
   * @param {string} path
   * @param {string} lastId "" to begin now
   * @param {AbortSignal} signal
   * @returns {AsyncGenerator<import("./pure/events.js").Event>}
   */
  async *events(path, lastId, signal) {
    /** @type {Record<string, string>} */
    const headers = lastId ? { "Last-Event-ID": lastId } : {};
    const parser = new Parser();
    const silent = new AbortController();
    const both = AbortSignal.any([signal, silent.signal]);
    let timer = setTimeout(() => silent.abort(), OPENING_MS);
    try {
      const answer = await this.#ask(path, { headers, signal: both, cache: "no-store" });
      for await (const text of texts(answer, () => {
        clearTimeout(timer);
        timer = setTimeout(() => silent.abort(), SILENT_MS);
      }))
        yield* parser.feed(unturned(text));
    } catch (error) {
      if (!signal.aborted && silent.signal.aborted) throw new Away("nothing comes any more");
      throw signal.aborted || error instanceof Refused || error instanceof Away ? error : new Away(String(error));
    } finally {
      clearTimeout(timer);
    }
  }

  /** @param {string} path @param {RequestInit} how */
  async #ask(path, how) {
    const headers = { ...how.headers, Authorization: `Bearer ${this.#token}` };
    let answer;
    try {
      answer = await fetch(path, { ...how, headers });
    } catch (error) {
      throw how.signal?.aborted && how.signal.reason?.name !== "TimeoutError" ? error : new Away(String(error));
    }
    if (answer.ok) return answer;
    let detail = `${answer.status} ${answer.statusText}`;
    try {
      const problem = await answer.json();
      const fields = (problem.errors ?? []).map((/** @type {any} */ one) => `${one.field}: ${one.message}`);
      detail = [problem.detail, ...fields].filter(Boolean).join(" · ") || detail;
    } catch {
      // a proxy's page
    }
    throw answer.status >= 500 && answer.status !== 502 && answer.status !== 504
      ? new Away(detail)
      : new Refused(answer.status, detail);
  }
}

/**
 * The text of an answer, piece by piece as it comes.
 * @param {Response} answer @param {() => void} came called for each piece
 */
async function* texts(answer, came) {
  const reader = /** @type {ReadableStream<Uint8Array>} */ (answer.body).getReader();
  const decoder = new TextDecoder();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      came();
      yield decoder.decode(value, { stream: true });
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}
