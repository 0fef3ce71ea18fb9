// What stands in the middle when there are no stations to show: each says what to do next.
import { EVERYTHING } from "../pure/order.js";
import { away, go, mayWrite, page, signIn, signOut } from "../state.js";
import { useState } from "../vendor/preact-hooks.js";
import { newStation } from "./actions.js";
import { html } from "../html.js";

/** @param {{ detail: string }} props */
export function SignIn({ detail }) {
  const [inBrowser, setInBrowser] = useState(false);
  const submit = (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const field = /** @type {HTMLFormElement} */ (event.target).elements.namedItem("token");
    const token = /** @type {HTMLInputElement} */ (field).value.trim();
    if (token) signIn(token, inBrowser);
  };
  return html`
    <main class="moment">
      <h1>Plugwatch</h1>
      <form onSubmit=${submit}>
        <label for="token">Token</label>
        <input id="token" name="token" type="password" autocomplete="off" required autofocus spellcheck="false"
          aria-describedby="token-help" />
        ${detail && html`<p class="error" role="alert">${detail}</p>`}
        <p id="token-help" class="muted">A READ token shows the network; an ADMIN token may change it, too. They are
          in <code>PLUGWATCH_READ_TOKEN</code> and <code>PLUGWATCH_ADMIN_TOKEN</code> of the API, and <code>make run</code> prints them.</p>
        <label class="check"><input type="checkbox" checked=${inBrowser} onChange=${() => setInBrowser(!inBrowser)} />
          keep it in this browser, not only in this tab</label>
        <button type="submit" class="primary">Open the board</button>
      </form>
    </main>
  `;
}

export const Loading = () => html`
  <main class="moment" aria-busy=${!away.value}>
    ${away.value
      ? html`<h2>The API does not answer</h2><p class="muted">${away.value}</p><p>It is tried again every few seconds. Where
          Plugwatch runs, <code>make health</code> says what is wrong.</p>`
      : html`<p class="muted loading">Reading the network …</p>`}
  </main>
`;

/** @param {{ detail: string }} props */
export const Refusal = ({ detail }) => html`
  <main class="moment">
    <h2>The API refuses this token</h2>
    <p class="error">${detail}</p>
    <button type="button" class="primary" onClick=${signOut}>Use another token</button>
  </main>
`;

export const NothingFound = () => html`
  <div class="moment"><h2>No station is like that</h2>
    <button type="button" class="primary" onClick=${() => go({ filter: EVERYTHING })}>Show all stations</button></div>
`;

export const Empty = () => html`
  <div class="moment wide">
    <h2>No stations yet</h2>
    <ol>
      <li><strong>Add a station.</strong> ${mayWrite.value
        ? html`<button type="button" class="primary" onClick=${newStation}>Add station</button>`
        : html`This needs an ADMIN token; or send <code>POST /v1/stations</code> yourself.`}</li>
      <li><strong>Add its chargers</strong> in the station that opens: each by the id that is set in the charger.</li>
      <li><strong>Point each charger here</strong>: as its OCPP server (central system, CSMS URL) it
        gets <code>${page.chargersUrl}</code> and appends its own id. It shows up here with its first message.</li>
    </ol>
    <p class="muted">Many at once: <code>make import FILE=inventory.csv</code>. Chargers that knocked and were refused
      are in <code>GET /v1/inbox</code>.</p>
  </div>
`;
