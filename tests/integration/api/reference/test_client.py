"""A client that is generated from ``/openapi.json`` walks the API: every operation is there, every answer read."""

import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from subprocess import run
from types import ModuleType
from typing import Any

import httpx
import pytest

from tests.integration.api.served import ADMIN, Api

GENERATOR = Path(sys.executable).with_name("openapi-python-client")
#: A file is bytes, whatever is in them.
CONFIG = {
    "post_hooks": [],
    "content_type_overrides": {
        "text/csv": "application/octet-stream",
        "application/x-ndjson": "application/octet-stream",
    },
}
PACKAGE = "generated_plugwatch_client"
CSV = "station_id,station_name,charge_point_id\nS9,Nine,CP9\n"
#: Followed by a client of its own: a stream has no end.
ENDLESS = {"follow_stream"}


@pytest.fixture
def generated(api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of the client."""
    (tmp_path / "openapi.json").write_text(json.dumps(api.app.openapi()))
    (tmp_path / "config.json").write_text(json.dumps(CONFIG))
    made = run(
        [
            *(GENERATOR, "generate", "--path", "openapi.json", "--config", "config.json"),
            *("--meta", "none", "--output-path", PACKAGE, "--fail-on-warning"),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert made.returncode == 0, made.stdout + made.stderr
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path / PACKAGE
    for name in [name for name in sys.modules if name.startswith(PACKAGE)]:
        del sys.modules[name]


class Walk:
    """Calls operations by their names, and remembers which."""

    def __init__(self, folder: Path, http: httpx.AsyncClient) -> None:
        self._modules = {path.stem: path for path in folder.glob("api/*/*.py") if path.stem != "__init__"}
        client = importlib.import_module(f"{PACKAGE}.client")
        self.models: ModuleType = importlib.import_module(f"{PACKAGE}.models")
        self.types: ModuleType = importlib.import_module(f"{PACKAGE}.types")
        self._client = client.AuthenticatedClient(
            base_url="http://plugwatch.test", token=ADMIN, raise_on_unexpected_status=True
        ).set_async_httpx_client(http)
        self.known = set(self._modules)
        self.left = set(self._modules) - ENDLESS

    async def __call__(self, operation: str, /, *path: str | int, answers: int = 200, **named: Any) -> Any:
        """What the operation answers, as the client reads it."""
        self.left.discard(operation)
        tag = self._modules[operation].parent.name
        answer = await importlib.import_module(f"{PACKAGE}.api.{tag}.{operation}").asyncio_detailed(
            *path, client=self._client, **named
        )
        assert answer.status_code == answers, (operation, answer.content)
        return answer.parsed

    def body(self, model: str, /, **fields: Any) -> Any:
        return getattr(self.models, model).from_dict(fields)


async def test_a_generated_client_walks_every_operation(api: Api, generated: Path) -> None:
    walk = Walk(generated, api.client)
    assert walk.known == {one["operationId"] for path in api.app.openapi()["paths"].values() for one in path.values()}

    station = await walk("create_station", body=walk.body("NewStation", id="S1", name="One"), answers=201)
    assert (station.id, station.status, station.charge_points) == ("S1", "UNKNOWN", [])
    made = walk.body("NewChargePoint", id="CP1", generate_password=True)
    assert len((await walk("create_charge_point", "S1", body=made, answers=201)).password) >= 16
    taken = await walk("create_charge_point", "S1", body=made, answers=409)
    assert (taken.type_, taken.errors) == ("/problems/id-taken", [])
    intent = walk.body("AvailabilityIntent", operative=False)
    for operation, path in (
        ("set_station_availability", ("S1",)),
        ("set_charge_point_availability", ("CP1",)),
    ):
        asked = await walk(operation, *path, body=intent, answers=202)
        assert asked.results[0].result == "Waiting"
    await api.rolled_up("CP1", "AVAILABLE", "FAULTED")

    (listed,) = (await walk("list_stations")).items
    assert (listed.id, listed.status, listed.health, listed.counts["FAULTED"]) == ("S1", "AVAILABLE", "DEGRADED", 1)
    (listed,) = (await walk("list_charge_points", status=[walk.models.Status.AVAILABLE])).items
    assert (await walk("list_connectors")).items == [], "none has reported: the state was put there"
    read = await walk("read_charge_point", "cp1")
    assert (read.id, [evse.status for evse in read.evses]) == ("CP1", ["AVAILABLE", "FAULTED"])
    assert read.evses[0].connectors[0].since.year == 2026
    assert (await walk("read_station", "S1")).charge_points[0].connector0 is None
    assert (await walk("edit_station", "S1", body=walk.body("StationPatch", name="Uno"))).name == "Uno"
    edited = await walk("edit_charge_point", "CP1", body=walk.body("ChargePointPatch", registration="ACCEPTED"))
    assert edited.registration == "ACCEPTED"

    assert (await walk("set_evse_availability", "CP1", 9, body=intent, answers=404)).title == "Not found"
    assert (await walk("set_connector_availability", "CP1", 9, 1, body=intent, answers=404)).title == "Not found"
    for operation, body in (
        ("trigger_message", walk.body("Trigger", message="Heartbeat")),
        ("reset_charge_point", walk.body("ResetOrder", kind="graceful")),
        ("unlock_connector", walk.body("Unlock", evse_id=1, connector_id=1)),
    ):
        assert (await walk(operation, "CP1", body=body, answers=409)).type_ == "/problems/not-connected"
    replaced = await walk("replace_charge_point", "CP1", body=walk.body("Replacement", generate_password=True))
    assert (replaced.hardware, len(replaced.password) >= 16) == (2, True)
    assert (await walk("forget_connector", "CP1", 9, 1, answers=404)).title == "Not found"
    assert (await walk("switch_trace", "CP1", body=walk.body("TraceSwitch", enabled=True))).until is not None
    assert (await walk("read_trace", "CP1")).frames == []

    assert (await walk("read_charge_point_history", "CP1")).items == []
    assert (await walk("read_station_history", "S1")).next_cursor is None
    assert (await walk("read_network_history", status=[walk.models.Status.FAULTED])).items == []
    stats = await walk("read_stats")
    assert (stats.stations.total, stats.connectors.status["AVAILABLE"]) == (1, 1)
    assert (await walk("read_stats_series")).step_s == 900
    assert (await walk("read_board")).stations.id == ["S1"]
    counted = await walk("read_board_clusters", bbox="-180,-90,180,90", zoom=2)
    assert len(counted.stations.id) + sum(counted.clusters.count) <= 1
    assert (await walk("create_board_code", answers=201)).code

    file = walk.types.File(payload=CSV.encode())
    assert (await walk("import_inventory", body=file)).totals["created"] == 1
    assert b"CP9" in (await walk("export_inventory")).payload.read()
    await api.pool.execute(
        "INSERT INTO unknown_charge_points (folded_id, id, status, attempts) VALUES ('x', 'X', 404, 1)"
    )
    assert [one.id for one in (await walk("list_inbox")).items] == ["X"]
    assert (await walk("adopt_charge_point", "X", body=walk.body("Adoption", station_id="S1"), answers=201)).id == "X"
    await walk("forget_knock", "X", answers=404)
    assert (await walk("list_audit")).items[0].actor == "admin"
    assert (await walk("read_me")).scope == "ADMIN"
    await walk("delete_charge_point", "CP1", answers=204)
    await walk("delete_station", "S1", answers=204)
    assert len((await walk("create_stream_ticket", answers=201)).ticket) >= 16
    assert not walk.left, "an operation that nobody walked"
