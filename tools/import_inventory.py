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
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from shared.process.progress import Progress

RUN_FILE = Path(".plugwatch/run.json")
MEDIA_TYPES = {".csv": "text/csv", ".jsonl": "application/x-ndjson", ".ndjson": "application/x-ndjson"}
ROWS_A_REQUEST = 1_000  #: an API may take tens of milliseconds to hash a password that a person chose
BYTES_A_REQUEST = 8 * 1024 * 1024  #: an API takes 10 MiB
TIMEOUT_S = 600


class Failure(Exception):
    """The import cannot be done; the message says what to do."""


class Part(NamedTuple):
    """Rows that go in one request; ``before`` rows of the file come before them."""

    before: int
    rows: int
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
        split = split_csv if media_type == "text/csv" else split_lines
        parts = list(split(text, sys.maxsize if dry_run else ROWS_A_REQUEST))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise Failure(f"{file}: {error}") from error
    url, token = _where(api)
    totals: Counter[str] = Counter()
    progress = Progress(sum(part.rows for part in parts), sys.stderr)
    for part in parts:
        report = _post(f"{url}/v1/import?dry_run={'true' if dry_run else 'false'}", token, media_type, part)
        totals.update(report["totals"])
        for row in report["rows"]:
            if row["result"] == "error":
                progress.say(_line(row, part.before))
        progress.advance(part.rows)
    progress.end()
    return totals


def split_csv(text: str, rows_at_most: int) -> Iterator[Part]:
    """The rows in parts, each with the header."""
    first = text.partition("\n")[0]
    delimiter = ";" if ";" in first and "," not in first else ","
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    header = _written(next(lines, []), delimiter)
    yield from _parts((_written(line, delimiter) for line in lines if line), header, rows_at_most)


def split_lines(text: str, rows_at_most: int) -> Iterator[Part]:
    """The lines that are not blank, in parts."""
    yield from _parts((line.encode() + b"\n" for line in text.split("\n") if line.strip()), b"", rows_at_most)


def _parts(lines: Iterator[bytes], header: bytes, rows_at_most: int) -> Iterator[Part]:
    before = rows = size = 0
    held = [header]
    for line in lines:
        if rows == rows_at_most or (rows and size + len(line) > BYTES_A_REQUEST):
            yield Part(before, rows, b"".join(held))
            before, rows, size, held = before + rows, 0, 0, [header]
        held.append(line)
        rows, size = rows + 1, size + len(line)
    if rows or not before:
        yield Part(before, rows, b"".join(held))


def _written(cells: Sequence[str], delimiter: str) -> bytes:
    line = io.StringIO(newline="")
    csv.writer(line, delimiter=delimiter).writerow(cells)
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


def _post(url: str, token: str, media_type: str, part: Part) -> Any:
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
        raise Failure(f"after {part.before} rows the API answered {refusal.code}: {said}") from refusal
    except (OSError, ValueError) as error:
        raise Failure(f"after {part.before} rows the API at {url} did not answer: {error}") from error


def _line(row: Any, before: int) -> str:
    who = row["charge_point_id"] or row["station_id"] or "?"
    return f"row {before + row['row']} ({who}): " + "; ".join(f"{e['field']}: {e['message']}" for e in row["errors"])


if __name__ == "__main__":
    sys.exit(main())
