"""Cached answers of a shop that does not change: a run that repeats another run's requests waits for nothing."""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING, Any
from unittest import mock

from tiktokshop_client.http.transport import Reply, Transport

if TYPE_CHECKING:
    from collections.abc import Iterator

OF_THE_MOMENT = re.compile(r"[?&](timestamp|sign)=[^&]*")
"""What differs in a request that is sent again."""


@contextlib.contextmanager
def remembered() -> Iterator[dict[Any, Reply]]:
    """Has every client of this process ask the platform once for each thing; gives what is remembered."""
    answers: dict[Any, Reply] = {}
    send = Transport.send

    def ask_once(transport: Transport, method: str, url: str, *, body: bytes | None = None, **more: Any) -> Reply:
        asked = (method, OF_THE_MOMENT.sub("", url), body)
        if asked in answers:
            if more.get("left"):
                more["left"]()
            return answers[asked]
        reply = send(transport, method, url, body=body, **more)
        if reply.status == 200:
            answers[asked] = reply
        return reply

    with mock.patch.object(Transport, "send", ask_once):
        yield answers
