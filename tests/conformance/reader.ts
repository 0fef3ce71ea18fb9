// Types that openapi-typescript makes of /openapi.json, used as a page would: this compiles, or the document is wrong.
import type { components, operations } from "./made/plugwatch.js";

type Status = components["schemas"]["Status"];
type Station = components["schemas"]["Station"];
type Listed = operations["list_stations"]["responses"][200]["content"]["application/json"];
type Refused = operations["create_station"]["responses"][409]["content"]["application/problem+json"];
type Event = operations["follow_stream"]["responses"][200]["content"]["text/event-stream"];

export function free(station: Station): string[] {
  const wanted: Status = "AVAILABLE";
  return station.charge_points.flatMap((one) =>
    one.evses.filter((evse) => evse.status === wanted).map((evse) => `${one.id}/${evse.id}`),
  );
}

export function next(page: Listed): string | null {
  return page.items.some((one) => one.distance_m === undefined) ? page.next_cursor : null;
}

export function isTaken(problem: Refused): boolean {
  return problem.type === "/problems/id-taken" && problem.errors.every((one) => one.field.length > 0);
}

/** What a board does with each event: the compiler knows which data an event has. */
export function told(event: Event): string {
  switch (event.event) {
    case "charge_point":
      return `${event.data.document.id} ${event.data.document.connectivity}`;
    case "station":
      return `${event.data.document.name} ${event.data.document.status}`;
    case "deleted":
      return `${event.data.charge_point_id ?? event.data.station_id} is gone`;
    case "left":
      return `${event.data.charge_point_id} left ${event.data.station_id}`;
    case "reset":
      return `read anew, then go on from ${event.id}`;
    case "dropped":
      return event.data.detail;
    case "brief":
      return `${event.data.length} stations`;
    case "behind":
      return `what is told is of ${event.data.seconds} s ago`;
  }
}

// @ts-expect-error: no station is CLOSED
export const closed: Status = "CLOSED";
// The default of every query may be left out.
export const query: operations["read_stats_series"]["parameters"]["query"] = { step: "15m" };
