"""A charger's socket against servers that answer well, badly, late, or not at all."""

import json
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus
from time import perf_counter
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve
from websockets.typing import Subprotocol

from loadtest.chargers.station import Call
from loadtest.swarm.users.ocpp_client import Broken, OcppClient, Refused

HEARTBEAT = Call("Heartbeat", {})
Behaviour = Callable[[ServerConnection], None]


@contextmanager
def server(behaviour: Behaviour, **options: Any) -> Iterator[str]:
    """A websocket server in a thread; gives its URL."""

    def behave(socket: ServerConnection) -> None:
        with suppress(ConnectionClosed):
            behaviour(socket)

    with serve(behave, "127.0.0.1", 0, **{"subprotocols": [Subprotocol("ocpp1.6")], **options}) as serving:
        thread = threading.Thread(target=serving.serve_forever)
        thread.start()
        try:
            yield f"ws://127.0.0.1:{serving.socket.getsockname()[1]}/ocpp/"
        finally:
            serving.shutdown()
            thread.join()


@contextmanager
def charger(url: str, within_s: float = 2.0, identity: str = "LOAD-00001") -> Iterator[OcppClient]:
    client = OcppClient(
        url, identity, "ocpp1.6", lambda call: {"said": call.action} if call.payload else None, within_s
    )
    try:
        yield client
    finally:
        client.close()


def received(socket: ServerConnection) -> Any:
    return json.loads(socket.recv())


def answer_with(*more: Any, kind: int = 3, id: str | None = None) -> Behaviour:
    def behave(socket: ServerConnection) -> None:
        for message in socket:
            socket.send(json.dumps([kind, json.loads(message)[1] if id is None else id, *more]))

    return behave


def test_the_answer_with_the_message_id_of_the_call_is_its_answer() -> None:
    asked: list[Any] = []

    def behave(socket: ServerConnection) -> None:
        for message in socket:
            asked.append(json.loads(message))
            socket.send(json.dumps([3, asked[-1][1], {"n": len(asked)}]))

    with server(behave) as url, charger(url) as client:
        assert client.answer(client.ask(HEARTBEAT), 2) == {"n": 1}
        assert client.answer(client.ask(Call("Authorize", {"idTag": "ä"})), 2) == {"n": 2}
    assert [message[0] for message in asked] == [2, 2]
    assert [message[2:] for message in asked] == [["Heartbeat", {}], ["Authorize", {"idTag": "ä"}]]
    assert asked[0][1] != asked[1][1]
    assert "LOAD-00001" in asked[0][1], "an id that no other charger's CALL has"


@pytest.mark.parametrize("identity", ["LOAD-00001", "a b|c"])
def test_the_identity_is_the_last_part_of_the_path(identity: str) -> None:
    paths: list[str] = []

    def behave(socket: ServerConnection) -> None:
        assert socket.request
        paths.append(socket.request.path)

    with server(behave) as url, charger(url, identity=identity):
        pass
    assert paths == [f"/ocpp/{identity.replace(' ', '%20').replace('|', '%7C')}"]


def test_an_answer_to_another_call_is_none() -> None:
    with (
        server(answer_with({}, id="LOAD-00002.1")) as url,
        charger(url) as client,
        pytest.raises(Broken, match="not the answer to this CALL"),
    ):
        client.answer(client.ask(HEARTBEAT), 2)


def test_a_callerror_is_a_refusal_by_its_code_and_the_connection_goes_on() -> None:
    with server(answer_with("SecurityError", "go away, it is 12:00", {}, kind=4)) as url, charger(url) as client:
        for _ in range(2):
            with pytest.raises(Refused, match=r"^CALLERROR SecurityError$"):
                client.answer(client.ask(HEARTBEAT), 2)


def test_a_server_that_says_nothing_is_broken_after_the_time_given() -> None:
    with server(lambda socket: deque(socket, maxlen=0).clear()) as url, charger(url) as client:
        began = perf_counter()
        with pytest.raises(Broken, match=r"no answer within 0.3 s"):
            client.answer(client.ask(HEARTBEAT), 0.3)
        assert 0.3 <= perf_counter() - began < 1.5


