"""The acceptance cases at session level: frames in, replies out (tests/vectors). State is checked end to end."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from ingest.ocpp.session import Session
from tests.e2e.vectors import raw_cases

NOW = 1_800_000_000_000
CASES = [case for case in raw_cases() if case["frames"]]


def filled(frame: str, now: int) -> str:
    """``frame`` with its placeholders replaced."""
    moment = datetime.fromtimestamp(now / 1000, UTC)

    def value(match: re.Match[str]) -> str:
        match match[1]:
            case "NOW_NAIVE":
                return f"{moment:%Y-%m-%dT%H:%M:%S}"
            case "NOW+02":
                return f"{moment.astimezone(timezone(timedelta(hours=2))):%Y-%m-%dT%H:%M:%S}+02"
            case "NOW+02:00.123":
                return f"{moment.astimezone(timezone(timedelta(hours=2))):%Y-%m-%dT%H:%M:%S}.123+02:00"
            case "NOW.1234567":
                return f"{moment:%Y-%m-%dT%H:%M:%S}.1234567Z"
            case name:
                return f"{moment + timedelta(seconds=int(name.removeprefix('NOW') or 0)):%Y-%m-%dT%H:%M:%SZ}"

    return re.sub(r"\{\{([^}]+)\}\}", value, frame)


def expected(reply: list[Any] | None, wanted: str | list[str]) -> bool:
    """Whether the reply is (one of) what the case wants: CALLRESULT, CALLERROR:codes or ignored."""
    if isinstance(wanted, list):
        return any(expected(reply, one) for one in wanted)
    if wanted == "ignored" or reply is None:
        return wanted == "ignored" and reply is None
    if wanted == "CALLRESULT":
        return bool(reply[0] == 3)
    return reply[0] == 4 and reply[2] in wanted.removeprefix("CALLERROR:").split(",")


def matches(value: Any, wanted: Any, now: int) -> bool:
    """Whether a reply's payload is like the case's: a list is any of, some words are kinds."""
    match wanted:
        case dict():
            absent = wanted.get("_absent", [])
            return not set(absent) & set(value) and all(
                name in value and matches(value[name], kind, now) for name, kind in wanted.items() if name != "_absent"
            )
        case list():
            return any(matches(value, one, now) for one in wanted)
        case "int":
            return type(value) is int
        case "int>0":
            return type(value) is int and value > 0
        case "utc-now" | "utc-now<=3dec":
            return bool(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?Z", value)) and (
                abs(datetime.fromisoformat(value).timestamp() * 1000 - now) < 1000
            )
        case _:
            return bool(value == wanted)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_case(case: dict[str, Any], session: Callable[..., Session]) -> None:
    config = case.get("config", {})
    now = NOW
    sockets = [
        session(
            f"ocpp{case['version']}",
            registration=config.get("boot_status", "Accepted").upper(),
            heartbeat_interval_s=config.get("heartbeat_interval", 300),
            epoch=NOW + number,
        )
        for number, _ in enumerate(case.get("sockets", [None]))
    ]
    for number, text in enumerate(case["frames"]):
        for op in case.get("ops", []):
            if op["before_frame"] == number and op["op"] == "advance":
                now += op["seconds"] * 1000
        socket = sockets[case.get("frame_socket", [0] * len(case["frames"]))[number]]
        outcome = socket.receive(filled(text, now), now)
        replies = [json.loads(reply) for reply in outcome.replies]
        reply = replies[0] if replies else None

        assert len(replies) <= 1
        assert expected(reply, case["expect"][number]), (text, reply)
        if reply is not None:
            read = json.loads(text.lstrip("\ufeff")) if reply[1] != "-1" else [2, "-1"]
            assert reply[1] == read[1]
            if case.get("reply_id", [])[number : number + 1] not in ([], [None]):
                assert matches(reply[1], case["reply_id"][number], now)
            if reply[0] == 3 and number < len(case.get("reply", [])):
                assert matches(reply[2], case["reply"][number], now), reply


def test_the_cases_are_all_there() -> None:
    assert len(CASES) >= 57
