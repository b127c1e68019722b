"""What the tap and the target share as Singer plugins. It needs singer-sdk, which they bring; the client does not."""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
from typing import TYPE_CHECKING, Any, ClassVar

import click
from singer_sdk.plugin_base import PluginBase
from singer_sdk.typing import DEFAULT_JSONSCHEMA_VALIDATOR, extend_validator_with_defaults
from typing_extensions import override

from tiktokshop_client.configuration import (
    bound,
    misspelt,
    misspelt_variables,
    near_variables,
    no_settings,
    plugin_config,
    typed,
)
from tiktokshop_client.console import explain, log_level_option
from tiktokshop_client.errors import ConfigurationError
from tiktokshop_client.log_lines import log_format_option
from tiktokshop_client.stream_maps import ODD_MAPS

if TYPE_CHECKING:
    from collections.abc import Sequence


class GivenFile(click.File):
    """A file that an option names: one that cannot be opened is a sentence, as for `--config`, and no usage text."""

    @override
    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter as error:
            why = getattr(error.__context__, "strerror", None) or "that is not a path"
        raise ConfigurationError(f"the file {value} cannot be read: {why}")


Validator = extend_validator_with_defaults(DEFAULT_JSONSCHEMA_VALIDATOR)


class PlatformPlugin(PluginBase):
    """Settings in words, the description with its streams, the command's options. It stands before the SDK's class.

    Attributes:
        ignored: What was configured and is no setting, as a warning has said; for the run's last line, too.
        slip_words: What a setting that is nearly the name of another one is refused with; only warned of where "".
    """

    slip_words: ClassVar[str] = ""
    ignored: Sequence[str] = ()

    @classmethod
    def streams_to_show(cls) -> Sequence[dict[str, Any]]:
        """The streams for the plugin's description, each with at least `name` and `summary`."""
        raise NotImplementedError

    @override
    def _validate_config(self, *, raise_errors: bool = True) -> list[str]:
        """Fills in defaults and checks types; the SDK's own texts would print values, and some are secret.

        A fault is an error also where the SDK wants none, as in discovery: no setting is required here, and one that is
        wrong stays wrong.
        """
        self.append_builtin_config(self.config_jsonschema)
        properties = bound(self.config_jsonschema["properties"])
        self._config = typed(self._config, properties)
        ignored = misspelt(self._config, properties)
        if self.slip_words and "did you mean" in ignored and raise_errors:
            raise ConfigurationError(f"{ignored} {self.slip_words}")
        for slip in filter(None, (ignored, misspelt_variables(os.environ, self.name, properties))):
            self.logger.warning("%s", slip)
        self.ignored = [
            *no_settings(self._config, properties),
            *near_variables(os.environ, self.name, properties),
        ]
        try:
            faults = explain(Validator(self.config_jsonschema).iter_errors(self._config))
        except (AttributeError, TypeError):  # the SDK's own schema of maps has a part that is not a schema
            faults = [ODD_MAPS]
        if faults:
            raise ConfigurationError(" ".join(faults))
        return faults

    @classmethod
    @override
    def print_about(cls, output_format: str | None = None) -> None:
        """The SDK's description of the plugin, and the streams, which it leaves out."""
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            super().print_about(output_format)
        text, streams = printed.getvalue(), cls.streams_to_show()
        if output_format == "json":
            text = json.dumps({**json.loads(text), "streams": streams}, indent=2)
        else:
            text += "\nStreams:\n" + "\n".join(f"- {stream['name']}: {stream['summary']}" for stream in streams)
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
        """The SDK's command, with the options of the log."""
        command = super().get_singer_command()
        for option in command.params:
            if isinstance(option.type, click.File):
                option.type = GivenFile(option.type.mode, encoding="utf-8", errors="surrogateescape")
        command.params += [log_level_option(), log_format_option()]
        return command
