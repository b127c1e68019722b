"""The tap: its settings, its streams, and what a run does when a part of it fails."""

from __future__ import annotations

import atexit
import gc
import logging
import os
import sys
from contextlib import suppress
from copy import deepcopy
from dataclasses import asdict
from functools import cached_property
from secrets import token_hex
from typing import TYPE_CHECKING, Any, ClassVar

import click
from singer_sdk import Tap
from singer_sdk.helpers.capabilities import TapCapabilities
from singer_sdk.singerlib import Catalog
from singer_sdk.tap_base import CliTestOptionValue
from tiktokshop_client import Client, Settings, end_at_next_signal, is_made_up
from tiktokshop_client.clock import SystemClock
from tiktokshop_client.console import run
from tiktokshop_client.doctor import Doctor, line_of
from tiktokshop_client.endings import Ending, signal_words
from tiktokshop_client.errors import ConfigurationError
from tiktokshop_client.push import GATEWAY, checked
from tiktokshop_client.settings import SETTINGS
from tiktokshop_client.singer import PlatformPlugin
from tiktokshop_client.stream_maps import mistake_in_map
from typing_extensions import override

from tap_tiktokshop.memory import tame
from tap_tiktokshop.run.following import Follower, StoppedError
from tap_tiktokshop.run.inbox import InboxReader, opened
from tap_tiktokshop.run.listener import Listener
from tap_tiktokshop.run.metrics import JOB
from tap_tiktokshop.run.output import Messages, OutputError
from tap_tiktokshop.run.run import PartsFailedError, Run
from tap_tiktokshop.run.snapshots import without_digests
from tap_tiktokshop.settings import (
    FOLLOW_SETTINGS,
    READING_SETTINGS,
    UNSUPPORTED_SETTINGS,
    FollowSettings,
    ReadingSettings,
)
from tap_tiktokshop.singer import inputs
from tap_tiktokshop.singer.batch_settings import BATCH_SETTING, batch_config
from tap_tiktokshop.singer.maps import leave_something, register_map
from tap_tiktokshop.singer.messages import MessageWriter, StateOutput
from tap_tiktokshop.singer.stream import Ends, PlatformStream
from tap_tiktokshop.streams import OFFERED
from tap_tiktokshop.streams.about import about_streams
from tap_tiktokshop.streams.importance import by_importance
from tap_tiktokshop.streams.needs import needs_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType
    from typing import NoReturn

    from singer_sdk import Stream
    from singer_sdk.helpers.capabilities import CapabilitiesEnum
    from tiktokshop_client import Shop


SWITCH_SECONDS = 0.0005
"""How long the thread that writes may keep the interpreter while one that fetches wants to send or to receive. With
Python's 5 ms every request would wait several times as long as it takes, and leave later than its slot."""
GARBAGE = (10_000, 10, 10)
"""How rarely Python looks for garbage that refers to itself: rows are none, and there are many of them."""

UNSUPPORTED = (TapCapabilities.ACTIVATE_VERSION,)
CHATTER = ("Skipping parse of env var", "Skipping deselected stream")


def _worth_a_line(record: logging.LogRecord) -> bool:
    """Whether a log line is worth showing: not that nothing was done."""
    return not str(record.msg).startswith(CHATTER)


