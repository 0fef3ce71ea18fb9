// What an operator does: each is a dialog that says what will happen, sends it, and shows the charger's own answer.
import { api, dialog, go } from "../state.js";

/** @typedef {import("../api.js").Api} Api */
/** @typedef {import("./dialog.js").Shown} Shown */

const client = () => /** @type {Api} */ (api.value);
const of = (/** @type {string} */ id) => encodeURIComponent(id);
/** @param {Shown} shown */
const ask = (shown) => (dialog.value = shown);

export const newStation = () =>
  ask({
    title: "Add a station",
    fields: [
      { name: "name", label: "Name", required: true },
      { name: "id", label: "Id", help: "Letters, digits, . _ ~ -; left empty, one is made." },
      { name: "address", label: "Address" },
      { name: "latitude", label: "Latitude", type: "number", help: "With a longitude it shows on the map." },
      { name: "longitude", label: "Longitude", type: "number" },
    ],
    verb: "Add station",
    send: async ({ name, id, address, latitude, longitude }) => {
      const made = await client().send("POST", "/v1/stations", {
        name,
        ...(id && { id }),
        ...(address && { address }),
        ...(latitude && { latitude: Number(latitude) }),
        ...(longitude && { longitude: Number(longitude) }),
      });
      go({ station: made.id });
      return "";
    },
  });

/** @param {string} station */
export const newCharger = (station) =>
  ask({
    title: "Add a charger",
    fields: [
      { name: "id", label: "Id", required: true, help: "As it is set in the charger; the last part of its URL." },
      { name: "security", label: "Password", type: "select", value: "none", options: [["none", "none"], ["generate", "generate one, shown once"]] },
    ],
    verb: "Add charger",
    send: async ({ id, security }) => {
      const body = { id, ...(security === "generate" && { generate_password: true }) };
      const made = await client().send("POST", `/v1/stations/${of(station)}/charge-points`, body);
      return made.password ? `${made.id} was added. Its password, shown only now: ${made.password}` : "";
    },
  });

/** @param {string} path @param {string} what @param {boolean} operative */
export const availability = (path, what, operative) =>
  ask({
    title: operative ? `Put ${what} into service` : `Take ${what} out of service`,
    fields: operative ? [] : [{ name: "note", label: "Why", help: "Shown here as long as it is out of service." }],
    verb: operative ? "Put into service" : "Take out of service",
    danger: !operative,
    send: async ({ note }) => {
      const made = await client().send("PUT", `${path}/availability`, { operative, ...(note && { note }) });
      return made.results.map((/** @type {any} */ one) => `${one.charge_point_id}: ${answers[one.result] ?? one.result}`).join(" · ") || "There is no charger here yet.";
    },
  });

/** @type {Record<string, string>} */
const answers = {
  Accepted: "accepted",
  Rejected: "the charger refuses",
  Scheduled: "accepted, once the session under way has ended",
  Waiting: "is not connected; it is asked when it comes back",
  TimedOut: "has not answered; it is asked again",
};

/** @param {string} charger */
export const reset = (charger) =>
  ask({
    title: `Reset ${charger}`,
    fields: [{ name: "kind", label: "When", type: "select", value: "graceful", options: [["graceful", "when running sessions have ended"], ["immediate", "at once"]] }],
    verb: "Reset",
    danger: true,
    send: async ({ kind }) => `The charger says: ${(await client().send("POST", `/v1/charge-points/${of(charger)}/reset`, { kind })).status}`,
  });

/** @param {string} charger */
export const trigger = (charger) =>
  ask({
    title: `Ask ${charger} for its state`,
    fields: [{ name: "message", label: "Message", type: "select", options: ["StatusNotification", "BootNotification", "Heartbeat", "MeterValues", "FirmwareStatusNotification"].map((one) => [one, one]) }],
    verb: "Ask",
    send: async ({ message }) => `The charger says: ${(await client().send("POST", `/v1/charge-points/${of(charger)}/trigger`, { message })).status}`,
  });

/** @param {string} charger @param {number} evse @param {number} connector */
export const unlock = (charger, evse, connector) =>
  ask({
    title: `Unlock connector ${connector} of EVSE ${evse}`,
    fields: [],
    verb: "Unlock",
    send: async () => `The charger says: ${(await client().send("POST", `/v1/charge-points/${of(charger)}/unlock`, { evse_id: evse, connector_id: connector })).status}`,
  });

/** @param {string} charger */
export const move = (charger) =>
  ask({
    title: `Move ${charger} to another station`,
    fields: [{ name: "station_id", label: "Id of the station", required: true }],
    verb: "Move",
    send: async ({ station_id }) => {
      await client().send("PATCH", `/v1/charge-points/${of(charger)}`, { station_id });
      go({ station: station_id });
      return "";
    },
  });

/** @param {string} path @param {string} id @param {string} what @param {boolean} isStation */
export const remove = (path, id, what, isStation) =>
  ask({
    title: `Delete ${what}`,
    fields: [{ name: "confirm", label: `Enter ${id} to confirm`, required: true, exactly: id, help: isStation ? "Its chargers are deleted, too, and refused from then on." : "It is closed, and refused from then on." }],
    verb: "Delete",
    danger: true,
    send: async () => {
      await client().send("DELETE", path);
      if (isStation) go({ station: null });
      return "";
    },
  });
