// All stations in columns, one row each: what `GET /v1/board` gave, kept current by the arrays of `view=brief`.
// Totals move with each change; nobody counts ten thousand rows anew.
import { HEALTHS, STATUSES, isSeen } from "./words.js";

const S = STATUSES.length;
const H = HEALTHS.length;

/**
 * @typedef {{ id: string[], name: string[], latitude?: (number | null)[], longitude?: (number | null)[],
 *   status: number[], health: number[], charge_points: number[], offline: number[], since: (number | null)[],
 *   counts: number[][] }} Columns
 * @typedef {{ stream: string, at: number, total: number, legend: { status: string[], health: string[] },
 *   stations: Columns }} Board
 * @typedef {[string, number, number, number, number | null, number, number[]] | [string, number]} Brief
 * @typedef {{ rows: number[], unknown: boolean, silent: boolean }} Applied
 */

export class Network {
  /** @param {Board} board */
  constructor(board) {
    if (String(board.legend.status) !== String(STATUSES) || String(board.legend.health) !== String(HEALTHS))
      throw new Error("this page is older than the API: load it again");
    const { stations } = board;
    const n = stations.id.length;
    this.size = n;
    this.total = board.total;
    /** when it was read: ms, by the server's clock */
    this.at = board.at;
    this.ids = stations.id;
    this.names = stations.name.map((name, row) => (isSeen(name) ? name : stations.id[row]));
    this.chargePoints = stations.charge_points;
    this.status = Uint8Array.from(stations.status);
    this.health = Uint8Array.from(stations.health);
    this.offline = Uint16Array.from(stations.offline);
    /** ms; NaN where nobody knows */
    this.since = Float64Array.from(stations.since, (s) => (s === null ? Number.NaN : s * 1000));
    /** of what the stream has told; of the snapshot it is not known, and what is told last counts */
    this.revision = new Float64Array(n);
    /** EVSEs by status, S a row */
    this.counts = new Uint16Array(n * S);
    this.gone = new Uint8Array(n);
    this.row = new Map(stations.id.map((id, row) => [id, row]));
    /** for the search, in lower case */
    this.text = stations.id.map((id, row) => `${id}\n${stations.name[row]}`.toLowerCase());
    this.totals = { stations: 0, health: Array(H).fill(0), evses: Array(S).fill(0), offline: 0, chargePoints: 0 };
    for (let row = 0; row < n; row++) {
      for (let status = 0; status < S; status++) this.counts[row * S + status] = stations.counts[status][row];
      this.#count(row, 1);
    }
  }

  /**
   * Takes what changed; what is older than what is held changes nothing.
   * @param {Brief[]} briefs
   * @returns {Applied} the rows that are not as before, whether there are stations that this board does not hold, and
   *   whether one has changed in what is not told: perhaps its name, its place or who belongs to it
   */
  apply(briefs) {
    /** @type {Set<number>} */
    const rows = new Set();
    let [unknown, silent] = [false, false];
    for (const brief of briefs) {
      const row = this.row.get(brief[0]);
      const revision = brief.length === 2 ? brief[1] : brief[5];
      if (row === undefined) unknown ||= brief.length > 2;
      else if (revision > this.revision[row]) {
        unknown ||= this.gone[row] > 0 && brief.length > 2; // another one of the same id: its name and place are new
        const before = this.#told(row);
        this.#set(row, revision, brief);
        silent ||= this.#told(row) === before;
        rows.add(row);
      }
    }
    return { rows: [...rows], unknown, silent };
  }

  /** All that is told of a station. @param {number} row */
  #told(row) {
    const counts = this.counts.subarray(row * S, row * S + S);
    return `${this.gone[row]} ${this.status[row]} ${this.health[row]} ${this.offline[row]} ${this.since[row]} ${counts}`;
  }

  /** @param {number} row @param {number} revision @param {Brief} brief */
  #set(row, revision, brief) {
    this.#count(row, -1);
    this.revision[row] = revision;
    this.gone[row] = brief.length === 2 ? 1 : 0;
    if (brief.length > 2) {
      const [, status, health, offline, since, , counts] = /** @type {Required<Extract<Brief, { length: 7 }>>} */ (brief);
      this.status[row] = status;
      this.health[row] = health;
      this.offline[row] = offline;
      this.since[row] = since === null ? Number.NaN : since * 1000;
      for (let one = 0; one < S; one++) this.counts[row * S + one] = counts[one];
    }
    this.#count(row, 1);
  }

  /** @param {number} row @param {1 | -1} sign */
  #count(row, sign) {
    if (this.gone[row]) return;
    const { totals } = this;
    totals.stations += sign;
    totals.health[this.health[row]] += sign;
    totals.offline += sign * this.offline[row];
    totals.chargePoints += sign * this.chargePoints[row];
    for (let status = 0; status < S; status++) totals.evses[status] += sign * this.counts[row * S + status];
  }

  /** How many EVSEs of a station have a status. @param {number} row @param {number} status */
  evses(row, status) {
    return this.counts[row * S + status];
  }
}