class TapTikTokShop(PlatformPlugin, Tap):
    """Singer tap for TikTok Shop: orders, products, returns, settlements."""

    name = "tap-tiktokshop"
    config_jsonschema: ClassVar[dict[str, Any]] = {
        "type": "object",
        "properties": {
            **deepcopy(dict(SETTINGS["properties"])),
            **READING_SETTINGS,
            **FOLLOW_SETTINGS,
            **BATCH_SETTING,
        },
    }
    capabilities: ClassVar[list[CapabilitiesEnum]] = [
        capability for capability in Tap.capabilities if capability not in UNSUPPORTED
    ]
    message_writer_class = MessageWriter
    message_writer: MessageWriter
    _without_digests = False
    _said_made_up = False

    def __init__(
        self, *args: Any, catalog: Any = None, state: Any = None, validate_config: bool = True, **kwargs: Any
    ) -> None:
        self.logger.addFilter(_worth_a_line)
        if catalog is not None and not isinstance(catalog, Catalog):
            catalog = inputs.catalogue(catalog)
        super().__init__(*args, catalog=catalog, state=inputs.state(state), validate_config=validate_config, **kwargs)
        self._state_writer = self._state_output = StateOutput(self.message_writer)
        if not any(name in os.environ for name in ("LOGLEVEL", "TAP_TIKTOKSHOP_LOGLEVEL")):
            self.metrics_logger.setLevel(logging.WARNING)  # the SDK's lines for programs, two a stream
        self._check_settings()
        if validate_config:
            if not self.config.get("sandbox"):  # its settings come from starting it, which waits until it is needed
                _ = self.settings
            self._say_doubts()
            if self.config.get("batch_config"):
                self._write_files()

    # -- what is given ---------------------------------------------------------------------------------------------

    @classmethod
    @override
    def invoke(cls, *, state: Any = None, catalog: Any = None, **given: Any) -> None:
        """The SDK's run, of files that are what they should be."""
        super().invoke(state=inputs.checked(state, "state"), catalog=inputs.checked(catalog, "catalogue"), **given)

    @override
    def load_state(self, state: dict[str, Any]) -> None:
        """The SDK's bookmarks, whether their shops are made up, and the requests of a day."""
        super().load_state(state)
        there = inputs.world(state)
        if self.config.get("sandbox"):
            inputs.same_world(there, made_up=True)
        known = {} if there is None else {inputs.MADE_UP: there}
        self.state.update({**known, **inputs.kept(state)})  # type: ignore[typeddict-item] # the SDK knows bookmarks only
        if not self.config.get("snapshot_changes_only"):
            self._without_digests = without_digests(self.state)  # type: ignore[arg-type] # as above

    def meet(self, shops: Sequence[Shop]) -> None:
        """Notes in the state whether the shops of the run are made up.

        Raises:
            ConfigurationError: The state is of the others, and these must not be taken for those.
        """
        made_up = bool(self.config.get("sandbox")) or any(is_made_up(shop.id) for shop in shops)
        if made_up and not self._said_made_up:
            self._said_made_up = True
            self.logger.info("The shops are made up: they are a sandbox's, and nothing of them is real.")
        there: Any = self.state.get(inputs.MADE_UP)
        self.state.update(inputs.same_world(there, made_up=made_up))  # type: ignore[typeddict-item] # as above
        if self._without_digests:  # they say nothing about rows that leave from now on
            self.write_state()
            self.message_writer.hand_over()

    def write_state(self) -> None:
        """Writes the state of all streams, with today's number of requests if a setting limits them."""
        requests = self.run.requests_today()
        if requests is not None:
            self.state[inputs.REQUESTS] = requests  # type: ignore[literal-required] # as above
        self.state_writer.write_state(self.state)

    def offer_state(self, shops: int) -> None:
        """The same, unless the last one is too short a time ago for so many shops and its size."""
        if self._state_output.is_due(shops):
            self.write_state()

    def _write_files(self) -> None:
        """Has records go into files, under the name of a new run."""
        from tap_tiktokshop.singer.batch_files import BatchPlace  # noqa: PLC0415 - it takes a while, and few runs need it
        from tap_tiktokshop.singer.batches import BatchWriter  # noqa: PLC0415 - as above

        before = str(self.state.get(inputs.BATCH_RUN, ""))
        place = BatchPlace(batch_config(self.config["batch_config"]), token_hex(6), before)
        self.state[inputs.BATCH_RUN] = place.run  # type: ignore[literal-required] # the SDK knows bookmarks only
        self.message_writer = BatchWriter(place, self.logger)
        self._state_writer = self._state_output = StateOutput(self.message_writer)

    def _say_doubts(self) -> None:
        """Warns about what the user may not have meant."""
        doubts = (
            *inputs.unknown_streams(self.input_catalog or {}, list(self.streams)),
            *inputs.misnamed_bookmarks(self.state.get("bookmarks", {})),
            *(doubt for stream in self.streams.values() for doubt in getattr(stream, "doubts", ())),
        )
        for doubt in doubts:
            self.logger.warning("%s", doubt)

    # -- settings ----------------------------------------------------------------------------------------------

    def _check_settings(self) -> None:
        """Checks what is configured, in discovery as well, which may lack the rest."""
        for setting, why in UNSUPPORTED_SETTINGS.items():
            if self.config.get(setting):
                raise ConfigurationError(f"{setting} is not supported: {why}.")
        _ = self.reading, self.following
        Settings.check(self.config)
        if gateway := str(self.config.get(GATEWAY) or ""):
            checked(gateway, JOB)
        if self.following.inbox:
            opened(self.following.inbox)
        if self.config.get("batch_config"):
            batch_config(self.config["batch_config"])

    @cached_property
    def settings(self) -> Settings:
        """The connection settings, checked."""
        return Settings.from_config(self.config)

    @cached_property
    def following(self) -> FollowSettings:
        """Which events are read, and how long, checked."""
        return FollowSettings.from_config(self.config)

    @cached_property
    def reading(self) -> ReadingSettings:
        """What is read, and from when, checked."""
        return ReadingSettings.from_config(self.config)

    # -- streams -----------------------------------------------------------------------------------------------

    @property
    def _selected(self) -> list[PlatformStream]:
        return [stream for stream in self.streams.values() if isinstance(stream, PlatformStream) and stream.selected]

    @cached_property
    def run(self) -> Run:
        """What the streams of a run share; made when the first of them is read, or the platform is asked."""
        return self._new_run()

    def _new_run(self, before: Run | None = None) -> Run:
        made = Run(
            self.settings,
            self.reading,
            self.config,
            self.logger,
            self._messages(),
            lambda: [stream.reader for stream in self._selected],
            self.state.get(inputs.REQUESTS),
        )
        made.listener = self.listener
        made.summary.ignored = self.ignored
        if before is not None:
            made.client = before.client
        return made

    def _messages(self) -> Messages:
        writer = self.message_writer
        return Messages(writer.flush, self.write_state, self.offer_state, self.meet, writer.hand_over)

    @cached_property
    def listener(self) -> Listener | None:
        """Who does what the events in the inbox say, for all runs of this process; None if there is no inbox."""
        settings = self.following
        if not settings.inbox:
            return None
        if self.reading.end is not None:
            self.logger.info("The inbox is not read, as the setting end_date is not for what happens now.")
            return None
        place: dict[str, Any] = self.state.setdefault(inputs.INBOX, {})  # type: ignore[misc] # as above
        reader = InboxReader(opened(settings.inbox), place, self.logger)
        return Listener(reader, SystemClock(), settings.state_seconds if settings.follow else 0.0)

    def _all_read(self) -> None:
        """Follows the inbox when everything is read, if that is wanted, and ends the run."""
        settings, listener = self.following, self.listener
        if settings.follow and listener is not None and not self.run.tests:
            self.run.conclude()
            Follower(settings, listener, SystemClock(), self._hear, self._read_again, self.logger).go()
        self.run.finish()

    def _hear(self) -> None:
        self.message_writer.look()
        self.run.hear()

    def _read_again(self) -> None:
        """Reads all streams once more, as a run of its own that goes on from the state."""
        before = self.run
        self.__dict__["run"] = self._new_run(before)
        for stream in self._selected:
            stream.__dict__.pop("reader", None)
        try:
            for stream in self._selected:
                stream.sync()
                stream.finalize_state_progress_markers()
        finally:
            self.run.pool.close()
        self.run.conclude()

    @property
    def client(self) -> Client:
        """The platform, for all streams."""
        return self.run.client

    @override
    def discover_streams(self) -> Sequence[Stream]:
        ends = Ends(self._leave_early, self._all_read)
        there = bool(self.config.get("webhook_inbox"))
        return [
            PlatformStream(
                self,
                declaration,
                lambda: self.run,
                ends,
                selected=there if declaration.of_the_inbox else not declaration.off,
            )
            for declaration in OFFERED
        ]

    def _leave_early(self) -> None:
        if self.following.follow and self.listener is not None:
            with suppress(OutputError):
                self.listener.write_state(at_once=True)
        self.message_writer.leave_early()

    @property
    @override
    def streams(self) -> dict[str, Stream]:
        """In the order of their declarations, not by name: whoever asks about the rows of a list comes after it.

        Where the requests of a day are counted, the most important come first.
        """
        if self._streams is None:
            found = super().streams
            declared = by_importance(OFFERED) if self.config.get("requests_per_day") else OFFERED
            self._streams = {declaration.name: found[declaration.name] for declaration in declared}
        return self._streams

    @override
    def setup_mapper(self) -> None:
        """Sets up the stream maps of selected streams; the SDK would of all, and stumble over those that are not.

        A stream whose records the maps remove is not read: its bookmark would pass rows that nobody gets.
        """
        try:
            super(Tap, self).setup_mapper()
        except Exception as error:  # noqa: BLE001 - the SDK raises much, and quotes what it was given
            raise mistake_in_map(error, "", self.config.get("stream_maps"), ()) from None
        for stream in self.streams.values():
            if stream.selected:
                register_map(self, stream.name)
                stream.selected = leave_something(self, stream.name)

    # -- a run -------------------------------------------------------------------------------------------------

    @classmethod
    @override
    def cb_test(cls, ctx: click.Context, param: click.Option, value: str) -> None:
        """`--test` examines what a run depends on before it reads a record of each stream."""
        if value == CliTestOptionValue.All.value:
            given = ctx.params.get("config")
            tap = cls(config=given.config if given else {}, parse_env_config=bool(given and given.parse_env))
            failed = 0
            needs = needs_of(optional=tap.config["on_missing_scope"] == "warn")
            for finding in Doctor(tap.settings, needs).examine():
                click.echo(line_of(finding), err=True)  # standard output is for Singer messages
                failed += finding.status == "fail"
            if failed:
                raise PartsFailedError(f"{failed} of the checks failed; the lines above say what to do.", Ending.PERSON)
        super().cb_test(ctx, param, value)

    @override
    def _handle_termination(self, signum: int, frame: FrameType | None) -> None:
        """Ctrl-C and SIGTERM: a state is out, seldom an old one, so leave at once and say it was cut short."""
        end_at_next_signal()
        atexit.register(self.message_writer.leave_early)  # the signal may have come between two streams
        if self.following.follow and self.listener is not None:
            self.logger.info("Asked to end by %s; the next run goes on from the last state.", signal_words(signum))
            self.listener.stop.set()
            raise StoppedError(0)
        self.logger.warning("Stopped by %s; the next run goes on from the last state.", signal_words(signum))
        sys.exit(128 + signum)

    @classmethod
    @override
    def streams_to_show(cls) -> list[dict[str, Any]]:
        return [asdict(about) for about in about_streams()]


def main() -> NoReturn:
    """The command `tap-tiktokshop`: one sentence for anything that goes wrong, and an exit code to match."""
    tame()
    sys.setswitchinterval(SWITCH_SECONDS)
    gc.freeze()  # what was imported stays; else it would be looked through for garbage again and again
    gc.set_threshold(*GARBAGE)
    atexit.register(gc.freeze)  # the interpreter would look through all modules for garbage before it ends
    run(lambda: TapTikTokShop.cli(), TapTikTokShop.name)  # noqa: PLW0108 - `cli` makes the command when it is looked up
