"""Singer messages on standard output."""

from __future__ import annotations

from typing import TYPE_CHECKING

from singer_sdk.contrib.msgspec import MsgSpecWriter
from typing_extensions import override

if TYPE_CHECKING:
    from singer_sdk.singerlib.encoding.simple import Message


class OutputClosedError(Exception):
    """Nobody reads the messages any more. Not an `OSError`: click ends the process on those without a word."""


class MessageWriter(MsgSpecWriter):
    """The SDK's msgspec writer, which says so when the loader has gone."""

    @override
    def write_message(self, message: Message) -> None:
        try:
            super().write_message(message)
        except BrokenPipeError as error:
            raise OutputClosedError(
                "The program that read the output has stopped, so there is nobody to write to; its own log says why."
            ) from error
