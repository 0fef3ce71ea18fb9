"""The other end of a connection without a socket: a transport that keeps what was written, and a loop for one input."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, TypeVar

T = TypeVar("T")


class Transport(asyncio.Transport):
    """Keeps what is written; whether its owner reads and whether it has closed can be seen."""

    owner: asyncio.Protocol

    def __init__(self) -> None:
        super().__init__({"peername": ("192.0.2.1", 40000), "sockname": ("192.0.2.2", 80)})
        self.written = bytearray()
        self.ended = False
        self.reading = True

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        assert isinstance(protocol, asyncio.Protocol)
        self.owner = protocol

    def get_protocol(self) -> asyncio.Protocol:
        return self.owner

    def write(self, data: Any) -> None:
        assert not self.ended, "written after the end"
        self.written += data

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        self.ended = True

    def close(self) -> None:
        self.ended = True
        self.reading = False

    abort = close

    def is_closing(self) -> bool:
        return self.ended and not self.reading

    def is_reading(self) -> bool:
        return self.reading

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True


def slices(data: bytes, size: int) -> Iterator[bytes]:
    """The bytes in pieces of so many; 0: in one."""
    for at in range(0, len(data), size or max(1, len(data))):
        yield data[at : at + size] if size else data


def looped(main: Callable[[], Awaitable[T]]) -> T:
    """The result of ``main`` in a loop of its own.

    Raises:
        Exception: what a callback of the loop raised, or ``main``.
    """
    loop, wrong = asyncio.new_event_loop(), list[BaseException]()
    loop.set_exception_handler(lambda _, context: wrong.append(context.get("exception") or RuntimeError(str(context))))

    async def whole() -> T:
        try:
            return await main()
        finally:
            left = asyncio.all_tasks() - {asyncio.current_task()}
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)

    try:
        result = loop.run_until_complete(whole())
    finally:
        loop.close()
    if wrong:
        raise wrong[0]
    return result
