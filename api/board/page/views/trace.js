// The last frames of a charger, for support; an ADMIN token switches that on for an hour.
import { parsed, clock } from "../pure/times.js";
import { api } from "../state.js";
import { useState } from "../vendor/preact-hooks.js";
import { html } from "../html.js";

/** @param {{ path: string, writes: boolean }} props */
export function Trace({ path, writes }) {
  const [trace, setTrace] = useState(/** @type {any} */ (null));
  const [problem, setProblem] = useState("");
  const read = async (/** @type {boolean | undefined} */ enabled) => {
    try {
      if (enabled !== undefined) await api.value?.send("PUT", `${path}/trace`, { enabled });
      setTrace(await api.value?.get(`${path}/trace`));
      setProblem("");
    } catch (error) {
      setProblem(/** @type {Error} */ (error).message);
    }
  };
  const frames = trace?.frames ?? [];
  return html`
    <details class="trace" onToggle=${(/** @type {Event} */ event) => /** @type {any} */ (event.target).open && read(undefined)}>
      <summary>Messages</summary>
      ${problem && html`<p class="error" role="alert">${problem}</p>`}
      ${trace && html`
        <div class="actions small">
          <button type="button" onClick=${() => read(undefined)}>Read again</button>
          ${writes && html`<button type="button" onClick=${() => read(!trace.enabled)}>${trace.enabled ? "Stop keeping" : "Keep for an hour"}</button>`}
        </div>
        ${frames.length === 0 && html`<p class="muted">${trace.enabled ? "Nothing was said yet." : "Its messages are not being kept."}</p>`}
        <ol>${frames.map((/** @type {any} */ one) => html`
          <li><time>${clock(parsed(one.at))}</time> ${one.direction === "in" ? "→" : "←"} <code>${one.frame}</code></li>`)}</ol>`}
    </details>
  `;
}
