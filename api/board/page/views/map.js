// The map: clusters in the colour of the worst in them, over coast lines and borders that come with the page. Tiles only by a setting.
import { counting } from "../counting.js";
import { features } from "../pure/clusters.js";
import { COLOURS, GLYPHS } from "../pure/glyphs.js";
import { isOpen } from "../pure/order.js";
import { flat } from "../pure/outlines.js";
import { HEALTH_WORDS, STATUS_WORDS, counted } from "../pure/words.js";
import { api, changed, go, network, open, page, place, rows } from "../state.js";
import { colour, painted } from "../theme.js";
import { useEffect, useRef, useState } from "../vendor/preact-hooks.js";
import { useSignalEffect } from "../vendor/signals.js";
import { html } from "../html.js";

const CALM_MS = 2_000; // between two looks at what changed
const AGAIN_MS = 5_000;
const MOST = 800;
const MOST_NAMED = 60; // in sight at once; of more, names would cover each other

const EDGE = 84; // degrees: the map ends there, a station does not
const ASIDE = 26; // px between stations at one place

/** Everything that only the map needs, fetched when it is first shown. */
async function parts() {
  const base = new URL("../vendor/", import.meta.url);
  const [leaflet, cluster, feature, mesh, world] = await Promise.all([
    import("../vendor/leaflet.js"),
    import("../vendor/supercluster.js"),
    import("../vendor/topojson-feature.js"),
    import("../vendor/topojson-mesh.js"),
    fetch(new URL("countries-50m.json", base)).then((answer) => answer.json()),
    new Promise((resolve) => {
      if (document.querySelector("#leaflet")) return resolve(undefined);
      const sheet = Object.assign(document.createElement("link"), { id: "leaflet", rel: "stylesheet", href: String(new URL("leaflet.css", base)), onload: resolve });
      document.head.prepend(sheet);
    }),
  ]);
  const borders = mesh.default(world, world.objects.countries, (/** @type {any} */ a, /** @type {any} */ b) => a !== b);
  return { L: leaflet.default, Supercluster: cluster.default, land: flat(feature.default(world, "land").features[0].geometry), borders: flat(borders) };
}

/** Where stations are: [longitude, latitude] by id; read with the map, and anew with the network. @param {AbortSignal} signal @returns {Promise<Map<string, [number, number]>>} */
async function whereabouts(signal) {
  const { stations } = await /** @type {import("../api.js").Api} */ (api.value).get("/v1/board", signal);
  /** @type {Map<string, [number, number]>} */
  const found = new Map();
  stations.id.forEach((/** @type {string} */ id, /** @type {number} */ row) => {
    if (stations.latitude[row] !== null) found.set(id, [stations.longitude[row], Math.max(-EDGE, Math.min(EDGE, stations.latitude[row]))]);
  });
  return found;
}

class Chart {
  /** @param {HTMLElement} box @param {Awaited<ReturnType<typeof parts>>} parts */
  constructor(box, { L, Supercluster, land, borders }) {
    this.L = L;
    this.Supercluster = Supercluster;
    this.map = L.map(box, { zoomControl: true, attributionControl: Boolean(page.tiles), preferCanvas: true, worldCopyJump: true, minZoom: 2, maxZoom: 18, zoomSnap: 0.5 });
    this.land = L.geoJSON(land, { interactive: false });
    this.borders = L.geoJSON(borders, { interactive: false });
    if (page.tiles) L.tileLayer(page.tiles, { attribution: "", maxZoom: 19 }).addTo(this.map);
    else this.map.addLayer(this.land).addLayer(this.borders);
    L.control.scale({ imperial: false, position: "bottomright" }).addTo(this.map);
    this.points = L.layerGroup().addTo(this.map);
    this.framed = false;
    /** @type {any[] | null} what the API counted, of more stations than the board holds */
    this.counted = null;
    this.named = false;
    this.map.on("moveend", () => this.draw());
  }

  paint() {
    this.land.setStyle({ stroke: true, weight: 1, color: colour("coast"), fillColor: colour("land"), fillOpacity: 1 });
    this.borders.setStyle({ weight: 1, color: colour("coast"), dashArray: "3 4", fill: false });
  }

