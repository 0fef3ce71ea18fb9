"""What happens to a fleet on an ordinary day and on a bad one, made to happen: so every panel has something to show.

Only ever to what `monitoring.system` has started: HTTP, websockets, records on the topic, signals.
"""

import itertools
import json
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

from confluent_kafka import Producer
from websockets.exceptions import InvalidStatus

from monitoring.system import CHARGE_POINT, STATION, System

TOPIC = "plugwatch.charger-events"
PATHS: Sequence[str] = (
    *[f"/v1/stations/UTR-00{n}" for n in range(1, 10)],
    *[f"/v1/charge-points/UTR-00{n}-A" for n in range(1, 10)],
    "/v1/stations?limit=50&expand=charge_points",
    "/v1/charge-points?status=FAULTED",
    "/v1/stations/UTR-001/history",
    "/v1/stats",
)
BOOT = '[2,"boot","BootNotification",{"chargePointVendor":"Simulated","chargePointModel":"Rogue"}]'
BAD_FRAMES = (
    '[2,"1","Teleport",{}]',
    '[2,"2","StatusNotification",{"connectorId":1,"status":"Available"}]',
    '[2,"3","StatusNotification",{"connectorId":"one","errorCode":"NoError","status":"Available"}]',
)
COMMAND_ANSWERS = ('[4,"{}","InternalError","no relay",{{}}]', '[3,"{}",{{"status":"Accepted"}}]')


@contextmanager
def ordinary_day(system: System, requests_per_s: float = 20.0) -> Iterator[None]:
    """Clients read, and one follows the stream, while the block runs."""
    over = threading.Event()

    def read() -> None:
        for path in itertools.cycle(PATHS):
            if over.wait(1 / requests_per_s):
                return
            system.request("GET", path)

    clients = threading.Thread(target=read, name="clients")
    clients.start()
    try:
        with system.open("GET", "/v1/stream"):
            yield
    finally:
        over.set()
        clients.join()


def clients_err(system: System) -> None:
    """401, 404, a path of nobody's, 409 and 422."""
    system.request("GET", "/v1/stations", token="changed-long-ago")
    system.request("GET", "/v1/stations/NOWHERE")
    system.request("GET", "/wp-login.php")
    system.request("POST", "/v1/stations", {"id": STATION, "name": "again"})
    system.request("GET", "/v1/stations?limit=1000000")


def strangers_knock(system: System) -> None:
    """A charger that is not in the inventory, one that speaks nothing of ours, a browser, and one with a password."""
    for identity, subprotocol in (("NOBODY-1", "ocpp1.6"), (CHARGE_POINT, "ocpp1.2")):
        with suppress(InvalidStatus):
            system.charger(identity, subprotocol).close()
    with suppress(OSError):  # 426
        urllib.request.urlopen(system.gateway.replace("ws://", "http://") + f"/{CHARGE_POINT}", timeout=10).close()
    guarded = {"id": "ROG-001-B", "password": "a password that people chose"}
    system.request("POST", f"/v1/stations/{STATION}/charge-points", guarded)
    with system.charger(guarded["id"], password=guarded["password"]) as socket:
        socket.ping()


def a_charger_babbles(system: System) -> None:
    """Frames that are answered with CALLERRORs; then it goes away."""
    with system.charger() as socket:
        for frame in (BOOT, *BAD_FRAMES):
            socket.send(frame)
            socket.recv(timeout=10)


def a_charger_comes_twice(system: System) -> None:
    """A second socket takes over from the first."""
    with system.charger(), system.charger() as second:
        second.send(BOOT)
        second.recv(timeout=10)


def a_charger_refuses(system: System) -> None:
    """Two commands: to the first it answers CALLERROR, which is 502 for the operator, the second it accepts."""
    answers = iter(COMMAND_ANSWERS)
    with system.charger() as socket, ThreadPoolExecutor(1) as operator:
        socket.send(BOOT)
        commands = operator.submit(lambda: [_trigger(system) for _ in COMMAND_ANSWERS])
        while not commands.done():
            with suppress(TimeoutError):
                frame = json.loads(socket.recv(timeout=0.1))
                if frame[0] == 2:
                    socket.send(next(answers).format(frame[1]))


def redis_hangs(system: System) -> None:
    """Documents come from Postgres meanwhile, and a command is answered 503."""
    with system.charger() as socket:
        socket.send(BOOT)
        socket.recv(timeout=10)
        with system.paused("redis"):
            _trigger(system)


def rollup_hangs(system: System, for_s: float = 5.0) -> None:
    """What happens meanwhile shows when it goes on."""
    with system.paused("rollup"):
        time.sleep(for_s)


def the_broker_hangs(system: System, for_s: float = 4.0) -> None:
    """Chargers wait for their answers."""
    with system.paused("broker"):
        time.sleep(for_s)


def a_gateway_dies(system: System) -> None:
    """Without a word; another is started, and every charger comes back."""
    system.kill("gateway")


def somebody_poisons_the_topic(system: System) -> None:
    """Two records that can never be applied."""
    producer = Producer({"bootstrap.servers": system.kafka})
    for value in (b"not an event", b""):
        producer.produce(TOPIC, value=value, key=b"poison")
    producer.flush(10)


#: What makes every metric of an ordinary life appear, within seconds.
EVERYTHING: Sequence[Callable[[System], None]] = (
    clients_err,
    strangers_knock,
    a_charger_babbles,
    a_charger_comes_twice,
    a_charger_refuses,
    redis_hangs,
    somebody_poisons_the_topic,
)


def _trigger(system: System, within_s: float = 10.0) -> int:
    """A command to our charger, as soon as the API knows that it is connected; the status of the answer."""
    deadline = time.monotonic() + within_s
    while True:
        status = system.request("POST", f"/v1/charge-points/{CHARGE_POINT}/trigger", {"message": "Heartbeat"})
        if status != 409 or time.monotonic() > deadline:
            return status
        time.sleep(0.1)
