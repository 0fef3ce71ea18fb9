"""Commands that another process asks for: what they are in our words, and what is told of their end."""

from typing import Protocol, assert_never, cast, get_args

from ingest.gateway.commands.queue import Interrupted
from ingest.ocpp.commands import Command, Requested, Reset, ResetKind, TriggerMessage, UnlockConnector, Unsupported
from ingest.ocpp.session import Answer, Busy
from shared.words.gateways import Ask, Told


class Charger(Protocol):
    """A charger that is here."""

    async def ask(self, command: Command, within_s: float) -> Answer:
        """Its answer to a command that is sent within that time, or never.

        Raises:
            Unsupported, Busy, ConnectionError: it was not sent.
            Interrupted, TimeoutError: it was, and there is no answer.
        """


async def told(charger: Charger | None, ask: Ask, within_s: float) -> Told:
    """Asks a charger, None if it is not here."""
    command = command_of(ask)
    if charger is None:
        return Told(ask.id, error="offline")
    if command is None:
        return Told(ask.id, error="refused", detail=f"this gateway knows no {ask.what} of {ask.argument!r}")
    try:
        answer = await charger.ask(command, within_s)
    except Unsupported as error:
        return Told(ask.id, error="unsupported", detail=str(error))
    except Busy as error:
        return Told(ask.id, error="busy", detail=str(error))
    except TimeoutError as error:
        return Told(ask.id, error="timeout", detail=str(error))
    except Interrupted as error:
        return Told(ask.id, error="left", detail=str(error))
    except ConnectionError:
        return Told(ask.id, error="offline")
    if answer.status is None:
        return Told(ask.id, error="refused", detail=answer.error)
    return Told(ask.id, status=answer.status)


def command_of(ask: Ask) -> Command | None:
    """The command that is asked for; None for words that we do not know."""
    match ask.what:
        case "trigger":
            known = ask.argument in get_args(Requested)
            return TriggerMessage(cast(Requested, ask.argument), ask.evse_id, ask.connector_id) if known else None
        case "reset":
            known = ask.argument in get_args(ResetKind)
            return Reset(cast(ResetKind, ask.argument), ask.evse_id or None) if known else None
        case "unlock":
            return UnlockConnector(ask.evse_id or 0, ask.connector_id or 0)
        case _:
            assert_never(ask.what)
