// Server-Sent Events out of a stream of text (WHATWG HTML §9.2.6). No I/O: pieces in, events out.

/** @typedef {{ event: string, data: string, id: string | undefined }} Event */

export class Parser {
  #rest = "";
  #begun = false;
  #event = "";
  /** @type {string[]} */
  #data = [];
  /** @type {string | undefined} */
  #id = undefined;

  /**
   * Takes a piece, wherever it was cut; gives the events that are whole now. An event of an id alone has no data and
   * the name "": it tells where the stream stands.
   * @param {string} piece
   * @returns {Event[]}
   */
  feed(piece) {
    this.#rest += piece;
    if (!this.#begun && this.#rest) {
      this.#begun = true;
      if (this.#rest.startsWith("\ufeff")) this.#rest = this.#rest.slice(1);
    }
    /** @type {Event[]} */
    const found = [];
    let start = 0;
    for (;;) {
      const end = endOfLine(this.#rest, start);
      if (end < 0) break;
      const line = this.#rest.slice(start, end);
      start = end + (this.#rest[end] === "\r" && this.#rest[end + 1] === "\n" ? 2 : 1);
      this.#take(line, found);
    }
    this.#rest = this.#rest.slice(start);
    return found;
  }

  /** @param {string} line @param {Event[]} found */
  #take(line, found) {
    if (line === "") {
      if (this.#data.length || this.#id !== undefined) {
        const event = this.#data.length ? this.#event || "message" : "";
        found.push({ event, data: this.#data.join("\n"), id: this.#id });
      }
      this.#event = "";
      this.#data = [];
      this.#id = undefined;
      return;
    }
    const colon = line.indexOf(":");
    if (colon === 0) return;
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + (line[colon + 1] === " " ? 2 : 1));
    if (field === "data") this.#data.push(value);
    else if (field === "event") this.#event = value;
    else if (field === "id" && !value.includes("\0")) this.#id = value;
  }
}

/**
 * Where the line that begins at `start` ends; -1 when it may go on. A CR at the very end waits for its LF.
 * @param {string} text @param {number} start
 */
function endOfLine(text, start) {
  const lf = text.indexOf("\n", start);
  const cr = text.indexOf("\r", start);
  if (cr >= 0 && (lf < 0 || cr < lf)) return cr === text.length - 1 ? -1 : cr;
  return lf;
}
