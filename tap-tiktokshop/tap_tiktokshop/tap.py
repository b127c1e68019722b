"""The tap: its settings, its streams, and what a run does when a part of it fails."""

from __future__ import annotations

import atexit
import contextlib
import gc
import io
import json
import logging
import os
import sys
from collections import defaultdict
from copy import deepcopy
from dataclasses import asdict
from datetime import timezone
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import click
from singer_sdk import Tap
from singer_sdk.helpers.capabilities import PluginCapabilities, TapCapabilities
from singer_sdk.singerlib import Catalog
from singer_sdk.tap_base import CliTestOptionValue
from singer_sdk.typing import DEFAULT_JSONSCHEMA_VALIDATOR, extend_validator_with_defaults
from tiktokshop_client import OPERATIONS, Client, Settings
from tiktokshop_client.configuration import bound, misspelt, misspelt_variables, plugin_config, typed
from tiktokshop_client.console import explain, log_level_option, run, sentence
from tiktokshop_client.doctor import Doctor, line_of
from tiktokshop_client.errors import ConfigurationError, DayUsedUpError, MarketError, ScopeError, TikTokShopError
from tiktokshop_client.health import grant_sentence, missing_scopes, scope_sentence
from tiktokshop_client.settings import SETTINGS
from tiktokshop_client.vault import end_at_next_signal
from typing_extensions import override

from tap_tiktokshop.memory import tame
from tap_tiktokshop.reading import Roster, Source
from tap_tiktokshop.reading.onboarding import NotTakingPartError
from tap_tiktokshop.reading.pool import Ahead
from tap_tiktokshop.run.summary import Summary, write
from tap_tiktokshop.settings import READING_SETTINGS, UNSUPPORTED_SETTINGS, ReadingSettings
from tap_tiktokshop.singer import inputs
from tap_tiktokshop.singer.maps import mistake_in_map
from tap_tiktokshop.singer.messages import MessageWriter
from tap_tiktokshop.singer.stream import PlatformStream
from tap_tiktokshop.streams import STREAMS
from tap_tiktokshop.streams.about import about_streams
from tap_tiktokshop.streams.importance import by_importance
from tap_tiktokshop.streams.needs import needs_of
from tap_tiktokshop.times import utc
from tap_tiktokshop.zones import shop_zone

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import FrameType
    from typing import NoReturn

    from singer_sdk import Stream
    from singer_sdk.helpers.capabilities import CapabilitiesEnum
    from tiktokshop_client import Shop

    from tap_tiktokshop.run.partition import Part

SWITCH_SECONDS = 0.0005
"""How long the thread that writes may keep the interpreter while one that fetches wants to send or to receive. With
Python's 5 ms every request would wait several times as long as it takes, and leave later than its slot."""

Validator = extend_validator_with_defaults(DEFAULT_JSONSCHEMA_VALIDATOR)

UNSUPPORTED = (PluginCapabilities.BATCH, TapCapabilities.ACTIVATE_VERSION)
"""With BATCH the SDK would pass a window's state on before the batch file that holds its records."""
CHATTER = ("Skipping parse of env var", "Skipping deselected stream")


def _worth_a_line(record: logging.LogRecord) -> bool:
    """Whether a log line says something: not that nothing is done."""
    return not str(record.msg).startswith(CHATTER)


class PartsFailedError(Exception):
    """Some streams of some shops could not be read; the rest was."""


