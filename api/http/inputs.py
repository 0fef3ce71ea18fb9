"""What inputs have in common: strict, and unknown names are refused."""

from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

PRINTABLE = r"^[ -~]*$"
NO_CONTROLS = r"^[^\x00-\x1f\x7f-\x9f]*$"
NO_CONTROLS_BUT_LINES = r"^[^\x00-\x09\x0b-\x1f\x7f-\x9f]*$"

Value = TypeVar("Value")


def _plain(value: Any) -> Any:
    if isinstance(value, str) and "_" in value:
        raise ValueError("is no number: write it without _")
    return value


#: A number in a text: Python takes 5_2 for 52, and nobody else does.
Plain = BeforeValidator(_plain)


def _once(values: list[Any]) -> list[Any]:
    return list(dict.fromkeys(values))


#: A filter that takes several values. One that comes twice counts once: each is a search of its own.
AnyOf = Annotated[list[Value], AfterValidator(_once)]


class Body(BaseModel):
    """A body; numbers are numbers, and texts texts."""

    model_config = ConfigDict(extra="forbid", strict=True)

    def given(self) -> dict[str, Any]:
        """The fields that the client sent, null or not."""
        return {name: getattr(self, name) for name in self.model_fields_set}


class Paging(BaseModel):
    """Which page of a list."""

    model_config = ConfigDict(extra="forbid")

    limit: Annotated[int, Plain] = Field(default=100, ge=1, le=500)
    cursor: str | None = Field(default=None, max_length=200, description="next_cursor of the page before")
