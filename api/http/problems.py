"""What a request may be refused for: each kind a class, whose ``type`` (RFC 9457) tells it from all others.

What a class says of itself is what ``/problems/{name}`` and ``/openapi.json`` say; ``detail`` is about the
one request, and tells its client what to do next. How they become answers: ``refusals``.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, ClassVar, Self

from msgspec import Meta, Struct

MEDIA_TYPE = "application/problem+json"
_PREFIX = "/problems/"


class FieldError(Struct, frozen=True):
    """One thing that is wrong with a request, and where."""

    field: str
    message: str


class ProblemDocument(Struct, frozen=True):
    """An error (RFC 9457)."""

    type: Annotated[str, Meta(description="which problem it is: go by this; there is a text about it at this path")]
    title: str
    status: int
    detail: Annotated[str, Meta(description="what to do next, for people; its words may change")]
    instance: str
    request_id: str
    errors: Annotated[Sequence[FieldError], Meta(description="what is wrong with the request, field by field")]


class Problem(Exception):
    """A request that is refused; ``detail`` tells the client what to do next."""

    status: ClassVar[int]
    name: ClassVar[str]
    example: ClassVar[str]  #: a ``detail``, for the documentation
    may_be_done: ClassVar[bool] = False  #: so an ``Idempotency-Key`` has this answer, and nothing is tried again

    def __init__(
        self, detail: str, *, errors: Sequence[FieldError] = (), headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = errors
        self.headers = headers or {}

    @classmethod
    def type(cls) -> str:
        """The URI of this kind of problem, relative to the server's root."""
        return _PREFIX + cls.name

    @classmethod
    def title(cls) -> str:
        """The kind in a few words."""
        return cls.name.replace("-", " ").capitalize()

    @classmethod
    def document(cls) -> ProblemDocument:
        """An example."""
        errors = [FieldError("limit", "Input should be less than or equal to 500")] if cls.status == 422 else []
        return ProblemDocument(
            cls.type(), cls.title(), cls.status, cls.example, "/v1/stations", "0f8fad5bd9cb469fa16570867728950e", errors
        )

    @classmethod
    def meaning(cls) -> str:
        """What it is, and what to do about it."""
        return " ".join((cls.__doc__ or "").split())


class Unreadable(Problem):
    """The body cannot be read. Send JSON in UTF-8."""

    status, name = 400, "unreadable-body"
    example = "the body cannot be read: send JSON as application/json"


class Unauthorized(Problem):
    """No token, or one that nobody gave out. Send `Authorization: Bearer <token>`."""

    status, name = 401, "unauthorized"
    example = "send a known READ or ADMIN token: Authorization: Bearer <token>"


class Forbidden(Problem):
    """The token is known, but its scope is too small. Use an ADMIN token."""

    status, name = 403, "scope-too-small"
    example = "a READ token does not do for this: use an ADMIN token"


class NotFound(Problem):
    """There is no such thing, or not any more. Lists name those there are."""

    status, name = 404, "not-found"
    example = "there is no charge point with this id: GET /v1/charge-points lists those there are"


class NoRoute(Problem):
    """Nothing is served at this path. `/docs` and `/openapi.json` name what is."""

    status, name = 404, "no-such-path"
    example = "nothing is served at /v1/nowhere: see /docs for what is"


class NoMethod(Problem):
    """The path is served, but not by this method. `Allow` names those that there are."""

    status, name = 405, "method-not-allowed"
    example = "use one of GET, HEAD here"


class IdTaken(Problem):
    """Something else has this id already. Choose another id, or change what has it."""

    status, name = 409, "id-taken"
    example = "a station with this id exists: choose another id, or PATCH that station"


class NotConnected(Problem):
    """The charger is not connected, and a command is never sent later. Try again when `connectivity` is ONLINE."""

    status, name = 409, "not-connected"
    example = "it is not connected: a command needs a charger that is; availability intents wait until it is back"


