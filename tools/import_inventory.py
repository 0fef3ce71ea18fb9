"""``python -m tools.import_inventory FILE``: sends an inventory file to ``POST /v1/import`` in parts; stdlib alone.

Exit status: 0 when every row went in, 1 when a row has an error, 2 when the import could not be done.
"""

import argparse
import csv
import io
import json
import os
import sys
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from shared.process.progress import Progress

RUN_FILE = Path(".plugwatch/run.json")
MEDIA_TYPES = {".csv": "text/csv", ".jsonl": "application/x-ndjson", ".ndjson": "application/x-ndjson"}
ROWS_A_REQUEST = 1_000
PASSWORDS_A_REQUEST = 200  #: an API may take tens of milliseconds to hash one that a person chose
BYTES_A_REQUEST = 8 * 1024 * 1024  #: an API takes 10 MiB
TIMEOUT_S = 600


class Failure(Exception):
    """The import cannot be done; the message says what to do."""


class Line(NamedTuple):
    """A row of the file: the line that it begins in, whose it is, and as it is sent."""

    number: int
    charge_point: str
    has_password: bool
    content: bytes


class Part(NamedTuple):
    """Rows that go in one request, by the lines that they begin in."""

    lines: list[int]
    body: bytes


def main(arguments: Sequence[str] | None = None) -> int:
    """Imports, reports, and returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tools.import_inventory", description=__doc__)
    parser.add_argument("file", type=Path, help="CSV (.csv) or JSON Lines (.jsonl, .ndjson)")
    parser.add_argument("--api", metavar="URL", help="default: that of .plugwatch/run.json")
    parser.add_argument("--dry-run", action="store_true", help="change nothing, only say what would be")
    given = parser.parse_args(arguments)
    try:
        totals = send(given.file, given.api, dry_run=given.dry_run)
    except Failure as failure:
        sys.stderr.write(f"{failure}\n")
        return 2
    counts = ", ".join(f"{totals[result]} {result}" for result in ("created", "updated", "unchanged", "error"))
    sys.stdout.write(f"{'would be: ' if given.dry_run else ''}{counts}\n")
    return 1 if totals["error"] else 0


def send(file: Path, api: str | None, *, dry_run: bool) -> Counter[str]:
    """Sends the file; the number of rows by what came of them. Rows with errors are told on stderr.

    Raises:
        Failure
    """
    media_type = MEDIA_TYPES.get(file.suffix.lower())
    if media_type is None:
        raise Failure(f"{file}: name it .csv, .jsonl or .ndjson, by what it is")
    try:
        text = file.read_text(encoding="utf-8-sig")
        header, lines = read_csv(text) if media_type == "text/csv" else (b"", read_lines(text))
        once, again = without_doubles(lines)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise Failure(f"{file}: {error}") from error
    url, token = _where(api)
    totals: Counter[str] = Counter(error=len(again))
    progress = Progress(len(once), sys.stderr)
    for line, before in again:
        said = f"is in line {before} already: give each charge point one line"
        progress.say(f"line {line.number} ({line.charge_point}): charge_point_id: {said}")
    sent = 0
    for part in parts(once, header, sys.maxsize if dry_run else ROWS_A_REQUEST):
        report = _post(f"{url}/v1/import?dry_run={'true' if dry_run else 'false'}", token, media_type, part, sent)
        totals.update(report["totals"])
        for row, number in zip(report["rows"], part.lines, strict=True):
            if row["result"] == "error":
                progress.say(_said(row, number))
        progress.advance(len(part.lines))
        sent += len(part.lines)
    progress.end()
    return totals


def read_csv(text: str) -> tuple[bytes, list[Line]]:
    """The header and the rows that are not blank, as the API reads them."""
    first = text.partition("\n")[0]
    separator = max("\t;,", key=first.count) if any(one in first for one in "\t;,") else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    header = next(reader, [])
    names = ["_".join(name.lower().replace("-", " ").split()) for name in header]
    found, ended = [], reader.line_num
    for cells in reader:
        number, ended = ended + 1, reader.line_num
        if any(cell.strip() for cell in cells):
            given = dict(zip(names, cells, strict=False))
            charge_point = given.get("charge_point_id", "").strip()
            found.append(
                Line(number, charge_point, bool(given.get("password", "").strip()), _written(cells, separator))
            )
    return _written(header, separator), found


def read_lines(text: str) -> list[Line]:
    """The lines that are not blank."""
    found = []
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            try:
                given = json.loads(line)
            except (ValueError, RecursionError):
                given = None  # the API says what is wrong with it
            given = given if isinstance(given, dict) else {}
            id_ = given.get("charge_point_id")
            found.append(
                Line(number, id_ if isinstance(id_, str) else "", bool(given.get("password")), line.encode() + b"\n")
            )
    return found


def without_doubles(lines: Iterable[Line]) -> tuple[list[Line], list[tuple[Line, int]]]:
    """The first row of each charge point, and the others with the line of that one."""
    once: list[Line] = []
    again: list[tuple[Line, int]] = []
    known: dict[str, int] = {}
    for line in lines:
        id_ = line.charge_point.lower()
        if id_ and known.setdefault(id_, line.number) != line.number:
            again.append((line, known[id_]))
        else:
            once.append(line)
    return once, again


def parts(lines: Iterable[Line], header: bytes, rows_at_most: int) -> Iterator[Part]:
    """The rows in parts, each with the header: so few that an answer comes before a proxy gives up."""
    held: list[Line] = []
    size = 0

    def part() -> Part:
        return Part([one.number for one in held], b"".join([header, *(one.content for one in held)]))

    sent = False
    for line in lines:
        passwords = sum(one.has_password for one in held)
        is_full = len(held) == rows_at_most or size + len(line.content) > BYTES_A_REQUEST
        if held and (is_full or (line.has_password and passwords == PASSWORDS_A_REQUEST)):
            yield part()
            held, size, sent = [], 0, True
        held.append(line)
        size += len(line.content)
    if held or not sent:
        yield part()


def _written(cells: Sequence[str], separator: str) -> bytes:
    line = io.StringIO(newline="")
    csv.writer(line, delimiter=separator).writerow(cells)
    return line.getvalue().encode()


def _where(api: str | None) -> tuple[str, str]:
    """The API's address and an ADMIN token."""
    try:
        run = json.loads(RUN_FILE.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        run = {}
    url, token = api or run.get("api"), os.environ.get("PLUGWATCH_ADMIN_TOKEN") or run.get("admin_token")
    if not url or not token:
        raise Failure("say where: --api URL and PLUGWATCH_ADMIN_TOKEN, or start `make run` here")
    if not url.startswith(("http://", "https://")):
        raise Failure(f"{url}: an address begins with http:// or https://")
    return url.rstrip("/"), token.split(",")[0]


def _post(url: str, token: str, media_type: str, part: Part, sent: int) -> Any:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": media_type}
    request = urllib.request.Request(url, part.body, headers, method="POST")  # noqa: S310  checked above
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:  # noqa: S310
            return json.load(answer)
    except urllib.error.HTTPError as refusal:
        said = refusal.read().decode(errors="replace")
        try:
            problem = json.loads(said)
            said = "; ".join([problem["detail"], *(f"{one['field']}: {one['message']}" for one in problem["errors"])])
        except (ValueError, KeyError, TypeError):
            pass
        raise Failure(f"after {sent} rows the API answered {refusal.code}: {said}") from refusal
    except (OSError, ValueError) as error:
        raise Failure(f"after {sent} rows the API at {url} did not answer: {error}") from error


def _said(row: Any, number: int) -> str:
    who = row["charge_point_id"] or row["station_id"] or "?"
    return f"line {number} ({who}): " + "; ".join(f"{e['field']}: {e['message']}" for e in row["errors"])


if __name__ == "__main__":
    sys.exit(main())
