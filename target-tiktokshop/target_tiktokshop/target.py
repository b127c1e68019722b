"""The target: it starts, describes itself, and refuses every stream, because this version writes nothing yet."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any, ClassVar

from singer_sdk import Target
from singer_sdk.typing import DEFAULT_JSONSCHEMA_VALIDATOR, extend_validator_with_defaults
from tiktokshop_client import Settings
from tiktokshop_client.console import explain, log_level_option, run
from tiktokshop_client.errors import ConfigurationError
from tiktokshop_client.settings import SETTINGS
from typing_extensions import override

if TYPE_CHECKING:
    from typing import NoReturn

    import click
    from singer_sdk import Sink

Validator = extend_validator_with_defaults(DEFAULT_JSONSCHEMA_VALIDATOR)


class UnsupportedStreamError(Exception):
    """A stream arrived that the target has no sink for."""


class TargetTikTokShop(Target):
    """Singer target for TikTok Shop: inventory, prices, tracking."""

    name = "target-tiktokshop"
    config_jsonschema: ClassVar[dict[str, Any]] = {
        "type": "object",
        "properties": deepcopy(dict(SETTINGS["properties"])),
    }

    def __init__(self, *, validate_config: bool = True, **kwargs: Any) -> None:
        super().__init__(validate_config=validate_config, **kwargs)
        if validate_config and not self.config.get("sandbox"):
            Settings.from_config(self.config)

    @override
    def _validate_config(self, *, raise_errors: bool = True) -> list[str]:
        """Fills in defaults and checks types; the SDK's own texts would print values, and some are secret."""
        self.append_builtin_config(self.config_jsonschema)
        self._config = {name: value for name, value in self._config.items() if value is not None}
        faults = explain(Validator(self.config_jsonschema).iter_errors(self._config))
        if faults and raise_errors:
            raise ConfigurationError(" ".join(faults))
        return faults

    @override
    def get_sink_class(self, stream_name: str) -> type[Sink]:
        raise UnsupportedStreamError(
            f"The stream {stream_name} cannot be written: this version of target-tiktokshop has no sinks yet. "
            "Nothing was sent to the shop."
        )

    @classmethod
    @override
    def get_singer_command(cls) -> click.Command:
        command = super().get_singer_command()
        command.params.append(log_level_option())
        return command


def main() -> NoReturn:
    """The command `target-tiktokshop`: one sentence for whatever goes wrong, and an exit code that says so."""
    run(lambda: TargetTikTokShop.cli(), TargetTikTokShop.name)  # noqa: PLW0108 - `cli` makes the command when looked up