class NotAccepted(Problem):
    """The charge point's registration is PENDING or REJECTED, so it is sent nothing. PATCH that to ACCEPTED first."""

    status, name = 409, "not-accepted"
    example = "its registration is PENDING: PATCH that to ACCEPTED first"


class Unsupported(Problem):
    """The charger's version of OCPP has no such command, so nothing was sent."""

    status, name = 409, "not-in-its-version"
    example = "OCPP 1.6 restarts a charge point as a whole: leave evse_id out"


class InProgress(Problem):
    """The first request with this `Idempotency-Key` has no answer yet. Send it again after `Retry-After`."""

    status, name = 409, "in-progress"
    example = "the first request with this Idempotency-Key has no answer yet: send it again in a moment"


class Changed(Problem):
    """It was changed since the ETag of If-Match. GET it again, redo the change on that, and use its ETag."""

    status, name = 412, "changed"
    example = "it was changed since you read it: GET it again, redo the change on that, and use its ETag"


class TooLarge(Problem):
    """The body is larger than any request here needs. Send less at a time."""

    status, name = 413, "body-too-large"
    example = "the body may have 1048576 bytes at most: send less at a time"


class WrongMediaType(Problem):
    """The body is of a kind that this route does not read, or compressed. `Accept` names those that it reads."""

    status, name = 415, "unsupported-media-type"
    example = "send application/json, and say so in Content-Type"

    @classmethod
    def than(cls, *wanted: str) -> Self:
        """The problem of a route that reads ``wanted``."""
        return cls(f"send {' or '.join(wanted)}, and say so in Content-Type", headers={"Accept": ", ".join(wanted)})


class Invalid(Problem):
    """The request can be read but not accepted. `errors` says which fields, and why."""

    status, name = 422, "invalid"
    example = "correct limit (see errors) and send the request again"

    def __init__(self, *errors: FieldError) -> None:
        names = ", ".join(error.field for error in errors)
        super().__init__(f"correct {names} (see errors) and send the request again", errors=errors)


class KeyReused(Problem):
    """The `Idempotency-Key` was of another request: another path, query or body. Send a new key with a new request."""

    status, name = 422, "key-reused"
    example = "this Idempotency-Key was of another request: send a new key with a new request"


class TooMany(Problem):
    """The token has used up its share of requests, or the address has sent many wrong ones. Wait for `Retry-After`."""

    status, name = 429, "too-many-requests"
    example = "this token may ask 600 times a minute: wait 2 s"


class Unexpected(Problem):
    """A bug here, logged under `request_id`. Try again, or report it."""

    status, name = 500, "bug"
    example = "this is a bug here, and logged: try again, or report it with the request_id"


class Refused(Problem):
    """The charger answered with an error (OCPP CALLERROR) instead of a status. It may not know the command."""

    status, name = 502, "charger-error"
    example = "it answered with an error, NotImplemented: unknown action: it may not know this command"


class Unavailable(Problem):
    """What the request needs is away for now. Try again after `Retry-After`."""

    status, name = 503, "unavailable"
    example = "the database does not answer: try again in a moment"


class TooSlow(Unavailable):
    """The answer takes too long to find. Ask for less: trying the same again may fail again."""

    name = "too-slow"
    example = "counting this takes too long: ask for a shorter time, or for one station"


class ChargerBusy(Unavailable):
    """The command was not sent and will not be: the charger has not answered another. Try again after `Retry-After`."""

    name = "charger-busy"
    example = "it was not sent, and will not be: it has not answered Reset yet. Try again in a moment"


class Silent(Problem):
    """The charger did not answer in time. It may have been asked, and may still do it: look before trying again."""

    status, name = 504, "charger-silent"
    may_be_done = True
    example = "it did not answer in time: it may have been asked, and may still do it; look before trying again"


def every(of: type[Problem] = Problem) -> Iterator[type[Problem]]:
    """Every kind of problem, in the order above."""
    for kind in of.__subclasses__():
        yield kind
        yield from every(kind)
