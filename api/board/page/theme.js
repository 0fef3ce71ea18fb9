// Light, dark, or as the system says; and the colours as the canvas needs them.
import { browser } from "./storage.js";
import { signal } from "./vendor/signals.js";

const NAME = "plugwatch.theme";
const THEMES = ["", "light", "dark"];
export const THEME_WORDS = { "": "as the system", light: "light", dark: "dark" };

export const theme = signal(/** @type {"" | "light" | "dark"} */ (browser.get(NAME) ?? ""));
/** moves when colours do */
export const painted = signal(0);

export function next() {
  theme.value = /** @type {""} */ (THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length]);
  browser.set(NAME, theme.value);
  apply();
}

export function apply() {
  document.documentElement.dataset.theme = theme.value;
  painted.value++;
}

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => painted.value++);

/**
 * A colour of board.css as the canvas takes it.
 * @param {string} name
 */
export function colour(name) {
  const probe = document.createElement("i");
  probe.style.color = `var(--${name})`;
  document.body.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}