  /** @param {import("../state.js").Network} known @param {number[]} shown @param {Map<string, [number, number]>} places */
  take(known, shown, places) {
    const placed = shown.filter((row) => places.has(known.ids[row]));
    const at = (/** @type {number} */ row) => /** @type {[number, number]} */ (places.get(known.ids[row]));
    this.known = known;
    this.index = new this.Supercluster({
      radius: 68,
      maxZoom: 17,
      map: (/** @type {any} */ one) => ({ healths: HEALTH_WORDS.map((_, health) => Number(health === one.health)) }),
      reduce: (/** @type {any} */ sum, /** @type {any} */ one) => {
        sum.healths = sum.healths.map((/** @type {number} */ n, /** @type {number} */ health) => n + one.healths[health]);
      },
    }).load(
      placed.map((row) => ({
        type: "Feature",
        geometry: { type: "Point", coordinates: at(row) },
        properties: { id: known.ids[row], name: known.names[row], status: known.status[row], health: known.health[row] },
      })),
    );
    if (!this.framed && placed.length) {
      this.framed = true;
      const bounds = this.L.latLngBounds(placed.map((row) => [at(row)[1], at(row)[0]]));
      this.map.fitBounds(bounds, { padding: [60, 60], maxZoom: 14, animate: false });
    } else if (!this.framed) this.map.setView([30, 10], 2);
    this.draw();
    return placed.length;
  }

  /** What is in sight, and a little more. */
  view() {
    const view = this.map.getBounds().pad(0.1);
    return { west: view.getWest(), south: view.getSouth(), east: view.getEast(), north: view.getNorth() };
  }

  /** @param {any} answer of the API, null: what the board holds is enough */
  count(answer) {
    this.counted = answer && features(answer, this.map.getCenter().lng, EDGE);
    this.draw();
  }

  draw() {
    if (!this.index || !this.known) return;
    const { west, south, east, north } = this.view();
    const found = this.counted ?? this.index.getClusters([west, south, east, north], Math.round(this.map.getZoom()));
    this.points.clearLayers();
    this.named = found.length <= MOST_NAMED;
    /** @type {Map<string, number>} */
    const there = new Map();
    for (const one of found.slice(0, MOST)) {
      const spot = String(one.geometry.coordinates);
      const n = there.get(spot) ?? 0;
      there.set(spot, n + 1);
      const mark = one.properties.cluster ? this.cluster(one) : this.station(one);
      this.points.addLayer(n ? mark.setLatLng(this.beside(mark.getLatLng(), n)) : mark);
    }
  }

  /** Where the n-th station at one place is seen: around it, or nobody could open it. @param {any} at @param {number} n */
  beside(at, n) {
    const [angle, far] = [n * 2.4, ASIDE * Math.sqrt(n)];
    return this.map.layerPointToLatLng(this.map.latLngToLayerPoint(at).add([far * Math.cos(angle), far * Math.sin(angle)]));
  }

  /** @param {any} one */
  cluster(one) {
    const { point_count: n, healths, cluster_id } = one.properties;
    const side = Math.round(32 + Math.min(22, Math.log2(n) * 2.4));
    const told = SHOWN_FIRST.filter((health) => healths[health]).map((health) => `${healths[health]} ${HEALTH_WORDS[health].toLowerCase()}`);
    const said = `${counted(n, "station")}: ${told.join(", ")}`;
    const mark = this.mark(one, "cluster", `${ring(healths, n)}<span>${n.toLocaleString("en")}</span>`, side, said);
    return mark.on("click", () => {
      const [longitude, latitude] = one.geometry.coordinates;
      const closer = this.counted ? this.map.getZoom() + 2 : this.index.getClusterExpansionZoom(cluster_id);
      this.map.setView([latitude, longitude], Math.min(18, closer));
    });
  }

  /** @param {any} one */
  station(one) {
    const { id, name, status, health } = one.properties;
    const said = `${name}: ${STATUS_WORDS[status]}, ${HEALTH_WORDS[health]}`;
    const shape = `<svg class="glyph ${COLOURS[status]}" viewBox="0 0 24 24"><path d="${GLYPHS[status]}" fill-rule="evenodd"/></svg>`;
    const kind = `pin ${id === place.value.station ? "marked" : ""} ${health === 1 ? "bad" : ""}`;
    const mark = this.mark(one, kind, shape, 30, said).on("click", () => go({ station: id }));
    if (this.named)
      mark.bindTooltip(escaped(name), { permanent: true, direction: "right", offset: [12, 0], className: "place" });
    return mark;
  }

