"""What the role needs of GitHub: the runners of one repository, as its REST API and the runners themselves see them.

It checks who asks. It refuses what GitHub refuses: a second runner of a name, a token that was not given out, the
removal of a runner at work.
"""

import itertools
import secrets
import threading
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

Answer = tuple[int, Any]
GIVEN_BY_GITHUB = ("self-hosted", "Linux", "X64")


@dataclass(slots=True)
class Runner:
    """One registered runner. `busy_for`: how many more questions about it find it at work."""

    id: int
    name: str
    labels: list[str]
    status: str = "offline"
    busy_for: int = 0
    credential: str = field(default_factory=lambda: secrets.token_hex(16))

    def document(self) -> dict[str, Any]:
        kinds = [(label, "read-only") for label in GIVEN_BY_GITHUB] + [(label, "custom") for label in self.labels]
        return {
            "id": self.id,
            "name": self.name,
            "os": "linux",
            "status": self.status,
            "busy": self.busy_for > 0,
            "labels": [{"id": number, "name": name, "type": kind} for number, (name, kind) in enumerate(kinds)],
        }


class GitHub:
    """The repository plugwatch/plugwatch. Tests read and change its fields."""

    def __init__(self) -> None:
        self.pat = f"github_pat_{secrets.token_hex(20)}"
        self.runners: dict[str, Runner] = {}
        self.tokens: list[str] = []
        self.requests: list[str] = []
        self.deaf = False  # whether runners cannot reach it
        self.distrusts_tokens = False
        self._ids = itertools.count(21)
        self._lock = threading.Lock()

    @property
    def secrets(self) -> list[str]:
        return [self.pat, *self.tokens]

    def add(self, name: str, *, status: str, labels: list[str] | None = None) -> Runner:
        """A runner of that name, registered by somebody else."""
        self.runners[name] = Runner(next(self._ids), name, labels or [], status)
        return self.runners[name]

    def answer(self, method: str, path: str, authorization: str, body: Any) -> Answer:
        """Status and JSON document for one request."""
        url = urlsplit(path)
        resource = url.path.removeprefix("/api.github.com").removeprefix("/repos/plugwatch/plugwatch/actions/runners")
        with self._lock:
            self.requests.append(f"{method} {resource or '/'}")
            if resource.startswith("/stub/"):
                return self._runner_calls(resource, authorization, body)
            if authorization != f"Bearer {self.pat}":
                return 401, {"message": "Bad credentials", "status": "401"}
            return self._api(method, resource, parse_qs(url.query), body)

    def _api(self, method: str, resource: str, query: dict[str, list[str]], body: Any) -> Answer:
        if (method, resource) == ("GET", ""):
            found = [runner.document() for runner in self.runners.values() if [runner.name] == query["name"]]
            return 200, {"total_count": len(found), "runners": found}
        if (method, resource) == ("POST", "/registration-token"):
            self.tokens.append(f"A{secrets.token_hex(14).upper()}")
            return 201, {"token": self.tokens[-1], "expires_at": "2099-01-01T00:00:00Z"}
        number, _, what = resource.removeprefix("/").partition("/")
        runner = next((runner for runner in self.runners.values() if str(runner.id) == number), None)
        match method, what, runner:
            case "GET", "", Runner():
                runner.busy_for = max(0, runner.busy_for - 1)
                return 200, runner.document()
            case "PUT", "labels", Runner():
                runner.labels = body["labels"]
                return 200, {"total_count": len(runner.labels), "labels": runner.document()["labels"]}
            case "DELETE", "", Runner() if runner.busy_for:
                return 422, {"message": f"Runner {runner.name} is currently running a job and cannot be deleted"}
            case "DELETE", "", Runner():
                del self.runners[runner.name]
                return 204, None
        return 404, {"message": "Not Found", "status": "404"}

    def _runner_calls(self, resource: str, authorization: str, body: dict[str, Any]) -> Answer:
        """What config.sh and the listener of the stub say; the real ones speak another protocol, to the same effect."""
        if resource == "/stub/register":
            if self.distrusts_tokens or authorization.removeprefix("RemoteAuth ") not in self.tokens:
                return 401, {"message": f"Http response code: NotFound, {authorization}"}
            there = self.runners.get(body["name"])
            if there and not body["replace"]:
                return 409, {"message": f"A runner exists with the same name {body['name']}."}
            number = there.id if there else next(self._ids)
            new = self.runners[body["name"]] = Runner(number, body["name"], body["labels"])
            return 200, {"id": new.id, "credential": new.credential}
        runner = next((one for one in self.runners.values() if one.credential == body["credential"]), None)
        if runner is None or self.deaf:
            return 401, {"message": "unknown session"}
        runner.status = body["status"]
        return 200, {}
