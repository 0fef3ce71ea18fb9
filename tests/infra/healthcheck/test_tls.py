"""https and wss, with a certificate that is trusted by SSL_CERT_FILE and by nothing else."""

import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.infra.tools import ROOT, output

REFUSAL = b"HTTP/1.1 404 Not Found\r\nContent-Length: 45\r\nConnection: close\r\n\r\n"
WORDS = b"the last path segment is no charge point id\r\n"


@dataclass(frozen=True, slots=True)
class Server:
    port: int
    certificate: Path

    def check(self, host: str, *, known: bool, trusted: bool) -> str:
        """The websocket line of a check, of a certificate that is known, and good for that host or not."""
        trust = [f"SSL_CERT_FILE={self.certificate}"] if known else []
        url = f"wss://{host}:{self.port}/ocpp"
        arguments = [sys.executable, "-I", "-S", str(ROOT / "healthcheck.py"), "--gateway", url]
        done = subprocess.run(["env", *trust, *arguments], capture_output=True, text=True, timeout=60, check=False)
        assert (done.returncode, done.stderr) == (0 if trusted else 2, "")
        (line,) = [line for line in done.stdout.splitlines() if line.startswith("websocket")]
        return line


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A gateway in so far as it refuses in a gateway's words, by TLS, under the name localhost."""
    directory = tmp_path_factory.mktemp("tls")
    key, certificate = directory / "key.pem", directory / "certificate.pem"
    names = ("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost")
    output("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", *names,
           "-keyout", key, "-out", certificate)  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with suppress(OSError):
            while True:
                plain, _ = listener.accept()
                with suppress(OSError), plain, context.wrap_socket(plain, server_side=True) as connection:
                    connection.settimeout(5)
                    connection.recv(65536)
                    connection.sendall(REFUSAL + WORDS)

    thread = threading.Thread(target=serve)
    thread.start()
    yield Server(listener.getsockname()[1], certificate)
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join()


def test_a_trusted_certificate_is_taken(server: Server) -> None:
    assert "answers, and refuses who can be nobody" in server.check("localhost", known=True, trusted=True)


def test_an_unknown_certificate_is_refused_in_words(server: Server) -> None:
    assert "a charger gets nowhere: its certificate: self" in server.check("localhost", known=False, trusted=False)


def test_a_certificate_of_another_name_is_refused(server: Server) -> None:
    assert "certificate" in server.check("127.0.0.1", known=True, trusted=False)
