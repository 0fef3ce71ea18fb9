"""The part of docs/capacity.md that is made of figures: what each process carries, and fleets by arithmetic. Pure."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from loadtest.benchmarks.report.table import number

FLEETS = (1_000, 10_000, 100_000, 1_000_000)
RATES = (50, 500, 2_000)
NEEDED = ("steady", "saturation", "catch-up", "read", "idle", "storm")
_DAY_S, _GB, _PAIR, _BROKERS = 86_400, 1e9, 2, 3


@dataclass(frozen=True, slots=True)
class Measured:
    """Medians of the figures."""

    rows: Mapping[str, Any]

    def __call__(self, row: str, figure: str) -> float:
        return float(self.rows[row]["figures"][figure][1])

    def us(self, part: str, rate: float) -> float:
        """CPU (µs) a status of a process, between the measured rates by the logarithm; outside as at the next."""
        known = [self("steady", f"{one}/s.ours.{part}_us") for one in RATES]
        for low, high, at_low, at_high in zip(RATES, RATES[1:], known, known[1:], strict=False):
            if rate <= high:
                share = max(0.0, math.log(rate / low) / math.log(high / low))
                return at_low + share * (at_high - at_low)
        return known[-1]


def capacity(told: Mapping[str, Any], assumed: Mapping[str, Any]) -> str:
    """The made part of the page."""
    rows = told["rows"]
    if lacking := [name for name in NEEDED if name not in rows]:
        return f"Not measured yet: {', '.join(lacking)} of `make bench`.\n"
    measured = Measured(rows)
    quick = [name for name in NEEDED if rows[name]["quick"]]
    warning = f"**In small only, and so worth little, were measured: {', '.join(quick)}.**\n\n" if quick else ""
    return f"{warning}{_one_process(measured)}\n{_fleets(measured, assumed)}\n{_inputs(assumed)}"


def _one_process(measured: Measured) -> str:
    idle, storm, read = (measured.rows[name]["settings"] for name in ("idle", "storm", "read"))

    def a_core(row: str, figure: str) -> str:
        return f"{1e6 / max(measured(row, figure), 1):,.0f}"

    carried = (
        ("gateway", f"{a_core('saturation', '1000.ours.gateway_us')} statuses/s a core", "1,000 chargers"),
        (
            "gateway",
            f"{idle['connections']:,} connections, {number(measured('idle', 'kb_each'))} kB each",
            f"as many as files may be open; an inventory of {idle['inventory']:,}",
        ),
        (
            "gateway",
            f"a handshake with password costs {number(measured('storm', 'gateway_ms_each'))} ms",
            f"{storm['chargers']:,} chargers at once",
        ),
        ("rollup", f"{number(measured('catch-up', 'ours.per_s'))} events/s", "a backlog"),
        ("rollup", f"{a_core('steady', '2000/s.ours.rollup_us')} statuses/s a core", "at 2,000/s"),
        ("Postgres", f"{a_core('catch-up', 'ours.postgres_us')} events/s a core", "a backlog"),
        ("Postgres", f"{a_core('steady', '2000/s.ours.postgres_us')} statuses/s a core", "at 2,000/s"),
        (
            "Postgres",
            f"{number(measured('catch-up', 'history_bytes_each'))} bytes a line of history",
            "indexes included",
        ),
        ("Redis", f"{a_core('steady', '2000/s.ours.redis_us')} statuses/s a core", "at 2,000/s"),
        (
            "API",
            f"{number(measured('read', 'ours.per_s'))} stations/s, {number(measured('read', 'ours.api_us'))} µs each",
            f"{read['document_bytes']:,} bytes each",
        ),
    )
    head = "Measured. *Statuses a core* were not run: they are a second of CPU, divided by the CPU that a status costs."
    lines = ["## What one process carries", "", head, "", "| | carries | where |", "|---|---|---|"]
    return "\n".join([*lines, *(f"| {' | '.join(line)} |" for line in carried)]) + "\n"


def _needs(measured: Measured, assumed: Mapping[str, Any], chargers: int) -> dict[str, float]:
    charger, busy = assumed["a charger"], assumed["cores are planned to be busy (%)"] / 100
    peak = assumed["peak, as a multiple of the mean"]
    mean = chargers * charger["statuses a day"] / _DAY_S
    reads = chargers * charger["documents read a day"] / _DAY_S * peak
    rate = mean * peak

    def cores(part: str, more: float = 0.0) -> float:
        return float((rate * measured.us(part, rate) / 1e6 + more) / busy)

    idle, every_s = measured.rows["idle"]["settings"], charger["pinged every (s)"]  # a ping costs about a Heartbeat
    beats = idle["beats_per_s"] + idle["connections"] / every_s
    resting = measured("idle", "gateway_percent") / 100 / beats
    resting *= chargers * (1 / every_s + 1 / charger["heartbeat every (s)"])
    gateway_cores, rollup_cores = cores("gateway", resting), cores("rollup")
    return {
        "statuses/s, mean": mean,
        "statuses/s, peak": rate,
        "gateway cores": gateway_cores,
        "gateway processes": math.ceil(max(chargers / assumed["connections planned a gateway"], gateway_cores)),
        "gateway memory, GB": chargers * measured("idle", "kb_each") * 1000 / _GB,
        "rollup cores": rollup_cores,
        "rollup processes": math.ceil(rollup_cores),
        "API cores": cores("api", reads * measured("read", "ours.read_us") / 1e6),
        "Postgres cores": cores("postgres"),
        "Redis cores": cores("redis"),
        "broker cores": cores("broker"),
        "history, GB": mean * _DAY_S * assumed["history is kept (days)"]
        * measured("catch-up", "history_bytes_each") / _GB,
        "log, GB": mean * _DAY_S * assumed["log is kept (days)"] * assumed["bytes on the log a status"] / _GB,
    }  # fmt: skip


def _vcpus(needs: Mapping[str, float]) -> dict[str, int]:
    """What is rented: one more than needed, or twice as much; three brokers; nothing smaller than a vCPU."""
    return {
        "gateway": int(needs["gateway processes"]) + 1,
        "rollup": int(needs["rollup processes"]) + 1,
        "API": math.ceil(needs["API cores"]) + 1,
        "Postgres": _PAIR * math.ceil(needs["Postgres cores"]),
        "Redis": _PAIR * math.ceil(needs["Redis cores"]),
        "broker": _BROKERS * math.ceil(needs["broker cores"] / _BROKERS),
    }


def _bought(needs: Mapping[str, float]) -> dict[str, float]:
    ssd_gb = _PAIR * needs["history, GB"] + _BROKERS * needs["log, GB"]
    return {"vCPUs": sum(_vcpus(needs).values()), "SSD, GB": ssd_gb}


def _fleets(measured: Measured, assumed: Mapping[str, Any]) -> str:
    needs = {fleet: _needs(measured, assumed, fleet) for fleet in FLEETS}
    prices = assumed["prices, EUR a month"]
    lines = [
        "## Fleets, by arithmetic",
        "",
        f"Measured were 1,000 chargers at {', '.join(f'{rate:,}/s' for rate in RATES)}, and what "
        f"{measured.rows['idle']['settings']['connections']:,} connections cost that only stay. **All of this table is "
        "extrapolated**, for the peak. Below the lowest rate and above the highest one a status costs what it costs "
        "there. Between two rates its cost goes evenly from the one to the other, as the rate grows by equal factors.",
        "",
        "| chargers | " + " | ".join(f"{fleet:,}" for fleet in FLEETS) + " |",
        "|---|" + "---|" * len(FLEETS),
    ]
    for name in needs[FLEETS[0]]:
        lines.append(f"| {name} | " + " | ".join(number(of[name]) for of in needs.values()) + " |")
    parts = [_vcpus(of) for of in needs.values()]
    each = " | ".join(" + ".join(f"{one:,}" for one in of.values()) for of in parts)
    lines.append(f"| rented: vCPUs of {' + '.join(parts[0])} | {each} |")
    bought = {fleet: _bought(of) for fleet, of in needs.items()}
    for name in ("vCPUs", "SSD, GB"):
        lines.append(f"| rented: {name} | " + " | ".join(number(of[name]) for of in bought.values()) + " |")
    cost = {
        fleet: of["vCPUs"] * prices["a vCPU with 4 GB of memory"] + of["SSD, GB"] * prices["a GB of SSD"]
        for fleet, of in bought.items()
    }
    lines.append("| EUR a month | " + " | ".join(f"{one:,.0f}" for one in cost.values()) + " |")
    per = " | ".join(f"**{one / fleet * 10_000:,.0f}**" for fleet, one in cost.items())
    lines.append(f"| **EUR per 10,000 chargers and month** | {per} |")
    first = max(
        (part for part in needs[FLEETS[-1]] if part.endswith("cores")), key=lambda part: needs[FLEETS[-1]][part]
    )
    lines += [
        "",
        "A gateway, rollup or API is one process on one vCPU. "
        "Rented is one more gateway, rollup and API than the load needs, Postgres and Redis twice, "
        f"{_BROKERS} brokers, and nothing smaller than a vCPU: at least "
        f"{number(min(of['vCPUs'] for of in bought.values()))} vCPUs, however small the fleet. "
        f"A core is planned to be {assumed['cores are planned to be busy (%)']} % busy.",
        "",
        f"What fills first at a million: **{first}**.",
    ]
    return "\n".join(lines) + "\n"


def _inputs(assumed: Mapping[str, Any]) -> str:
    lines = ["## What is assumed", "", "Put your own into [assumptions.json](performance/assumptions.json).", ""]
    for name, value in assumed.items():
        if isinstance(value, dict):
            lines += [f"- {name}: {', '.join(f'{key} {one:,}' for key, one in value.items())}"]
        else:
            lines += [f"- {name}: {value:,}"]
    return "\n".join(lines) + "\n"
