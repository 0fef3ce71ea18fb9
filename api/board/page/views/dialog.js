// One dialog at a time: words alone, or a form that sends what was entered and shows the answer.
import { dialog } from "../state.js";
import { useEffect, useRef, useState } from "../vendor/preact-hooks.js";
import { html } from "../html.js";

/**
 * @typedef {{ name: string, label: string, type?: "text" | "number" | "select" | "check", options?: [string, string][],
 *   required?: boolean, value?: string, help?: string, exactly?: string }} Field
 * @typedef {{ title: string, body?: any, fields?: Field[], verb?: string, danger?: boolean,
 *   send?: (values: Record<string, string>) => Promise<string> }} Shown `send` gives what to say then; "" closes
 */

export function Dialog() {
  const shown = /** @type {Shown | null} */ (dialog.value);
  const box = useRef(/** @type {HTMLDialogElement | null} */ (null));
  useEffect(() => {
    if (shown && !box.current?.open) box.current?.showModal();
  }, [shown]);
  if (!shown) return null;
  return html`
    <dialog ref=${box} aria-labelledby="dialog-title" onClose=${close} onCancel=${close}
      onClick=${(/** @type {MouseEvent} */ event) => event.target === box.current && close()}>
      <h2 id="dialog-title">${shown.title}</h2>
      ${shown.body}
      ${shown.send ? html`<${Form} key=${shown.title} shown=${shown} />` : html`<div class="ends"><button type="button" class="primary" onClick=${close}>Close</button></div>`}
    </dialog>
  `;
}

const close = () => (dialog.value = null);

/** @param {{ shown: Shown }} props */
function Form({ shown }) {
  const [state, setState] = useState(/** @type {{ busy: boolean, error: string, answer: string }} */ ({ busy: false, error: "", answer: "" }));
  const submit = async (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const given = new FormData(/** @type {HTMLFormElement} */ (event.target));
    const values = Object.fromEntries([...given].map(([name, value]) => [name, String(value).trim()]));
    const unlike = shown.fields?.find((one) => one.exactly !== undefined && values[one.name] !== one.exactly);
    if (unlike) return setState({ busy: false, error: `Enter “${unlike.exactly}” to go on.`, answer: "" });
    setState({ busy: true, error: "", answer: "" });
    try {
      const answer = await /** @type {Required<Shown>} */ (shown).send(values);
      if (answer) setState({ busy: false, error: "", answer });
      else if (dialog.peek() === shown) close();
    } catch (error) {
      setState({ busy: false, error: /** @type {Error} */ (error).message, answer: "" });
    }
  };
  if (state.answer)
    return html`<p role="status" class="answer">${state.answer}</p><div class="ends"><button type="button" class="primary" autofocus onClick=${close}>Close</button></div>`;
  return html`
    <form onSubmit=${submit}>
      ${shown.fields?.map((field) => html`<${Entry} field=${field} />`)}
      ${state.error && html`<p class="error" role="alert">${state.error}</p>`}
      <div class="ends">
        <button type="button" onClick=${close}>Cancel</button>
        <button type="submit" class=${shown.danger ? "danger" : "primary"} disabled=${state.busy}>${state.busy ? "Waiting for the answer …" : shown.verb}</button>
      </div>
    </form>
  `;
}

/** @param {{ field: Field }} props */
function Entry({ field }) {
  const id = `field-${field.name}`;
  const about = { id, name: field.name, required: field.required, "aria-describedby": field.help ? `${id}-help` : undefined };
  const entry =
    field.type === "select"
      ? html`<select ...${about}>${field.options?.map(([value, word]) => html`<option value=${value} selected=${value === field.value}>${word}</option>`)}</select>`
      : html`<input ...${about} type=${field.type === "number" ? "number" : "text"} step="any" value=${field.value ?? ""} autocomplete="off" spellcheck="false" />`;
  return html`<div class="field"><label for=${id}>${field.label}</label>${entry}${field.help && html`<small id=${`${id}-help`} class="muted">${field.help}</small>`}</div>`;
}
