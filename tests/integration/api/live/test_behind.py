"""How far behind rollups are, as boards are told: by what rollups write with the freshness mark."""

from tests.integration.api.live.streams import Listener, listening, served
from tests.integration.api.served import Api


async def test_boards_are_told_and_so_is_who_comes(api: Api) -> None:
    async with served(api) as port, listening(port, "?view=brief") as board, listening(port) as other:
        await mark(api, 130)
        await board.until(lambda one: told(one) == [b'{"seconds":130}'])
        assert api.stream.behind_s == 130
        async with listening(port, "?view=brief") as late:
            await late.until(lambda one: bool(one.told))
            assert late.told[0].event == "behind"
        await mark(api, 0)
        await board.until(lambda one: told(one)[-1] == b'{"seconds":0}')
        assert not told(other)


def told(one: Listener) -> list[bytes]:
    """How far behind it was told, and nothing of what a slow Redis adds."""
    return [event.raw for event in one.told if event.event == "behind"]


async def mark(api: Api, behind_s: float) -> None:
    assert await api.copy.mark(await api.copy.now(), 60, "one", behind_s)
