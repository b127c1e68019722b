"""Records in files instead of messages, with BATCH messages that say where, and states behind these."""

from __future__ import annotations

import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final

from singer_sdk.contrib.msgspec import encoder
from singer_sdk.helpers._batch import BaseBatchFileEncoding, SDKBatchMessage
from singer_sdk.singerlib import RecordMessage, SchemaMessage, StateMessage
from tiktokshop_client.errors import ConfigurationError
from tiktokshop_client.redaction import known, one_line
from typing_extensions import override

from tap_tiktokshop.run.output import OutputError
from tap_tiktokshop.singer.messages import MOST_PENDING, MessageWriter, fields_of

if TYPE_CHECKING:
    import logging
    from collections.abc import Iterator, Mapping

    from singer_sdk.singerlib.encoding.simple import Message

    from tap_tiktokshop.singer.batch_files import BatchFile, BatchPlace

MOST_BYTES: Final = 128 << 20
"""JSON in a file, before it is packed: many loaders read a file as a whole."""
MOST_SECONDS: Final = 60.0
"""How long a state waits for files, so that a run that is killed does not read much again."""


class BatchWriter(MessageWriter):
    """Puts records into files, and holds the newest state back until the files before it are handed over.

    No BATCH leaves before its files are whole, and no STATE before every BATCH whose files have a row that it covers.
    After anything that went wrong, nothing leaves.
    """

    def __init__(self, place: BatchPlace, logger: logging.Logger) -> None:
        super().__init__()
        self._place, self._logger = place, logger
        config = place.config
        self._encoding = BaseBatchFileEncoding(config.encoding.format, config.encoding.compression)
        self._most = config.batch_size
        self._schemas: dict[str, Mapping[str, Any]] = {}
        self._open: dict[str, BatchFile] = {}
        self._since = 0.0
        self._state = b""
        self._prepared = False

    @override
    def write_message(self, message: Message) -> None:
        if self._failure is not None:
            raise self._failure
        if isinstance(message, RecordMessage):
            self._put(message)
            return
        self._prepare()
        if isinstance(message, StateMessage):
            self._hold(message)
            return
        if getattr(message, "stream", None) in self._open:
            self.hand_over()
        if isinstance(message, SchemaMessage):
            self._schemas[message.stream] = message.schema
        super().write_message(message)

    def _put(self, message: RecordMessage) -> None:
        file = self._open.get(message.stream) or self._begin(message.stream)
        buffer = file.buffer
        whole = len(buffer)
        try:
            encoder.encode_into(message.record, buffer, -1)
            buffer += b"\n"
        except BaseException:  # half a record would spoil the next one
            del buffer[whole:]
            raise
        file.count += 1
        if len(buffer) >= MOST_PENDING:
            self._spill(file)
        if file.count >= self._most:
            self.hand_over()

    def _begin(self, stream: str) -> BatchFile:
        with self._unbroken():
            file = self._place.file(stream, self._schemas[stream])
        if not self._open:
            self._since = time.monotonic()
        self._open[stream] = file
        return file

    def _spill(self, file: BatchFile) -> None:
        with self._unbroken():
            file.spill()
        if file.bytes >= MOST_BYTES:
            self.hand_over()
        else:
            self._hand_over_if_late()

    def _hold(self, message: StateMessage) -> None:
        self._state = encoder.encode(fields_of(message)) + b"\n"
        if self._open:
            self._hand_over_if_late()
        else:
            self.hand_over()

    def _hand_over_if_late(self) -> None:
        if self._open and time.monotonic() - self._since >= MOST_SECONDS:
            self.hand_over()

    @override
    def flush(self) -> None:
        """Writes the messages that are pending, and hands files over that have waited long."""
        super().flush()
        if self._failure is None:
            self._hand_over_if_late()

    @override
    def hand_over(self) -> None:
        """Makes all files whole, and writes a BATCH for each of them, and the newest state behind these."""
        if self._failure is not None:
            raise self._failure
        with self._unbroken():
            manifests = [(stream, file.finish()) for stream, file in self._open.items() if file.count]
            whole = [file for file in self._open.values() if file.count]
            for empty in (file for file in self._open.values() if not file.count):  # its one record was no JSON
                empty.discard()
            self._open = {}
            for stream, manifest in manifests:
                self._collect(SDKBatchMessage(stream=stream, encoding=self._encoding, manifest=manifest))
            self._pending += self._state
            self._state = b""
            self._place.unannounced = [file for file in self._place.unannounced if file not in whole]
        super().flush()

    @override
    def leave_early(self) -> None:
        """Hands over what is whole, as a run ends in the middle; what is not is removed."""
        if self._failure is None:
            with suppress(OutputError):
                self.hand_over()
        for file in self._place.unannounced:
            file.discard()

    @contextmanager
    def _unbroken(self) -> Iterator[None]:
        """Has nothing leave any more unless what is done in it comes to its end."""
        self._failure = OutputError("A batch file was cut in the middle.")
        try:
            yield
        except OutputError as error:
            self._failure = error
            raise
        except Exception as error:
            self._failure = OutputError(
                f"The batch files in {self._place.shown} cannot be written: {_why(error)}. Make room, or mend what is "
                "wrong there; the next run goes on from the last state."
            )
            raise self._failure from error
        self._failure = None

    def _prepare(self) -> None:
        """Sees, before anything is read, that files can be written, and removes those that nobody needs."""
        if self._prepared:
            return
        try:
            self._place.prepare()
        except Exception as error:  # noqa: BLE001 - storages raise much
            raise ConfigurationError(
                f"batch_config.storage.root {self._place.shown} cannot be written: {_why(error)}."
            ) from None
        self._prepared = True
        try:
            self._place.clean()
        except Exception as error:  # noqa: BLE001 - storages raise much
            self._logger.warning(
                "Batch files of earlier runs in %s cannot be removed: %s.", self._place.shown, _why(error)
            )


def _why(error: BaseException) -> str:
    words = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return one_line(known(str(words))).rstrip(".")