class TapTikTokShop(Tap):
    """Singer tap for TikTok Shop: orders, products, returns, settlements."""

    name = "tap-tiktokshop"
    config_jsonschema: ClassVar[dict[str, Any]] = {
        "type": "object",
        "properties": {**deepcopy(dict(SETTINGS["properties"])), **READING_SETTINGS},
    }
    capabilities: ClassVar[list[CapabilitiesEnum]] = [
        capability for capability in Tap.capabilities if capability not in UNSUPPORTED
    ]
    message_writer_class = MessageWriter
    message_writer: MessageWriter

    def __init__(
        self, *args: Any, catalog: Any = None, state: Any = None, validate_config: bool = True, **kwargs: Any
    ) -> None:
        self.failures: list[str] = []
        self.given_up: defaultdict[str, list[str]] = defaultdict(list)
        self.stopped_shops: set[str] = set()
        self.summary = Summary()
        self._warned_scopes: set[str] | None = None
        self._added: set[str] = set()
        self.logger.addFilter(_worth_a_line)
        if catalog is not None and not isinstance(catalog, Catalog):
            catalog = inputs.catalogue(catalog)
        super().__init__(*args, catalog=catalog, state=inputs.state(state), validate_config=validate_config, **kwargs)
        if not any(name in os.environ for name in ("LOGLEVEL", "TAP_TIKTOKSHOP_LOGLEVEL")):
            self.metrics_logger.setLevel(logging.WARNING)  # the SDK's lines for programs, two a stream
        if validate_config:
            self._check_settings()
            self._say_doubts()

    # -- what is given ---------------------------------------------------------------------------------------------

    @classmethod
    @override
    def invoke(cls, *, state: Any = None, catalog: Any = None, **given: Any) -> None:
        """The SDK's run, of files that are what they should be."""
        super().invoke(state=inputs.checked(state, "state"), catalog=inputs.checked(catalog, "catalogue"), **given)

    @override
    def load_state(self, state: dict[str, Any]) -> None:
        """The SDK's bookmarks, if they are of the same world: made-up shops must not be taken for real ones."""
        super().load_state(state)
        world = inputs.world(state, made_up=bool(self.config.get("sandbox")))
        self.state.update({**world, **inputs.requests(state)})  # type: ignore[typeddict-item] # the SDK knows bookmarks only

    def note_requests(self) -> None:
        """Has the state say how many requests today has seen, if a setting limits them."""
        if self.client.daily.most is not None:
            self.state[inputs.REQUESTS] = self.client.daily.kept(self.client.now())  # type: ignore[literal-required] # as above

    def _say_doubts(self) -> None:
        """Warns of what the user may not have meant."""
        doubts = (
            *inputs.unknown("stream", self.input_catalog or {}, list(self.streams)),
            *(doubt for stream in self.streams.values() for doubt in getattr(stream, "doubts", ())),
        )
        for doubt in doubts:
            self.logger.warning("%s", doubt)

    # -- settings ----------------------------------------------------------------------------------------------

    @override
    def _validate_config(self, *, raise_errors: bool = True) -> list[str]:
        """Fills in defaults and checks types; the SDK's own texts would print values, and some are secret."""
        self.append_builtin_config(self.config_jsonschema)
        properties = bound(self.config_jsonschema["properties"])
        self._config = typed(self._config, properties)
        slips = misspelt(self._config, properties), misspelt_variables(os.environ, self.name, properties)
        for slip in filter(None, slips):
            self.logger.warning("%s", slip)
        try:
            faults = explain(Validator(self.config_jsonschema).iter_errors(self._config))
        except (AttributeError, TypeError):  # the SDK's own schema of maps has a part that is none
            faults = ["The setting stream_maps holds something of a kind that it does not take."]
        if faults and raise_errors:
            raise ConfigurationError(" ".join(faults))
        return faults

    def _check_settings(self) -> None:
        for setting, why in UNSUPPORTED_SETTINGS.items():
            if self.config.get(setting):
                raise ConfigurationError(f"{setting} is not supported: {why}.")
        _ = self.reading
        if not self.config.get("sandbox"):  # its settings come from starting it, which waits until it is needed
            _ = self.settings

    @cached_property
    def settings(self) -> Settings:
        """The connection settings, checked."""
        return Settings.from_config(self.config)

    @cached_property
    def reading(self) -> ReadingSettings:
        """What is read, and from when, checked."""
        return ReadingSettings.from_config(self.config)

    @cached_property
    def end(self) -> int:
        """Unix seconds until which this run reads: its own start by the platform's clock, or `end_date` if earlier."""
        now = self.client.now()
        return now if self.reading.end is None else min(now, self.reading.end)

    # -- streams -----------------------------------------------------------------------------------------------

    @cached_property
    def client(self) -> Client:
        """The platform, for all streams. It counts today's requests on from where the state's last run was."""
        made = Client(self.settings)
        made.daily.resume(self.state.get(inputs.REQUESTS))
        return made

    @override
    def discover_streams(self) -> Sequence[Stream]:
        return [PlatformStream(self, declaration) for declaration in STREAMS]

    @property
    @override
    def streams(self) -> dict[str, Stream]:
        """In the order of their declarations, not by name: whoever asks about the rows of a list comes after it.

        Where the requests of a day are counted, the most important come first.
        """
        if self._streams is None:
            found = super().streams
            declared = by_importance(STREAMS) if self.config.get("requests_per_day") else STREAMS
            self._streams = {declaration.name: found[declaration.name] for declaration in declared}
        return self._streams

    @override
    def setup_mapper(self) -> None:
        """Sets up the stream maps of selected streams; the SDK would of all, and stumble over those that are not."""
        try:
            super(Tap, self).setup_mapper()
        except Exception as error:  # noqa: BLE001 - the SDK raises much, and quotes what it was given
            raise mistake_in_map(error, "", self.config.get("stream_maps"), ()) from None
        for stream in self.streams.values():
            if stream.selected:
                self.map_stream(stream.name)

    def map_stream(self, name: str) -> None:
        """Registers a stream with the mapper.

        Raises:
            ConfigurationError: Its stream map makes no sense.
        """
        try:
            self.mapper.register_raw_streams_from_catalog(Catalog({name: self.catalog[name]}))
        except Exception as error:  # noqa: BLE001 - the SDK raises much, and quotes what it was given
            raise mistake_in_map(error, name, self.config.get("stream_maps"), self.streams[name].primary_keys) from None

    @cached_property
    def _selected(self) -> list[PlatformStream]:
        return [stream for stream in self.streams.values() if isinstance(stream, PlatformStream) and stream.selected]

    @cached_property
    def ahead(self) -> Ahead:
        """The threads that fetch. Where the requests of a day are counted, none for what is less important."""
        return Ahead() if self.client.daily.most is None else Ahead(later_bytes=0)

    @cached_property
    def _announced(self) -> dict[int, tuple[str, ...]]:
        """For each list that selected streams ask about, the fields they need of its rows."""
        fields: dict[int, dict[str, None]] = {}
        for stream in self._selected:
            for reading, names in stream.declaration.reading.wanted():
                fields.setdefault(id(reading), {}).update(dict.fromkeys(names))
        return {reading: tuple(names) for reading, names in fields.items()}

    @cached_property
    def _rosters(self) -> defaultdict[str, Roster]:
        return defaultdict(lambda: Roster(self._announced))

    def source(self, shop: Shop | None, since: int, known: frozenset[str]) -> Source:
        """What one stream of a shop (of the seller if None) is read through."""
        return Source(
            self.client,
            shop,
            roster=self._rosters[shop.id if shop else ""],
            since=since,
            known=known,
            zone=shop_zone(shop, self.reading.time_zones) if shop else timezone.utc,
            lists={"external_order_platforms": self.reading.external_order_platforms},
        )

    def read_ahead(self, stream: PlatformStream) -> None:
        """Has the selected streams fetched from this one on, in the order in which the SDK will ask for them.

        A stream that asks about rows of a list that another one reads waits until its turn, when that list is known. A
        dry run takes one record of each stream, so there each is fetched when its turn comes.
        """
        if self._warned_scopes is None:
            self.warn_early()
            if stream.ABORT_AT_RECORD_COUNT is None:
                for each in self._selected:
                    if not self._waits(each):
                        self._add(each)
        if stream.name not in self._added:
            self._add(stream)

    def _add(self, stream: PlatformStream) -> None:
        self._added.add(stream.name)
        lanes = stream.lanes(list(self.streams).index(stream.name))
        self.summary.parts += stream.parts.values()
        self.ahead.add(lanes)

    def _waits(self, stream: PlatformStream) -> bool:
        """Whether an earlier stream reads, or asks about, a list that this one asks about."""
        earlier = self._selected[: self._selected.index(stream)]
        touched = {
            id(each) for other in earlier for each in (other.declaration.reading, *other.declaration.reading.lists)
        }
        return any(id(each) in touched for each in stream.declaration.reading.lists)

    def _doubts_of_times(self) -> Iterator[str]:
        """What of the dates and of the state leaves nothing to read: one sentence for each kind of it."""
        now, start, end = self.client.now(), self.reading.start, self.reading.end
        if start > now:
            yield f"The setting start_date ({utc(start)}) lies in the future, so nothing that has times is read."
        elif end is not None and start >= end:
            yield f"The setting start_date ({utc(start)}) is not before end_date ({utc(end)}), so nothing is read."
        bookmarks = [
            (stream.name, bookmark) for stream in self._selected for bookmark in stream.bookmarks() if bookmark > start
        ]
        ahead = {name: bookmark for name, bookmark in bookmarks if bookmark > now}
        if ahead:
            yield (
                f"The state's bookmarks of {', '.join(ahead)} lie in the future (up to {utc(max(ahead.values()))}), so "
                "nothing of them is read until then: mend the state if that is not meant."
            )
        behind = {name: bookmark for name, bookmark in bookmarks if end is not None and end <= bookmark <= now}
        if behind and end is not None:
            yield (
                f"The state's bookmarks of {', '.join(behind)} are not before end_date ({utc(end)}), so none of them "
                "is read: to read an earlier time again, give a state of its own, or none."
            )

    # -- a run -------------------------------------------------------------------------------------------------

    def warn_early(self) -> None:
        """Warns, once a run, of a grant that ends soon and of scopes that the selected streams lack."""
        self.client.shops()  # the first call brings the grant
        grant = self.client.grant()
        missing = missing_scopes(grant, needs_of([stream.name for stream in self._selected])) if grant else {}
        self._warned_scopes = set(missing)
        ending = grant_sentence(grant, self.client.now()) if grant else None
        for warning in [
            *([ending] if ending else []),
            *(scope_sentence(*each) for each in missing.items()),
            *self._doubts_of_times(),
        ]:
            self.logger.warning("%s", warning)

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
                raise PartsFailedError(f"{failed} of the checks failed; the lines above say what to do.")
        super().cb_test(ctx, param, value)

    def excuses(self, part: Part, error: Exception) -> bool:
        """Whether a part is only skipped, because the shop cannot have it or has not granted it; then it is said.

        What is left over as the requests of the day are used up is no failure either.
        """
        if isinstance(error, DayUsedUpError):  # told once, when the run ends
            part.left_over = str(error)
            return True
        scope = isinstance(error, ScopeError)
        if scope and self.config["on_missing_scope"] != "warn":
            return False
        if not scope and not isinstance(error, (MarketError, NotTakingPartError)):
            return False
        part.skipped = str(error)
        level = logging.WARNING if scope and not self._is_told(error) else logging.INFO
        self.logger.log(level, "Stream %s of %s is skipped: %s", part.stream, part.subject, error)
        return True

    def _is_told(self, error: Exception) -> bool:
        """Whether the run has warned already of the scope that an error is about; from now on it has."""
        operation = OPERATIONS.get(getattr(error, "operation", ""))
        scope, warned = operation.scope if operation else "", self._warned_scopes or set()
        told = scope in warned
        self._warned_scopes = warned | {scope}
        return told

    def report_failure(self, stream: str, shop: Shop | None, error: Exception) -> None:
        """One line for a part that failed; its bookmark stays, the others go on, the run ends non-zero."""
        whose = shop.label if shop else "the seller"
        subject = f"Stream {stream}" if isinstance(error, TikTokShopError) else f"Stream {stream} of {whose}"
        if shop and getattr(error, "reach", "stream") == "shop":
            self.stopped_shops.add(shop.id)
        self.failures.append(f"{stream} of {f'shop {shop.id}' if shop else whose}")
        self.logger.error("%s was left where it was: %s", subject, sentence(error))
        self.logger.debug("Traceback of the failure", exc_info=error)

    def finish(self) -> None:
        """Ends the run: connections closed, the summary told, and an error if a part of it failed."""
        self.ahead.close()
        self.client.close()
        self.note_requests()
        if self.client.daily.most is not None:
            self.state_writer.write_state(self.state)
        self.message_writer.flush()
        self._summarise()
        if self.failures:
            unread = [
                *self.failures,
                *(f"with that shop {shop} also {', '.join(streams)}" for shop, streams in self.given_up.items()),
            ]
            number = len(self.failures) + sum(map(len, self.given_up.values()))
            raise PartsFailedError(
                f"{number} of the run's parts could not be read ({'; '.join(unread)}); "
                "everything else was. Their bookmarks stay, so the next run tries them again."
            )

    def _summarise(self) -> None:
        self.summary.oddities = {stream.name: stream.plan.oddities for stream in self._selected}
        for stream in self._selected:
            read = [part for part in stream.parts.values() if part.ended]
            if stream.declaration.empty and read and not any(part.rows for part in read):
                self.logger.info("Stream %s came back empty: %s.", stream.name, stream.declaration.empty)
        for told in self.summary.sentences():
            self.logger.warning("%s", told)
        report = self.summary.report(self.end, self.client.now())
        self.logger.info("Summary %s", self.summary.line(), extra={"summary": report})
        path = self.config.get("summary_path")
        if path:
            try:
                write(path, report)
            except OSError as error:
                raise ConfigurationError(f"The summary cannot be written to {path}: {error.strerror}.") from None

    @override
    def _handle_termination(self, signum: int, frame: FrameType | None) -> None:
        """Ctrl-C and SIGTERM: state is out after every window already, so leave at once and say it was cut short."""
        end_at_next_signal()
        self.logger.warning("Stopped by signal %s; the next run goes on from the last state.", signum)
        sys.exit(128 + signum)

    @classmethod
    @override
    def print_about(cls, output_format: str | None = None) -> None:
        """The SDK's description of the plugin, and the streams, which it leaves out."""
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            super().print_about(output_format)
        text = printed.getvalue()
        if output_format == "json":
            text = json.dumps({**json.loads(text), "streams": [asdict(about) for about in about_streams()]}, indent=2)
        else:
            text += "\nStreams:\n" + "\n".join(f"- {about.name}: {about.summary}" for about in about_streams())
        sys.stdout.write(text.rstrip() + "\n")

    @classmethod
    @override
    def cb_config(cls, ctx: click.Context, param: click.Option, value: tuple[str, ...]) -> Any:
        """Reads what `--config` names; the SDK would take what it cannot read for a bug, and a typo for "no"."""
        given = super().cb_config(ctx, param, ())
        cls.append_builtin_config(cls.config_jsonschema)
        given.config = plugin_config(cls.name, value, cls.config_jsonschema["properties"])
        return given

    @classmethod
    @override
    def get_singer_command(cls) -> click.Command:
        command = super().get_singer_command()
        command.params.append(log_level_option())
        return command


def main() -> NoReturn:
    """The command `tap-tiktokshop`: one sentence for whatever goes wrong, and an exit code that says so."""
    tame()
    sys.setswitchinterval(SWITCH_SECONDS)
    atexit.register(gc.freeze)  # the interpreter would look through all modules for garbage before it ends
    run(lambda: TapTikTokShop.cli(), TapTikTokShop.name)  # noqa: PLW0108 - `cli` makes the command when it is looked up
