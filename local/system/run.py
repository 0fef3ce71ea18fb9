"""The whole system on one machine until SIGINT or SIGTERM, which stop all of it within 4 s: the work of `make run`."""

import signal
import sys
import time
from types import FrameType
from typing import NoReturn

from local.process import Process, StartFailure
from local.stack import Stack
from local.system.home import Home
from local.system.programs import STACK_GONE_BY_S, Plan, System
from local.system.terminal import Screen


class Stopped(Exception):
    """SIGINT or SIGTERM came."""


def run(plan: Plan) -> int:
    """Run until a signal comes; returns the exit code."""
    began = time.monotonic()
    screen = Screen()
    home = Home(plan.home)
    stop_on_signals()
    try:
        with (
            home.held(),
            Stack.start(data_dir=home.path, broker=plan.broker, durable=True, stop_within_s=STACK_GONE_BY_S) as stack,
        ):
            migrate = [sys.executable, "-m", "shared.migrate"]
            Process("migrate", migrate, home.path / "migrate.log", environment=stack.environment).run()
            System(plan, home, stack, screen).live(began)
    except Stopped:
        screen.news("Plugwatch has stopped")
        return 0
    except StartFailure as failure:
        screen.news(f"Plugwatch cannot run: {failure}")
        return 1


def stop_on_signals() -> None:
    """Raise Stopped at the first SIGINT or SIGTERM, and let none disturb the stopping after it."""

    def stop(_number: int, _frame: FrameType | None) -> NoReturn:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        raise Stopped

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
