// The token: pasted once, or had for a one-time code. Kept for this tab, or in this browser on request; never in an address.
import { browser, tab } from "./storage.js";

const NAME = "plugwatch.token";

/** @returns {string | null} */
export const kept = () => tab.get(NAME) ?? browser.get(NAME);

/** @param {string} token @param {boolean} inBrowser */
export function keep(token, inBrowser) {
  forget();
  (inBrowser ? browser : tab).set(NAME, token);
}

export function forget() {
  tab.remove(NAME);
  browser.remove(NAME);
}

/**
 * The code of a link that `make run` prints, taken out of the address at once.
 * @returns {string | null}
 */
export function codeOfAddress() {
  const given = new URLSearchParams(location.hash.slice(1));
  const code = given.get("code");
  if (code !== null) {
    given.delete("code");
    history.replaceState(null, "", given.toString() ? `#${given}` : location.pathname);
  }
  return code;
}

/**
 * The token for a one-time code.
 * @param {string} code
 * @returns {Promise<string>}
 * @throws {Error} in words for people: it was used already, or the API is away
 */
export async function exchanged(code) {
  let answer;
  try {
    answer = await fetch("/board/sign-in", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ code }),
    });
  } catch {
    throw new Error("The API does not answer.");
  }
  if (!answer.ok) throw new Error("This link was used already, or is of another machine or an earlier start of the API. `make board` prints another; or paste a token.");
  return (await answer.json()).token;
}
