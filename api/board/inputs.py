"""Which part of the map is asked for."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field

from api.http.inputs import Plain
from shared.words import places


def _box(text: str) -> str:
    places.box(text)
    return text


class Part(BaseModel):
    """A box, and how far in it is looked at."""

    bbox: Annotated[
        str,
        AfterValidator(_box),
        Field(
            max_length=100,
            examples=["13.3,52.4,13.5,52.6"],
            description="`min_lon,min_lat,max_lon,max_lat`; a `min_lon` greater than `max_lon` is a box over the "
            "antimeridian",
        ),
    ]
    zoom: Annotated[int, Plain] = Field(ge=0, le=20, description="of map tiles; a cell is a quarter of a tile wide")
