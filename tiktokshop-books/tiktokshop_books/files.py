"""Files that are written whole."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path


def write_whole(file: Path, text: str) -> None:
    """Write a file whole or not at all. A link stays one, and so does a pipe or a device: it gets the text itself."""
    if file.exists() and not file.is_file():
        file.write_text(text, encoding="utf-8", newline="")
        return
    place = Path(os.path.realpath(file))
    waiting = place.with_name(f".{place.name}.{os.getpid()}")
    try:
        waiting.write_text(text, encoding="utf-8", newline="")
        waiting.replace(place)
    except BaseException:
        with contextlib.suppress(OSError):
            waiting.unlink(missing_ok=True)
        raise
