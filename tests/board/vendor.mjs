// What browsers are served of other people's: from the npm lock of this folder into the vendor/ of the board and of /docs,
// nothing of it by hand. Bare imports become relative ones, so that no page needs an import map. `--check` writes nothing
// and compares.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const HERE = dirname(fileURLToPath(import.meta.url));
const MODULES = join(HERE, "node_modules");
const ROOT = join(HERE, "../..");

// file in vendor/ ← package, file in it; a type declaration beside each module of the board, for `tsc`.
const BOARD = [
  ["preact.js", "preact", "dist/preact.mjs", 'export * from "preact";'],
  ["preact-hooks.js", "preact", "hooks/dist/hooks.mjs", 'export * from "preact/hooks";'],
  ["signals-core.js", "@preact/signals-core", "dist/signals-core.module.js", 'export * from "@preact/signals-core";'],
  ["signals.js", "@preact/signals", "dist/signals.module.js", 'export * from "@preact/signals";'],
  ["htm.js", "htm", "dist/htm.module.js", 'import htm from "htm";\nexport default htm;'],
  ["kdbush.js", "kdbush", "index.js"],
  ["supercluster.js", "supercluster", "index.js"],
  ...["feature", "mesh", "reverse", "transform", "stitch", "identity"].map((one) => [
    `topojson-${one}.js`,
    "topojson-client",
    `src/${one}.js`,
  ]),
  ["leaflet.js", "leaflet", "dist/leaflet.js", 'import * as L from "leaflet";\nexport default L;'],
  ["leaflet.css", "leaflet", "dist/leaflet.css"],
  ["countries-50m.json", "world-atlas", "countries-50m.json"],
];
const DOCS = [
  ["swagger-ui.js", "swagger-ui-dist", "swagger-ui-bundle.js"],
  ["swagger-ui.css", "swagger-ui-dist", "swagger-ui.css"],
];
const IMPORTS = {
  preact: "./preact.js",
  "preact/hooks": "./preact-hooks.js",
  "@preact/signals-core": "./signals-core.js",
  kdbush: "./kdbush.js",
};

/** A module with relative imports of files in vendor/, and without the name of a map that is not shipped. */
function rewritten(name, source) {
  if (name === "swagger-ui.js") return source.replace(/\n?\/\/# sourceMappingURL=.*\s*$/, "\n");
  if (name === "swagger-ui.css") return source.replace(/\n?\/\*# sourceMappingURL=.*\*\/\s*$/, "\n");
  if (name === "leaflet.css") return source.replace(/url\([^)]*\)/g, "none"); // pictures of markers that nobody uses
  if (!name.endsWith(".js")) return source;
  let text = source.replace(/\n?\/\/# sourceMappingURL=.*\s*$/, "\n");
  if (name === "leaflet.js") text += "export default globalThis.leaflet;\n"; // a classic script as it is published
  return text.replace(/(\bfrom\s*|\bimport\s*)(["'])([^"'\n]+)\2/g, (whole, word, quote, from) => {
    if (from.startsWith("./") && name.startsWith("topojson-")) return `${word}${quote}./topojson-${from.slice(2)}${quote}`;
    if (from.startsWith(".")) return whole;
    if (!IMPORTS[from]) throw new Error(`${name} imports ${from}, which is not vendored: add it to FILES and IMPORTS`);
    return `${word}${quote}${IMPORTS[from]}${quote}`;
  });
}

const read = (...parts) => readFileSync(join(MODULES, ...parts), "utf8");

/** Everything in one vendor/ folder: the files, where each is from, and the licences. */
function vendored(files, typed) {
  const made = new Map();
  const list = [];
  const licences = new Map();
  for (const [name, from, file, types] of files) {
    const about = JSON.parse(read(from, "package.json"));
    const text = rewritten(name, read(from, file));
    made.set(name, text);
    if (typed && name.endsWith(".js")) {
      made.set(name.replace(/\.js$/, ".d.ts"), `${types ?? "declare const it: any;\nexport default it;"}\n`);
    }
    const sha256 = createHash("sha256").update(text).digest("hex");
    list.push({ file: name, package: from, version: about.version, licence: about.license, source: file, sha256 });
    const licence = readdirSync(join(MODULES, from)).find((one) => /^licen[cs]e/i.test(one));
    if (!licence) throw new Error(`${from} has no licence text`);
    licences.set(from, `${from} ${about.version} (${about.license})\n\n${read(from, licence).trim()}\n`);
  }
  made.set("vendored.json", `${JSON.stringify(list, null, 2)}\n`);
  made.set("NOTICE.txt", [...licences.values()].join(`\n${"-".repeat(80)}\n\n`));
  return made;
}

function isThere(path, text) {
  try {
    return readFileSync(path, "utf8") === text;
  } catch {
    return false;
  }
}

for (const [folder, made] of [
  ["api/board/page/vendor", vendored(BOARD, true)],
  ["api/reference/page/vendor", vendored(DOCS, false)],
]) {
  const out = join(ROOT, folder);
  if (process.argv.includes("--check")) {
    const other = [...made].filter(([name, text]) => !isThere(join(out, name), text)).map(([name]) => name);
    if (other.length) {
      console.error(`${folder} is not what the npm lock makes: make vendor (${other.join(", ")})`);
      process.exitCode = 1;
    }
  } else {
    rmSync(out, { recursive: true, force: true });
    mkdirSync(out, { recursive: true });
    for (const [name, text] of made) writeFileSync(join(out, name), text);
  }
}
