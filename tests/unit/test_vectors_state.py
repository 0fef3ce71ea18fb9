"""The acceptance cases without any process: frames → session → events → fold → document, compared with `state`."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from ingest.ocpp.session import Policy as SessionPolicy
from ingest.ocpp.session import Session
from ingest.rollup.fold.fold import Folded, Policy, fold
from ingest.rollup.fold.state import ChargePoint
from ingest.rollup.fold.view import viewed
from shared.words import codec, documents
from shared.words.documents import Contribution
from shared.words.event import Event
from tests.e2e.vectors import Case, differences, filled_in, read_cases

NOW = 1_800_000_000_000
CASES = [case for case in read_cases() if case.frames and case.state]


class Run:
    """A case played on sessions of ours, each event by way of its bytes into the fold."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.now = NOW
        self.refused = False
        self.one = ChargePoint(key=7, id="CP1", station_id="S1")
        self.out = Folded()
        self.policy = Policy(close_grace_ms=int(case.config.get("close_grace_s", 60) * 1000))
        self.sessions: dict[int, Session] = {}

    def play(self) -> None:
        connected_later = {op.socket for op in self.case.ops if op.op == "connect"}
        for number in sorted(set(range(len(self.case.sockets or [None]))) - connected_later):
            self.connect(number)
        for number, frame in enumerate(self.case.frames):
            self.do_ops(number)
            self.now += 1
            socket = self.case.frame_socket[number] if self.case.frame_socket else 0
            outcome = self.sessions[socket].receive(
                filled_in(frame, datetime.fromtimestamp(self.now / 1000, UTC)), self.now
            )
            replies = [json.loads(reply) for reply in outcome.replies]
            self.refused |= isinstance(self.case.expect[number], list) and any(reply[0] == 4 for reply in replies)
            for event in outcome.events:
                self.fold(event)
        self.do_ops(len(self.case.frames))

    def connect(self, number: int) -> None:
        self.sessions[number] = Session(
            protocol=f"ocpp{self.case.version}",
            charge_point_id="CP1",
            charge_point_key=7,
            epoch=NOW + number,
            gateway_id="gw-1",
            registration=self.case.config.get("boot_status", "Accepted").upper(),
            policy=SessionPolicy(),
            transaction_id=iter(range(1, 1000)).__next__,
        )
        self.fold(self.sessions[number].began(self.now))

    def do_ops(self, before_frame: int) -> None:
        for op in self.case.ops:
            if op.before_frame != before_frame:
                continue
            match op.op:
                case "connect":
                    self.connect(op.socket)
                case "close":
                    self.fold(self.sessions[op.socket].ended("closed", self.now, self.now))
                case "advance":
                    self.now += int(op.seconds * 1000)

    def fold(self, event: Event) -> None:
        fold(self.one, codec.decode(codec.encode(event)), self.policy, self.out)

    @property
    def charge_point(self) -> Any:
        return json.loads(documents.encode(viewed(self.one, revision=1).document))

    @property
    def station(self) -> Any:
        view = viewed(self.one, revision=1)
        rolled = documents.roll_up([Contribution(view.document.status, view.evse_counts)])
        return json.loads(documents.encode(rolled))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_state_after_the_frames_is_that_of_the_case(case: Case) -> None:
    run = Run(case)
    run.play()
    state = case.state if case.state_if_error is None or not run.refused else case.state_if_error
    assert differences(state, case.state_ignores, run.charge_point, run.station) == []
    assert "OFFLINE" not in {row.reported for row in run.out.history}


@pytest.mark.parametrize(
    "case", [case for case in CASES if "event_time" in str(case.state)], ids=lambda case: case.name
)
def test_a_time_that_cannot_be_believed_is_the_time_of_receipt_in_history_too(case: Case) -> None:
    run = Run(case)
    run.play()
    for address, wanted in case.state["connectors"].items():
        evse_id, _, connector_id = address.partition(":")
        if wanted.get("event_time") == "received":
            newest = [row for row in run.out.history if row.place == (int(evse_id), int(connector_id or 1))][-1]
            assert newest.event_time == newest.received_at


def test_the_cases_are_all_there() -> None:
    assert len(CASES) >= 42
