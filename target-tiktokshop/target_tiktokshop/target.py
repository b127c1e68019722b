"""The target: its settings, its streams, which states it passes on, and how a run ends."""

from __future__ import annotations

import io
import sys
import time
from copy import deepcopy
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import click
from singer_sdk import Target
from singer_sdk.exceptions import RecordsWithoutSchemaException
from singer_sdk.singerlib.exceptions import InvalidInputLine
from tiktokshop_client import Client, Settings, end_at_next_signal, notify
from tiktokshop_client.console import quiet, run
from tiktokshop_client.endings import Ending, signal_words
from tiktokshop_client.errors import TikTokShopError
from tiktokshop_client.health import early_warnings
from tiktokshop_client.log_lines import name_seller, seller_named
from tiktokshop_client.push import GATEWAY, Pusher, checked, of_run
from tiktokshop_client.settings import SETTINGS
from tiktokshop_client.singer import PlatformPlugin
from tiktokshop_client.stream_maps import mistake_in_expression, mistake_in_map, of_a_map
from typing_extensions import override

from target_tiktokshop import settings as writing_settings
from target_tiktokshop.settings import WritingSettings
from target_tiktokshop.singer.messages import InputError, LineReader
from target_tiktokshop.singer.progress import PendingStates
from target_tiktokshop.singer.sink import WriteSink
from target_tiktokshop.streams import WRITINGS, Writing
from target_tiktokshop.streams.needs import need_of
from target_tiktokshop.writing.guards import RunStoppedError
from target_tiktokshop.writing.live import Catalogue
from target_tiktokshop.writing.metrics import JOB, of_writing
from target_tiktokshop.writing.results import Results
from target_tiktokshop.writing.rows import Row
from target_tiktokshop.writing.run import WriteRun

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import FrameType
    from typing import NoReturn

    from singer_sdk import Sink

    from target_tiktokshop.writing.writer import Writer

READ_ONLY = {
    "coupons": (
        "Coupons can only be read: the platform lets them be made and changed in Seller Center and its app alone. "
        "Deselect coupons in the tap; a discount on products is written with the stream promotions."
    )
}
"""Streams that somebody may well want to write, and why they cannot be."""
UNREADABLE_ROWS = 1_000
UNREADABLE_SECONDS = 1.0
"""So many outcomes of unreadable lines, or for so long, are kept before they are written together."""


class UnsupportedStreamError(Exception):
    """A stream arrived that the target does not write."""

    ending = Ending.PERSON


class OutputClosedError(Exception):
    """Nobody reads the states. Not an `OSError`: click silently ends the process on those."""


class PlanStoppedError(RunStoppedError):
    """A dry run came to its end, but the real one would not."""


class RowsFailedError(Exception):
    """The run finished, but too many of its records could not be carried out."""

    ending = Ending.GUARD


