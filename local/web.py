"""The API as anyone may use it: JSON by HTTP with a token, in the standard library.

`python -m local.web RUN_JSON` prints a link that signs in to the status board, once.
"""

import json
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any


class Api:
    def __init__(self, url: str, token: str) -> None:
        self.url = url
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def get(self, path: str, timeout_s: float = 1.0) -> Any:
        """The JSON at `path`; raises OSError when there is none."""
        return self._open(path, None, timeout_s)

    def create(self, path: str, body: Mapping[str, object]) -> None:
        """POST `body`; what exists already is left as it is. Raises OSError, with the API's own words."""
        try:
            self._open(path, json.dumps(body).encode(), timeout_s=10)
        except urllib.error.HTTPError as refusal:
            if refusal.code != 409:
                raise OSError(f"POST {path}: {refusal} {refusal.read().decode(errors='replace')}") from refusal

    def board_link(self) -> str:
        """The status board, where the link signs one browser on this machine in, once. Raises OSError."""
        try:
            return f"{self.url}/#code={self._open('/v1/board/codes', b'', timeout_s=5)['code']}"
        except urllib.error.HTTPError:  # an API that only reads
            return f"{self.url}/"

    def _open(self, path: str, body: bytes | None, timeout_s: float) -> Any:
        request = urllib.request.Request(self.url + path, body, self._headers)
        with urllib.request.urlopen(request, timeout=timeout_s) as answer:
            return json.load(answer)


def main() -> None:
    try:
        run = json.loads(Path(sys.argv[1]).read_bytes())
        print(Api(run["api"], run["admin_token"]).board_link())
    except FileNotFoundError:
        sys.exit("nothing runs here: make run")
    except OSError as error:
        sys.exit(f"the API does not answer: {error}")


if __name__ == "__main__":
    main()
