"""The addresses that the roles know, all on one port of 127.0.0.1: files of the publishers, and GitHub.

`https://HOST/path` is served as `http://127.0.0.1:PORT/HOST/path`, so the paths in the roles' defaults are put to the
test as they are. It writes down every request to GitHub, and every process that shows a secret while one is made.
"""

import json
import threading
from contextlib import suppress
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import yaml

from tests.infra.ansible.machine.github import GitHub
from tests.infra.tools import ROOT


class Internet:
    """Serves `files` and `github` until it is left."""

    def __init__(self, files: Path, github: GitHub) -> None:
        self.github = github
        self.seen: list[str] = []  # command lines that showed a secret
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, internet=self, directory=str(files)))
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> "Internet":
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def variables(self) -> dict[str, str]:
        """Every variable of the roles that holds an address, led here."""
        return {
            name: value.replace("https://", f"{self.url}/")
            for defaults in ROOT.glob("ansible/roles/*/defaults/main.yml")
            for name, value in yaml.safe_load(defaults.read_text()).items()
            if isinstance(value, str) and value.startswith("https://")
        }

    def look_around(self) -> None:
        """Write down who shows a secret; the machine's processes are among ours."""
        for process in Path("/proc").glob("[0-9]*/cmdline"):
            with suppress(OSError):
                line = process.read_bytes().replace(b"\0", b" ").decode(errors="replace")
                if any(secret in line for secret in self.github.secrets):
                    self.seen.append(line)


class _Handler(SimpleHTTPRequestHandler):
    def __init__(self, *arguments: Any, internet: Internet, directory: str) -> None:
        self.internet = internet
        super().__init__(*arguments, directory=directory)

    def do_GET(self) -> None:
        if self.path.startswith("/api.github.com/"):
            self._ask_github()
        else:
            super().do_GET()

    def _ask_github(self) -> None:
        self.internet.look_around()
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        status, answer = self.internet.github.answer(
            self.command, self.path, self.headers.get("Authorization", ""), json.loads(body or b"null")
        )
        sent = b"" if answer is None else json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)

    do_POST = do_PUT = do_DELETE = _ask_github

    def log_message(self, format: str, *arguments: object) -> None:
        pass
