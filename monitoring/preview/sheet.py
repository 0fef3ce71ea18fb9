"""A sheet of paper measured in pixels from its upper left corner, saved as a small PNG; and the colours used on it."""

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch
from PIL import Image

PAPER, PANEL, EDGE, TEXT, FAINT = "#111217", "#181b1f", "#2c3235", "#d8d9da", "#8e8e8e"
NAMED = {"green": "#56a64b", "blue": "#5794f2", "purple": "#b877d9", "orange": "#ff9830", "red": "#e0434f"}

Place = tuple[float, float, float, float]  #: x, y of the upper left corner, width, height (px)


def colour(name: str) -> str:
    """A colour of Grafana's by its name."""
    return NAMED.get(name, name)


class Sheet:
    """A figure measured in pixels from its upper left corner."""

    def __init__(self, width: float, height: float) -> None:
        self.width, self.height = width, height
        self.figure = Figure(figsize=(width / 100, height / 100), dpi=100, facecolor=PAPER)
        self._canvas = FigureCanvasAgg(self.figure)

    def text(self, x: float, y: float, text: str, size: float, **more: Any) -> None:
        given = {"color": TEXT, "va": "center", **more}
        self.figure.text(x / self.width, 1 - y / self.height, text, fontsize=size, **given)

    def box(self, place: Place, fill: str, edge: str = EDGE) -> None:
        x, y, width, height = place
        shape = FancyBboxPatch(
            (x + 3, self.height - y - height + 3), width - 6, height - 6,
            boxstyle="round,pad=0,rounding_size=3", facecolor=fill, edgecolor=edge, linewidth=0.8,
            transform=None, zorder=-1,
        )  # fmt: skip
        self.figure.add_artist(shape)

    def axes(self, place: Place) -> Axes:
        x, y, width, height = place
        at = (x / self.width, 1 - (y + height) / self.height, width / self.width, height / self.height)
        return self.figure.add_axes(at, facecolor="none")

    def save(self, file: Path) -> None:
        """As a PNG with a palette, which is a third of the size."""
        file.parent.mkdir(parents=True, exist_ok=True)
        self.figure.canvas.draw()
        picture = Image.fromarray(np.asarray(self._canvas.buffer_rgba())).convert("RGB")  # type: ignore[no-untyped-call]
        picture.quantize(256, kmeans=3, dither=Image.Dither.NONE).save(file, optimize=True)
