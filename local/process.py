"""A child process with its own session and log file, that is ready when it says so and dies with its parent.

It refuses to start from any but the main thread: the kernel ties "dies with its parent" to the thread that forked.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

from local.proc import descendants, runs

LAUNCH = Path(__file__).with_name("launch.py")
POLL_S = 0.02


class StartFailure(Exception):
    """A process died or did not become ready; the message ends with the last lines of its log."""


class Process:
    """One child. Subclasses say what is run and, in `answers`, when it is ready."""

    stop_signal = signal.SIGTERM
    death_signal = signal.SIGKILL  # what the kernel sends it when we die

    def __init__(
        self,
        name: str,
        command: Sequence[str | Path],
        log: Path,
        *,
        environment: Mapping[str, str] | None = None,
        directory: Path | None = None,
        never_root: Path | None = None,
        ready_within_s: float = 60.0,  # of a busy machine, where one process of Python may take half of it
    ) -> None:
        """Describe it; nothing starts yet.

        `environment` is added to ours; `directory` is where it runs; `never_root` names a directory that the process
        must own: then it is not run by root, whoever we are.
        """
        self.name = name
        self.command = [str(part) for part in command]
        self.log = log
        self.environment = dict(environment or {})
        self.directory = directory
        self.never_root = never_root
        self.ready_within_s = ready_within_s
        self._child: subprocess.Popen[bytes] | None = None

    def answers(self) -> bool:
        """Whether it is ready now. Called often; must return soon."""
        return True

    def start(self) -> None:
        """Spawn and wait until it is ready; raises StartFailure."""
        self.spawn()
        self.wait_ready()

    def spawn(self) -> None:
        """Only start it (main thread only). `wait_ready` may then run in any thread."""
        if threading.current_thread() is not threading.main_thread():
            raise RuntimeError(f"{self.name} must be spawned from the main thread: it would die with this one")
        self.log.parent.mkdir(parents=True, exist_ok=True)
        mode = "wb" if self._child is None else "ab"
        with self.log.open(mode) as log:
            self._child = subprocess.Popen(
                [*self._launcher(), *self.command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.directory,
                env={**os.environ, **self.environment},
                start_new_session=True,
            )

    def _launcher(self) -> Iterator[str]:
        yield from (sys.executable, "-I", "-S", str(LAUNCH))
        yield from ("--parent", str(os.getpid()), "--death-signal", str(int(self.death_signal)))
        if self.never_root:
            yield from ("--never-root", str(self.never_root))
        yield "--"

    def wait_ready(self) -> None:
        deadline = time.monotonic() + self.ready_within_s
        while not self.answers():
            if not self.alive:
                raise StartFailure(f"{self.name} {self.fate}{self.last_words()}")
            if time.monotonic() > deadline:
                raise StartFailure(f"{self.name} was not ready within {self.ready_within_s:g} s{self.last_words()}")
            time.sleep(POLL_S)

    def run(self) -> None:
        """Run it to its end; raises StartFailure unless it ends well, and in time."""
        self.spawn()
        deadline = time.monotonic() + self.ready_within_s
        try:
            while self.alive and time.monotonic() < deadline:
                time.sleep(POLL_S)
        finally:
            ended = not self.alive
            self.kill()
        if not ended:
            raise StartFailure(f"{self.name} did not end within {self.ready_within_s:g} s{self.last_words()}")
        if self.status != 0:
            raise StartFailure(f"{self.name} {self.fate}{self.last_words()}")

    def last_words(self, lines: int = 12) -> str:
        """The end of its log, in the form of an error message's end."""
        tail = self.log.read_text(errors="replace").splitlines()[-lines:]
        return "\n".join([f"; the end of {self.log}:", *(f"    {line}" for line in tail)])

    @property
    def pid(self) -> int:
        if self._child is None:
            raise RuntimeError(f"{self.name} was never started")
        return self._child.pid

    @property
    def alive(self) -> bool:
        return self._child is not None and self._child.poll() is None

    @property
    def status(self) -> int | None:
        """Its exit status, negative for a signal; None while it lives."""
        return self._child.poll() if self._child else None

    @property
    def fate(self) -> str:
        """How it ended, in words."""
        status = self.status
        if status is None:
            return "still runs"
        return f"was killed by {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"

    def stop(self, timeout_s: float = 5.0) -> None:
        """Ask it to stop; kill what is left after `timeout_s`. Stopping what does not run is allowed."""
        stop_all([self], timeout_s)

    def kill(self) -> None:
        """`kill -9`, with all its children, and wait until they are gone."""
        gone = self._signal_all(signal.SIGKILL)
        if self._child:
            self._child.wait()
        while any(runs(pid) for pid in gone):
            time.sleep(POLL_S)

    def restart(self) -> None:
        """`kill -9` if it still runs, and start on the same port and data."""
        self.kill()
        self.start()

    def pause(self) -> None:
        """SIGSTOP: its connections stay open and nothing answers."""
        self._signal_all(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal_all(signal.SIGCONT)

    def ask_to_stop(self) -> None:
        if self.alive:
            os.kill(self.pid, self.stop_signal)
            self.resume()

    def _signal_all(self, number: signal.Signals) -> list[int]:
        """Signal it and the children it has at this moment, which are returned."""
        if not self.alive:
            return []
        children = list(descendants(self.pid))
        for pid in (self.pid, *children):
            with suppress(ProcessLookupError):
                os.kill(pid, number)
        return children

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.kill()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def stop_all(processes: Iterable[Process], timeout_s: float) -> None:
    """Ask all of them at once, and kill those that are left after `timeout_s`."""
    deadline = time.monotonic() + timeout_s
    left = list(processes)
    for process in left:
        process.ask_to_stop()
    while (left := [process for process in left if process.alive]) and time.monotonic() < deadline:
        time.sleep(POLL_S)
    for process in left:
        process.kill()