  /** @param {any} one @param {string} kind @param {string} inner @param {number} side @param {string} said */
  mark(one, kind, inner, side, said) {
    const [longitude, latitude] = one.geometry.coordinates;
    const icon = this.L.divIcon({ className: kind, html: inner, iconSize: [side, side] });
    const mark = this.L.marker([latitude, longitude], { icon, title: said, alt: said, keyboard: true });
    mark.on("add", () => mark.getElement()?.setAttribute("aria-label", said));
    return mark.on("keypress", (/** @type {any} */ event) => event.originalEvent.key === "Enter" && mark.fire("click"));
  }
}

const SHOWN_FIRST = [2, 1, 3, 0]; // down, degraded, unknown, OK
const LEAST = 7; // percent: what is there at all is seen

/** A ring of the shares of the healths, the worst first, from the top. @param {number[]} healths @param {number} n */
function ring(healths, n) {
  const shares = healths.map((one) => (one ? Math.max(LEAST, (one / n) * 100) : 0));
  const most = shares.indexOf(Math.max(...shares));
  shares[most] -= shares.reduce((sum, one) => sum + one, 0) - 100;
  let from = 0;
  const arcs = SHOWN_FIRST.filter((health) => shares[health]).map((health) => {
    const arc = `<circle class="arc-${health}" cx="18" cy="18" r="15.9155" stroke-dasharray="${shares[health]} ${100 - shares[health]}" stroke-dashoffset="${25 - from}"/>`;
    from += shares[health];
    return arc;
  });
  return `<svg viewBox="0 0 36 36" aria-hidden="true">${arcs.join("")}</svg>`;
}

/** @param {string} text */
const escaped = (text) => text.replace(/[&<>"]/g, (one) => `&#${one.charCodeAt(0)};`);

export function WorldMap() {
  const box = useRef(/** @type {HTMLDivElement | null} */ (null));
  const chart = useRef(/** @type {Chart | null} */ (null));
  const drawn = useRef(0);
  const [placed, setPlaced] = useState(-1);
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    let ended = false;
    parts().then(
      (made) => {
        if (ended) return;
        chart.current = new Chart(/** @type {HTMLElement} */ (box.current), made);
        chart.current.paint();
        take();
      },
      () => setFailed(true), // most likely the API is a newer one than this page
    );
    return () => {
      ended = true;
      chart.current?.map.remove();
      chart.current = null;
    };
  }, []);
  const places = useRef(/** @type {Map<string, [number, number]> | null} */ (null));
  const take = () => {
    if (!chart.current || !network.value || !places.current) return;
    drawn.current = performance.now();
    setPlaced(chart.current.take(network.value, rows.value, places.current));
  };
  useEffect(() => {
    let timer = 0;
    const ended = new AbortController();
    const read = () =>
      whereabouts(ended.signal).then(
        (found) => ((places.current = found), take()),
        () => ended.signal.aborted || (timer = setTimeout(read, AGAIN_MS)),
      );
    void read();
    return () => (ended.abort(), clearTimeout(timer));
  }, [network.value]);
  useSignalEffect(() => (rows.value, network.value, open.value, take()));
  useSignalEffect(() => {
    if (changed.value.length && performance.now() - drawn.current > CALM_MS) take();
  });
  useSignalEffect(() => (painted.value, chart.current?.paint()));
  const counts = Boolean(network.value && network.value.total > network.value.size && isOpen(place.value.filter));
  const ready = placed >= 0;
  useEffect(() => {
    const shown = chart.current;
    if (!shown || !counts || !api.value) return;
    const end = counting(shown.map, () => shown.view(), api.value, (found) => shown.count(found));
    return () => {
      end();
      if (chart.current === shown) shown.count(null);
    };
  }, [counts, ready, api.value]);
  const missing = placed < 0 || counts ? 0 : rows.value.length - placed;
  return html`
    <div class="map stations" ref=${box} role="region" aria-label="Map of the stations" tabindex="-1"></div>
    ${failed && html`<p class="note error" role="alert">The map cannot be loaded: load the page again.</p>`}
    ${counts && html`<p class="note">The map shows all stations that have a place, counted by the API</p>`}
    ${missing > 0 && html`<p class="note">${counted(missing, "station")} without a place ${missing === 1 ? "is" : "are"} not on the map</p>`}
  `;
}