class TargetTikTokShop(PlatformPlugin, Target):
    """Singer target for TikTok Shop: inventory, prices, tracking and more, planned, guarded and checked."""

    name = "target-tiktokshop"
    slip_words = "Correct it, so that nothing is written by mistake."  # it may be meant to hold back
    message_reader_class = LineReader
    config_jsonschema: ClassVar[dict[str, Any]] = {
        "type": "object",
        "properties": deepcopy({**SETTINGS["properties"], **writing_settings.SETTINGS}),
    }

    def __init__(self, *, validate_config: bool = True, **kwargs: Any) -> None:
        super().__init__(validate_config=validate_config, **kwargs)
        self.max_parallelism = 1  # streams one after the other; the calls of each go out in parallel
        self.progress = PendingStates()
        self._writers: dict[str, Writer] = {}
        self._current: dict[str, WriteSink] = {}
        self._warned: set[str] = set()
        self._unreadable: list[Row] = []
        self._unreadable_written = 0.0
        reader = self.message_reader
        if isinstance(reader, LineReader):
            reader.reject = self.reject_line
        self._gateway = ""
        if validate_config:
            self.settings = WritingSettings.from_config(self.config)
            gateway = str(self.config.get(GATEWAY) or "")
            self._gateway = checked(gateway, JOB) if gateway else ""
            if not self.config.get("sandbox"):
                Settings.from_config(self.config)

    # -- what the sinks work with --------------------------------------------------------------------------------

    @cached_property
    def run(self) -> WriteRun:
        """The client and all that goes with it, made when the first batch needs it."""
        if self.config.get("sandbox"):
            self.logger.info("The shops are made up: they are a sandbox's, and nothing of them is real.")
        return WriteRun(Client(Settings.from_config(self.config)), self.settings, self.results, self.logger)

    @cached_property
    def results(self) -> Results:
        """Where outcomes go."""
        return Results(self.settings.results_path, plan=self.settings.dry_run)

    def writer(self, writing: Writing) -> Writer:
        """The one writer of a stream, which remembers what it has read of the shop."""
        if writing.name not in self._writers:
            self._writers[writing.name] = writing.writer(self.run)
        return self._writers[writing.name]

    def warn_early(self, stream: str) -> None:
        """Warns, once a run, of a grant that ends soon and of scopes that a stream lacks."""
        client, grant = self.run.client, self.run.client.grant()
        name_seller(grant.seller_name if grant else "")
        warnings = early_warnings(grant, [need_of(stream)], client.now())
        for warning in [*warnings, *([client.unshared] if client.unshared else [])]:
            if warning not in self._warned:
                self._warned.add(warning)
                self.logger.warning("%s", warning)

    def supersede(self, sink: WriteSink) -> None:
        """A sink begins; an older one of its stream (its schema has changed) is emptied first, so that order holds."""
        older = self._current.get(sink.stream_name)
        self._current[sink.stream_name] = sink
        if older is not None:
            self.drain_one(older)

    @override
    def get_sink_class(self, stream_name: str) -> type[Sink]:
        if stream_name in READ_ONLY:
            raise UnsupportedStreamError(f"{READ_ONLY[stream_name]} No record of it was sent.")
        if stream_name not in WRITINGS:
            raise UnsupportedStreamError(
                f"The stream {stream_name} cannot be written; there are: {', '.join(WRITINGS)}. Rename it with "
                "stream_maps, or deselect it in the tap. No record of it was sent."
            )
        return WriteSink

    # -- messages ------------------------------------------------------------------------------------------------

    def reject_line(self, stream: str, problem: str) -> None:
        """A line of the input that is no message: one outcome, and the run goes on."""
        name = stream if stream in WRITINGS else ""
        row = Row(name, self.progress.received("unreadable lines"), None)
        row.reject("unreadable_line", problem)
        self._unreadable.append(row)
        late = time.monotonic() - self._unreadable_written > UNREADABLE_SECONDS
        if late or len(self._unreadable) >= UNREADABLE_ROWS:
            self.write_unreadable()

    def write_unreadable(self) -> None:
        """Puts the outcomes of lines that are no messages on disk, many at a time: each time waits for the disk."""
        rows, self._unreadable = self._unreadable, []
        self._unreadable_written = time.monotonic()
        if rows:
            self.results.write(rows)
            self.progress.settled("unreadable lines", len(rows))

    @property
    def marks(self) -> dict[str, Any]:
        """The deletion marks of the record that is read just now, by field."""
        return self.message_reader.marks if isinstance(self.message_reader, LineReader) else {}

    @override
    def setup_mapper(self) -> None:
        """Sets up the stream maps, as far as they are about no stream.

        Raises:
            ConfigurationError: They make no sense.
        """
        try:
            super().setup_mapper()
        except Exception as error:  # noqa: BLE001 - the SDK raises much, and quotes what it was given
            raise mistake_in_map(error, "", self.config.get("stream_maps"), ()) from None

    @override
    def _process_schema_message(self, message_dict: dict[str, Any]) -> None:
        """Registers a stream with the mapper.

        Raises:
            ConfigurationError: The stream's map makes no sense.
        """
        try:
            super()._process_schema_message(message_dict)
        except Exception as error:
            if not of_a_map(error):
                raise
            stream, keys = message_dict["stream"], message_dict.get("key_properties") or ()
            raise mistake_in_map(error, stream, self.config.get("stream_maps"), keys) from None

    @override
    def _process_record_message(self, message_dict: dict[str, Any]) -> None:
        """Maps a record and puts it into its sink.

        Raises:
            ConfigurationError: An expression of the stream's map fails on it.
        """
        try:
            super()._process_record_message(message_dict)
        except Exception as error:
            if not of_a_map(error):
                raise
            raise mistake_in_expression(error, message_dict["stream"]) from None

    @override
    def _process_state_message(self, message_dict: dict[str, Any]) -> None:
        """Remembers which records are before the state, besides what the SDK remembers of it."""
        super()._process_state_message(message_dict)
        self.progress.state(message_dict["value"])
        self.pass_on_state()

    @override
    def _process_activate_version_message(self, message_dict: dict[str, Any]) -> None:
        """Says, once for each stream, that nothing is removed because a feed no longer has it."""
        warning = (
            f"The tap says with ACTIVATE_VERSION that {message_dict['stream']} is complete; what it no longer has "
            "stays in the shop as it is. Send what should hold instead, like a quantity of 0."
        )
        if warning not in self._warned:
            self._warned.add(warning)
            self.logger.warning("%s", warning)

    def pass_on_state(self) -> None:
        """Writes the newest state whose records all have their outcomes on disk.

        The SDK writes one at the end of the run only; a run that stops before keeps what this has written.
        """
        state = self.progress.ready()
        if state is not None:
            self._write_state_message(state)

    @override
    def _write_state_message(self, state: dict[str, Any]) -> None:
        """A dry run passes nothing on, so that the real one finds all records again.

        Raises:
            OutputClosedError: Nobody reads the states any more.
            OSError: They cannot be written.
        """
        if self.settings.dry_run:
            return
        try:
            super()._write_state_message(state)
        except BrokenPipeError as error:
            raise OutputClosedError(
                "The program that read the states has stopped, so the last one is not passed on; all records before it "
                "have their outcomes, and the next run finds what it sends again unchanged."
            ) from error
        except OSError as error:
            raise OSError(error.errno, error.strerror, "standard output") from error

    @override
    def process_endofpipe(self) -> None:
        """Ends the run: one line that sums it up, and an error if too much of it failed.

        Raises:
            PlanStoppedError: This was a dry run, and guards would have stopped the real one.
            RowsFailedError: More than `max_rejected_percent` of the records were rejected or guarded.
        """
        self.write_unreadable()
        super().process_endofpipe()
        self.summarise()
        stops = self.stops()
        if stops:
            raise PlanStoppedError(
                f"The real run would be stopped and send nothing from there on: {'; '.join(stops)}. "
                "Check the feed, or raise the settings named."
            )
        tally, limit = self.results.tally, self.settings.percent["max_rejected_percent"]
        if tally.beyond(limit):
            done = "could be" if self.settings.dry_run else "were"
            raise RowsFailedError(
                f"{tally.failed} of {tally.outcomes.total()} records were rejected or guarded, more than "
                f"{limit} %: {self.results.path} says why. The others {done} carried out."
            )

    def stops(self) -> list[str]:
        """What would have stopped the real run, in a dry run: one sentence for each stream and guard."""
        found = self.run.stops if "run" in self.__dict__ else []
        return list({(stream, stop.name): f"{stream}: {stop.sentence}" for stream, stop in found}.values())

    def summarise(self, *, failed: bool = False) -> None:
        """One line about all records so far, in a dry run behind the plan; a run that failed asks nothing more."""
        results = self.results
        if results.plan is not None and results.tally.outcomes:
            text = results.plan.text((lambda *_: {}) if failed else self._titles, self.stops())
            click.echo(text, err=True)  # in one piece, so that no log line falls between its rows
        if results.tally.outcomes:
            kind = "Plan" if self.settings.dry_run else "Done"
            self.logger.info("%s: %s. Each record's outcome is in %s.", kind, results.tally, results.path)

    def _titles(self, shop_id: str, sku_ids: Iterable[str]) -> dict[str, str]:
        """What the products of SKUs are called; it is only for show, so that no error of it is one of the run."""
        wanted = list(sku_ids)
        try:
            return Catalogue(self.run, self.run.shops()[shop_id]).titles(wanted) if wanted else {}
        except TikTokShopError:
            return {}

    def send_figures(self) -> None:
        """Sends the run's figures, once, to whom the setting `metrics_gateway` names."""
        gateway, self._gateway = self._gateway, ""
        if not gateway:
            return
        client = self.run.client if "run" in self.__dict__ else None
        grant, now = (client.grant(), client.now()) if client else (None, time.time())
        pusher = Pusher(gateway, JOB, seller_named(), self.logger)
        pusher.send([*of_writing(self.results.tally, client.spent if client else {}), *of_run(grant, now)])
        pusher.wait()

    def tell(self, error: Exception) -> None:
        """Tells those whom the setting `notify` names, if a guard has stopped the run."""
        if isinstance(error, RunStoppedError):
            for problem in notify.tell_all(self.settings.notify, f"target-tiktokshop: {error}"):
                self.logger.warning("%s.", problem)

    def close(self) -> None:
        """Sends the figures, and closes connections and files."""
        self.write_unreadable()
        self.send_figures()
        if "run" in self.__dict__:
            self.run.close()
        elif "results" in self.__dict__:
            self.results.close()

    @override
    def _handle_termination(self, signum: int, frame: FrameType | None) -> None:
        """Ctrl-C and SIGTERM: whoever stops a run does not want the records sent that are still waiting."""
        end_at_next_signal()
        self._gateway = ""  # who stops a run waits for nothing more
        self.logger.warning("Stopped by %s; the next run goes on from the last state.", signal_words(signum))
        self.close()
        sys.exit(128 + signum)

    # -- command line --------------------------------------------------------------------------------------------

    @classmethod
    @override
    def invoke(cls, *, about: bool = False, about_format: str | None = None, config: Any = None, **kwargs: Any) -> None:
        """Runs the target; however it ends, the summary is told and nothing is left open."""
        if about:
            super().invoke(about=about, about_format=about_format, config=config, **kwargs)
            return
        cls.print_version(print_fn=cls.logger.info)
        target = cls(config=config.config if config else None)
        try:
            target.listen(kwargs.get("file_input"))
        except (InvalidInputLine, RecordsWithoutSchemaException) as error:
            whole = isinstance(error, RecordsWithoutSchemaException)
            words = str(error) if whole else str(error).partition(":")[0]  # behind it is the line itself
            raise InputError(f"The input is not a Singer stream: {words}") from error
        except (PlanStoppedError, RowsFailedError):
            raise
        except Exception as error:
            target.summarise(failed=True)
            target.tell(error)
            raise
        finally:
            target.close()

    @classmethod
    @override
    def streams_to_show(cls) -> list[dict[str, Any]]:
        return [
            {
                "name": writing.name,
                "summary": writing.summary,
                "fields": [field.name for field in writing.contract.fields],
                "needed": [field.name for field in writing.contract.fields if field.needed],
                "either": [list(names) for names in writing.contract.either],
            }
            for writing in WRITINGS.values()
        ]

    @classmethod
    @override
    def get_singer_command(cls) -> click.Command:
        command = super().get_singer_command()
        quiet("singer_sdk")
        return command


def main() -> NoReturn:
    """The command `target-tiktokshop`: one sentence for anything that goes wrong, and an exit code to match."""
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(encoding="utf-8", errors="surrogateescape")  # a bad byte costs its own line only
    run(lambda: TargetTikTokShop.cli(), TargetTikTokShop.name)  # noqa: PLW0108 - `cli` makes the command when looked up
