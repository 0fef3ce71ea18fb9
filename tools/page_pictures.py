"""Makes the pictures that pages show of the full ones: `python -m tools.page_pictures [--check]`.

What makes pictures writes them to `docs/pictures/full/`; a page shows what matters of one, in a size that can be
read there, and links to the whole. `make screenshots` and `make dashboard-preview` end with this.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageChops, ImageStat

PAGES = Path(__file__).parent.parent / "docs" / "pictures"
FULL = PAGES / "full"
ALIKE = 1  #: of 255, on average: machines round in their own ways


@dataclass(frozen=True, slots=True)
class Crop:
    """What is shown: a part of the full picture (left, top, right, bottom) in so many pixels of width."""

    part: tuple[int, int, int, int]
    width: int

    def of(self, name: str) -> Image.Image:
        """The part of that picture."""
        with Image.open(FULL / f"{name}.png") as picture:
            part = picture.convert("RGB").crop(self.part)
        height = round(part.height * self.width / part.width)
        return part.resize((self.width, height), Image.Resampling.LANCZOS).quantize(128, dither=Image.Dither.NONE)


CROPS = {
    "board-wall": Crop((0, 0, 1120, 560), 1120),
    "board-drawer": Crop((1010, 50, 1440, 690), 430),
    "board-map": Crop((500, 190, 930, 830), 430),
    "board-wall-dark": Crop((0, 0, 560, 380), 560),
    "board-stale": Crop((880, 0, 1440, 380), 560),
    "board-list": Crop((0, 190, 720, 880), 450),
    "board-phone": Crop((0, 0, 780, 1120), 390),
    "fleet": Crop((0, 0, 1496, 700), 1000),
    "service": Crop((0, 0, 1496, 690), 1000),
    "alert": Crop((0, 0, 1100, 350), 1000),
}


def stale() -> list[str]:
    """The names of those that are not what their full picture gives."""
    return [name for name, crop in CROPS.items() if not _is(PAGES / f"{name}.png", crop.of(name))]


def _is(path: Path, wanted: Image.Image) -> bool:
    if not path.exists():
        return False
    with Image.open(path) as found:
        if found.size != wanted.size:
            return False
        difference = ImageChops.difference(found.convert("RGB"), wanted.convert("RGB"))
    return max(ImageStat.Stat(difference).mean) < ALIKE


def main() -> int:
    """Exit code 1: `--check` finds some that it would make otherwise."""
    names = stale()
    for name in () if "--check" in sys.argv else names:
        CROPS[name].of(name).save(PAGES / f"{name}.png", optimize=True)
        print(f"docs/pictures/{name}.png")
    return int("--check" in sys.argv and bool(names))


if __name__ == "__main__":
    sys.exit(main())
