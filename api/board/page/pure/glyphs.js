// A shape for each status, so that no colour is needed to tell them apart. In a square of 24; also for the canvas.

/** Filled paths, in the order of STATUSES: dot, square, diamond, bar, triangle, ring. */
export const GLYPHS = [
  "M12 7a5 5 0 1 0 0 10a5 5 0 1 0 0-10z",
  "M6.5 4.5h11a2 2 0 0 1 2 2v11a2 2 0 0 1-2 2h-11a2 2 0 0 1-2-2v-11a2 2 0 0 1 2-2z",
  "M12 3.5l8.5 8.5l-8.5 8.5l-8.5-8.5z",
  "M4.5 9.5h15v5h-15z",
  "M12 3l10 18h-20z",
  "M12 4.5a7.5 7.5 0 1 0 0 15a7.5 7.5 0 1 0 0-15zM12 7.5a4.5 4.5 0 1 1 0 9a4.5 4.5 0 1 1 0-9z",
];

/** Names of the CSS variables of their colours, in the same order. */
export const COLOURS = ["available", "occupied", "reserved", "unavailable", "faulted", "unknown"];
