"""The load test: chargers over websockets and readers of the API. `make load`, or `locust -f loadtest/locustfile.py`.

`loadtest/README.md` says how it is used and what its figures are worth. This file only puts the parts together.
"""

from functools import cache
from typing import Any

import locust.argument_parser
import locust.runners
import locust.stats
from locust import events
from locust.runners import MasterRunner, WorkerRunner

from loadtest.swarm.conductor import Conductor
from loadtest.swarm.scenario import options
from loadtest.swarm.users.charger import Charger
from loadtest.swarm.users.reader import Reader, StreamReader
from loadtest.swarm.users.site import Site
from loadtest.swarm.verdict.figures import bucket

__all__ = ["Charger", "Conductor", "Reader", "StreamReader"]  # Locust looks for them here

locust.stats.bucket_response_time = bucket  # type: ignore[assignment] # its own makes integers, nothing needs them
locust.runners.WORKER_REPORT_INTERVAL = 1.0  # as often as the leader takes a sample
# A worker asks for it once per option in every message that starts users, and is deaf for a second each time.
locust.argument_parser.default_args_dict = cache(locust.argument_parser.default_args_dict)


def put_together(environment: Any, runner: Any, **_: Any) -> None:
    """Once a process, before anything runs."""
    site = Charger.site = Reader.site = StreamReader.site = Site(environment)
    if not isinstance(runner, MasterRunner):
        events.test_start.add_listener(lambda **_: site.begin())
    if isinstance(runner, WorkerRunner):
        return
    options.resolve(environment.parsed_options)
    conductor: Conductor = environment.shape_class
    conductor.site = site
    events.test_stop.add_listener(lambda environment, **_: conductor.finish(environment))
    if environment.parsed_options.headless:  # else it has been said at the end of each test
        events.quit.add_listener(lambda **_: print(conductor.verdict, flush=True))


events.init_command_line_parser.add_listener(options.add)
events.init.add_listener(put_together)
