"""Dead letters shown, and sent to the main topic again: ``python -m ingest.rollup.redrive``.

Nothing is sent without --send. Settings are those of the rollup, from the environment. A letter goes out with its
own key and value and is remembered as sent only after the broker's ack. Sending twice harms nothing: state goes by
(session, sequence), history by the event's identity.

Exit status: 0 when all that matched was shown or sent, 1 when nothing matched or some of it was sent too often before
(--force sends those, too) or is cut (never sent), 2 when it could not be done.
"""

import argparse
import asyncio
import re
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from aiokafka.errors import KafkaError

from ingest import aiokafka_internals
from ingest.rollup.log.dead_letters import Letter
from shared.process import logs, settings
from shared.process.progress import Progress
from shared.process.settings import Settings
from shared.words import instant

from .dead_letter_topic import DeadLetterTopic, NotPossible, opened

TIMES = 3  #: a letter that came back so often is poison still
AT_ONCE = 100
_UNITS_MS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


@dataclass(frozen=True, slots=True)
class Choice:
    """Which letters are meant."""

    reasons: frozenset[str] = frozenset()  #: none: any
    since: int = 0  #: ms
    limit: int = sys.maxsize
    force: bool = False

    def means(self, letter: Letter) -> bool:
        return letter.at >= self.since and (not self.reasons or letter.reason in self.reasons)

    def allows(self, letter: Letter) -> bool:
        """Never one that was cut: it is not what was said."""
        return not letter.cut and (self.force or letter.redriven < TIMES)


@dataclass(slots=True)
class Outcome:
    """What came of a run."""

    done: int = 0  #: shown or sent
    refused: int = 0  #: sent too often before
    cut: int = 0  #: not whole, so never sent

    def leaves(self, letter: Letter) -> None:
        """It is not allowed."""
        if letter.cut:
            self.cut += 1
        else:
            self.refused += 1

    @property
    def status(self) -> int:
        return 0 if self.done and not self.refused and not self.cut else 1


async def show(topic: DeadLetterTopic, choice: Choice, say: Callable[[str], object]) -> Outcome:
    """Says what ``send`` would send, and what it would leave."""
    outcome = Outcome()
    async for letter in _chosen(topic, choice, outcome):
        outcome.done += choice.allows(letter)
        say(line(letter))
    return outcome


async def send(topic: DeadLetterTopic, choice: Choice, progress: Progress) -> Outcome:
    """Sends the letters, ``AT_ONCE`` at a time, each remembered once it is acked."""
    outcome = Outcome()
    batch: list[Letter] = []

    async def sent() -> None:
        await topic.send(batch)
        await topic.remember(batch)
        outcome.done += len(batch)
        progress.advance(len(batch))
        batch.clear()

    async for letter in _chosen(topic, choice, outcome):
        if choice.allows(letter):
            batch.append(letter)
        if len(batch) == AT_ONCE:
            await sent()
    if batch:
        await sent()
    return outcome


async def _chosen(topic: DeadLetterTopic, choice: Choice, outcome: Outcome) -> AsyncIterator[Letter]:
    """The letters that are meant, until ``limit`` of them are allowed; the others are left."""
    left = choice.limit
    async for letter in topic.letters():
        if not choice.means(letter):
            topic.leave(letter)
            continue
        if choice.allows(letter):
            left -= 1
        else:
            topic.leave(letter)
            outcome.leaves(letter)
        yield letter
        if not left:
            return


def line(letter: Letter) -> str:
    """A letter for people: when, why, whence, how big, how often sent before."""
    again = f", sent again {letter.redriven}×" if letter.redriven else ""
    return (
        f"{instant.to_text(letter.at)}  {letter.reason or '?':<10} from {letter.source or '?'}, "
        f"{len(letter.value)} bytes{again}{', cut' if letter.cut else ''}: {letter.detail}"
    )


def moment(text: str, now: int) -> int:
    """``2026-03-01T08:00:00Z``, or ``90m`` before ``now``, in ms.

    Raises:
        ValueError: it is neither.
    """
    if match := re.fullmatch(r"(\d+)([smhd])", text):
        return now - int(match[1]) * _UNITS_MS[match[2]]
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(f"{text} has no time zone: end it with Z")
    return instant.from_datetime(at)


def main(arguments: Sequence[str] | None = None) -> int:
    """Does what is asked and returns the exit status."""
    given = _parser().parse_args(arguments)
    aiokafka_internals.verify()
    choice = Choice(frozenset(given.reason), given.since, given.limit, given.force)
    logs.configure("redrive", "CRITICAL", "text")  # what is wrong is said once, below
    try:
        outcome = asyncio.run(_run(settings.load(), choice, sends=given.send))
    except (KafkaError, OSError, TimeoutError) as error:
        sys.stderr.write(f"the broker does not answer: {error!r}. What was not remembered is sent again next time\n")
        return 2
    except (NotPossible, SystemExit) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except KeyboardInterrupt:
        sys.stderr.write("stopped. What was not remembered is sent again next time\n")
        return 2
    verb = "sent again" if given.send else "to be sent again by --send"
    sys.stdout.write(f"{outcome.done} {verb}\n")
    if outcome.refused:
        sys.stdout.write(
            f"{outcome.refused} left: sent {TIMES}× and poison still. Mend what refuses them, or --force\n"
        )
    if outcome.cut:
        sys.stdout.write(
            f"{outcome.cut} left: cut, since the whole had no room here. It is in the main topic at its source, until "
            "that topic's retention is over; --force sends none of them\n"
        )
    return outcome.status


async def _run(given: Settings, choice: Choice, *, sends: bool) -> Outcome:
    async with opened(
        servers=given.kafka_bootstrap_servers,
        topic=given.topic,
        dead_letter_topic=given.dead_letter_topic,
        group=f"{given.consumer_group}-redrive",
    ) as topic:
        if not sends:
            return await show(topic, choice, lambda text: sys.stdout.write(f"{text}\n"))
        progress = Progress(min(topic.unsent, choice.limit), sys.stderr)
        try:
            return await send(topic, choice, progress)
        finally:
            progress.end()


def _parser() -> argparse.ArgumentParser:
    summary, _, rest = (__doc__ or "").partition("\n\n")
    parser = argparse.ArgumentParser(
        prog="python -m ingest.rollup.redrive",
        description=summary,
        epilog=rest,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--list", "--dry-run", action="store_true", help="show what --send would send; send nothing (the default)"
    )
    what.add_argument("--send", action="store_true", help="send them to the main topic")
    parser.add_argument(
        "--reason", action="append", default=[], help="only this one: empty, malformed, invalid, unexpected; repeatable"
    )
    parser.add_argument(
        "--since", type=_since, default=0, metavar="WHEN", help="2026-03-01T08:00:00Z, or an age: 90m, 2h, 7d"
    )
    parser.add_argument("--limit", type=_positive, default=sys.maxsize, metavar="N", help="so many at most")
    parser.add_argument("--force", action="store_true", help=f"also those that were sent {TIMES} times and came back")
    return parser


def _since(text: str) -> int:
    try:
        return moment(text, time.time_ns() // 1_000_000)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _positive(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text}: how many, from 1")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