def test_a_call_of_the_server_is_answered_while_ours_waits() -> None:
    answers: list[Any] = []

    def behave(socket: ServerConnection) -> None:
        ours = received(socket)
        for payload in ({"type": "Soft"}, {}):
            socket.send(json.dumps([2, "theirs", "Reset", payload]))
            answers.append(received(socket))
        socket.send(json.dumps([3, ours[1], {}]))
        socket.recv()

    with server(behave) as url, charger(url) as client:
        assert client.answer(client.ask(HEARTBEAT), 2) == {}
    assert answers == [[3, "theirs", {"said": "Reset"}], [4, "theirs", "NotImplemented", "", {}]]


def test_it_listens_until_something_comes_or_it_is_time() -> None:
    def behave(socket: ServerConnection) -> None:
        socket.send(json.dumps([2, "theirs", "Reset", {"type": "Soft"}]))
        socket.recv()
        socket.recv()

    with server(behave) as url, charger(url) as client:
        client.listen(perf_counter() + 5)
        began = perf_counter()
        client.listen(began + 0.2)
        client.listen(began)  # it is past that time already
        assert 0.2 <= perf_counter() - began < 1.5


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ('[3, "1", {}]', "an answer that nobody waits for"),
        ('[2, "1"]', "not an OCPP message"),
        ("hello", "not an OCPP message"),
    ],
)
def test_what_no_server_may_say_breaks_the_connection(said: str, words: str) -> None:
    def behave(socket: ServerConnection) -> None:
        socket.send(said)
        socket.recv()

    with server(behave) as url, charger(url) as client, pytest.raises(Broken, match=words):
        client.listen(perf_counter() + 5)


def test_a_server_that_closes_is_known_by_its_code() -> None:
    with (
        server(lambda socket: socket.close(1012, "restart")) as url,
        charger(url) as client,
        pytest.raises(Broken, match=r"closed by the server with 1012"),
    ):
        client.answer(client.ask(HEARTBEAT), 2)


def test_a_message_in_two_halves_survives_a_listen_that_ended_between_them() -> None:
    def behave(socket: ServerConnection) -> None:
        asked = received(socket)
        whole = json.dumps([3, asked[1], {"currentTime": "2026-03-01T12:00:00Z"}]).encode()
        frame = bytes((0x81, len(whole))) + whole
        for half in (frame[:7], frame[7:]):
            go.acquire()
            socket.socket.sendall(half)
        socket.recv()

    go = threading.Semaphore(0)
    with server(behave) as url, charger(url) as client:
        asked = client.ask(HEARTBEAT)
        go.release()
        client.listen(perf_counter() + 0.3)
        go.release()
        assert client.answer(asked, 5) == {"currentTime": "2026-03-01T12:00:00Z"}


def test_one_that_is_cut_off_finds_out_at_once() -> None:
    with server(answer_with({})) as url, charger(url) as client:
        threading.Timer(0.2, client.abort).start()
        began = perf_counter()
        with pytest.raises(Broken, match="connection lost"):
            client.listen(began + 10)
        assert perf_counter() - began < 5


def test_a_refused_handshake_is_known_by_its_status() -> None:
    def refuse(socket: ServerConnection, _request: Any) -> Any:
        return socket.respond(HTTPStatus.NOT_FOUND, "no such charge point\n")

    with (
        server(answer_with({}), process_request=refuse) as url,
        pytest.raises(Broken, match=r"^handshake answered by HTTP 404$"),
        charger(url),
    ):
        pass


def test_a_server_that_agrees_to_no_dialect_is_no_server_for_chargers() -> None:
    with (
        server(answer_with({}), subprotocols=None) as url,
        pytest.raises(Broken, match=r"^no handshake in ocpp1.6: "),
        charger(url),
    ):
        pass


def test_nobody_there_is_said_in_words_that_are_always_the_same(unused_tcp_port: int) -> None:
    with (
        pytest.raises(Broken, match=r"^no handshake: Connection refused$"),
        charger(f"ws://127.0.0.1:{unused_tcp_port}"),
    ):
        pass
