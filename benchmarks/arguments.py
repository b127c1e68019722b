"""Arguments that several benchmarks have."""

from __future__ import annotations

import argparse


def positive(text: str) -> int:
    """A whole number above 0, of orders, rounds or requests a second.

    Raises:
        argparse.ArgumentTypeError: It is none.
    """
    if not text.isascii() or not text.isdigit() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"must be a whole number above 0, not {text!r}")
    return int(text)
