// Where the page begins.
import { start } from "./state.js";
import { apply } from "./theme.js";
import { render } from "./vendor/preact.js";
import { App } from "./views/app.js";
import { html } from "./html.js";

apply();
render(html`<${App} />`, /** @type {HTMLElement} */ (document.getElementById("board")));
void start();
