"""How long and how much: the numbers of one gateway that an operator sets, together and unchanging."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Times in seconds.

    Args:
        silence_s: a charger that is not heard for so long is silent.
        ping_interval_s: between two pings, give or take a third.
        ack_deadline_s: a frame that the broker has not acked by then is answered InternalError.
        handshake_timeout_s: for all of a handshake.
        max_message_bytes: of one message, whatever the frames.
        max_pending: frames that wait for the broker; with more nobody new comes in.
        max_half_open: sockets without a whole handshake.
        frames_per_second: of one connection, on average.
        settle_s: a session has so long to report its statuses by itself, or to say anything.
        answer_s: a charger that has not answered a CALL by then is sent the next one.
        flood_timeout_s: for how long it may want more.
    """

    silence_s: float
    ping_interval_s: float
    ack_deadline_s: float
    handshake_timeout_s: float
    max_message_bytes: int
    max_pending: int
    max_half_open: int
    frames_per_second: float
    flood_timeout_s: float
    settle_s: float = 45
    answer_s: float = 30
