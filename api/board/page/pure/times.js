// Times in words. Everything is ms since 1970 and given as an argument; nothing here reads a clock.

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/**
 * How long, in its two largest units: "12 s", "5 min", "3 h 12 min", "4 d 2 h".
 * @param {number} ms
 */
export function duration(ms) {
  const s = Math.max(0, Math.floor(ms / 1000));
  if (s < MINUTE) return `${s} s`;
  if (s < HOUR) return `${Math.floor(s / MINUTE)} min`;
  if (s < DAY) return two(Math.floor(s / HOUR), "h", Math.floor((s % HOUR) / MINUTE), "min");
  return two(Math.floor(s / DAY), "d", Math.floor((s % DAY) / HOUR), "h");
}

/** @param {number} large @param {string} unit @param {number} small @param {string} smaller */
const two = (large, unit, small, smaller) => (small ? `${large} ${unit} ${small} ${smaller}` : `${large} ${unit}`);

/**
 * The time of day, "12:03:10".
 * @param {number} ms
 */
export function clock(ms) {
  const at = new Date(ms);
  return [at.getHours(), at.getMinutes(), at.getSeconds()].map((one) => String(one).padStart(2, "0")).join(":");
}

/**
 * A moment as one writes it: today's by the time alone.
 * @param {number} ms
 * @param {number} now
 */
export function moment(ms, now) {
  const at = new Date(ms);
  const time = clock(ms).slice(0, 5);
  if (at.toDateString() === new Date(now).toDateString()) return time;
  const day = `${at.getDate()} ${MONTHS[at.getMonth()]}`;
  return at.getFullYear() === new Date(now).getFullYear() ? `${day}, ${time}` : `${day} ${at.getFullYear()}, ${time}`;
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/**
 * A time of the API (RFC 3339) in ms; NaN for none.
 * @param {string | null | undefined} text
 */
export const parsed = (text) => (text ? Date.parse(text) : Number.NaN);
