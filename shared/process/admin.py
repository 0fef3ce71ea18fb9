"""/livez, /readyz, /healthz and /metrics: the same four routes for every process.

``/livez`` says that the loop turns and asks nobody. ``/readyz`` asks each dependency; its body
names every one. ``/metrics`` is for METRICS_TOKEN alone and closed while none is set.
"""

import asyncio
import contextlib
import gc
import logging
import resource
import secrets
import signal
import sys
from collections.abc import Awaitable, Callable, Collection, Coroutine, Mapping, Sequence
from typing import Any, Protocol

from prometheus_client import (
    CollectorRegistry,
    GCCollector,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.exposition import choose_encoder
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from shared.credentials import tokens
from shared.credentials.wrong_tokens import WrongTokens
from shared.http import problems
from shared.http.origin import Network, asker

WRONG_TOKENS_PER_MINUTE = 60  #: of an address at /metrics, before 429

log = logging.getLogger("plugwatch.admin")

Probe = Callable[[], Awaitable[bool]]


class Readiness(Protocol):
    """What decides whether a process takes work."""

    async def __call__(self) -> tuple[bool, Mapping[str, str]]:
        """Ready or not, and the state of each dependency by name."""
        ...


def routes(
    readiness: Readiness,
    registry: CollectorRegistry,
    metrics_tokens: Sequence[SecretStr],
    trusted_proxies: Collection[Network] = (),
) -> list[Route]:
    """The four routes, for an application of any process."""

    wrong_tokens = WrongTokens(WRONG_TOKENS_PER_MINUTE)

    async def livez(_: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def readyz(_: Request) -> Response:
        ready, dependencies = await readiness()
        body: dict[str, Any] = {"status": "ok" if ready else "unavailable", "dependencies": dict(dependencies)}
        return JSONResponse(body, status_code=200 if ready else 503)

    async def metrics(request: Request) -> Response:
        if not tokens.is_one_of(tokens.presented(request.headers.get("authorization")), metrics_tokens):
            return _unauthorized(request, wrong_tokens, trusted_proxies)
        encode, content_type = choose_encoder(request.headers.get("accept", ""))
        return Response(encode(registry), headers={"Content-Type": content_type, "Cache-Control": "no-store"})

    return [
        Route("/livez", livez, include_in_schema=False),
        Route("/readyz", readyz, include_in_schema=False),
        Route("/healthz", readyz, include_in_schema=False),
        Route("/metrics", metrics, include_in_schema=False),
    ]


def _unauthorized(request: Request, wrong_tokens: WrongTokens, trusted: Collection[Network]) -> Response:
    """401, or 429 to an address that presents too many wrong tokens."""
    status, detail = 401, "a METRICS token is needed: Authorization: Bearer <PLUGWATCH_METRICS_TOKEN>"
    headers = {"WWW-Authenticate": 'Bearer realm="plugwatch metrics"'}
    given = request.headers.get("authorization")
    if given and (wait_s := wrong_tokens.wait_s(asker(request.scope, trusted))):
        status, headers = 429, {"Retry-After": str(wait_s)}
        detail = f"too many wrong tokens from your address: wait {wait_s} s; a right one passes at once"
    request_id = request.scope.get("request_id") or secrets.token_hex(16)
    document = problems.encoded(status, detail, request_id=request_id, instance=request.url.path)
    return Response(document, status_code=status, headers=headers, media_type=problems.MEDIA_TYPE)


def metrics_registry() -> CollectorRegistry:
    """A registry with what every process tells of itself: CPU, memory, file descriptors, garbage collection."""
    disable_created_metrics()  # type: ignore[no-untyped-call]
    registry = CollectorRegistry()
    for collector in (ProcessCollector, PlatformCollector, GCCollector):
        collector(registry=registry)
    return registry


async def probed(probes: Mapping[str, Probe]) -> dict[str, bool]:
    """Asks every dependency at once; one that does not answer in 3 s is away."""

    async def ask(probe: Probe) -> bool:
        try:
            async with asyncio.timeout(3):
                return await probe()
        except TimeoutError:
            return False

    answers = await asyncio.gather(*(ask(probe) for probe in probes.values()))
    return dict(zip(probes, answers, strict=True))


def run(process: Coroutine[Any, Any, None], loop_factory: Callable[[], asyncio.AbstractEventLoop]) -> None:
    """Runs a process to its end; being stopped before it served anything is a clean end, too."""
    with asyncio.Runner(loop_factory=loop_factory) as runner, contextlib.suppress(asyncio.CancelledError):
        runner.run(process)


def raise_file_limit() -> None:
    """As many open files as the machine allows: each charger, and each who follows the stream, costs a socket."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def file_limit() -> int:
    """How many files this process may open."""
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return sys.maxsize if limit == resource.RLIM_INFINITY else limit


def spare_the_collector(young: int = 50_000) -> None:
    """What stands now stays: a garbage collection every 700 objects that walks all of it frees nothing.

    ``young`` objects are collected at a time, and those that stay once more with the next ones: fewer stop the loop for
    less, and more of them have died by themselves.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(young, 1, 50_000_000 // young)


def on_signal(stop: asyncio.Event, serving: asyncio.Event) -> None:
    """SIGTERM and SIGINT set ``stop``; before ``serving`` there is nothing to drain: they cancel the task."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()

    def stopped() -> None:
        stop.set()
        if task is not None and not serving.is_set():
            task.cancel()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped)


def application(
    readiness: Readiness,
    registry: CollectorRegistry,
    metrics_tokens: Sequence[SecretStr],
    trusted_proxies: Collection[Network] = (),
) -> Starlette:
    """The whole application of a process that has no other HTTP."""
    return Starlette(routes=routes(readiness, registry, metrics_tokens, trusted_proxies))
