"""The plugin definitions of Meltano Hub, `hub/*.yml`, in the Hub's own format.

They install the published packages; `meltano add --from-ref` takes them as well as the Hub does.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

# What the Hub's schema knows of a loader; the tap has nothing that it does not know.
LOADER_CAPABILITIES = ("about", "schema-flattening", "stream-maps", "validate-records")


@dataclass(frozen=True, kw_only=True)
class Plugin:
    """What a definition says beyond `--about`."""

    name: str
    keywords: tuple[str, ...]
    extra: tuple[str, ...] = ()

    @property
    def module(self) -> str:
        """The package to import, which is the Hub's namespace, too."""
        return self.name.replace("-", "_")


PLUGINS = (
    Plugin(name="tap-tiktokshop", keywords=("api", "e-commerce", "meltano_sdk")),
    Plugin(
        name="target-tiktokshop",
        keywords=("api", "e-commerce", "meltano_sdk", "reverse-etl"),
        extra=(
            "commands:",
            "  refeed:",
            "    executable: target-tiktokshop-refeed",
            '    args: ""',
            "    description: Turn what was rejected in a results file back into Singer messages.",
        ),
    ),
)


def definition(plugin: Plugin, about: dict[str, Any], *, select: list[str], settings: list[str]) -> list[str]:
    """A definition, line by line; `select` and `settings` as meltano.yml has them, four columns to the right."""
    capabilities = sorted(about["capabilities"])
    if not select:
        capabilities = [name for name in capabilities if name in LOADER_CAPABILITIES]
    return [
        "# Made by scripts/generate.py from what the plugin's --about says.",
        f"name: {plugin.name}",
        "variant: tiktokshop",
        "label: TikTok Shop",
        f"description: {json.dumps(about['description'])}",
        f"namespace: {plugin.module}",
        f"pip_url: {plugin.name}[sandbox]",
        f"executable: {plugin.name}",
        "domain_url: https://partner.tiktokshop.com/",
        "maintenance_status: beta",
        "quality: unknown",
        "log_parser: singer-sdk",
        *listed("keywords", plugin.keywords),
        *listed("supported_python_versions", [json.dumps(version) for version in about["supported_python_versions"]]),
        *listed("capabilities", capabilities),
        "settings_group_validation:",
        "- [app_key, app_secret, refresh_token]",
        "- [app_key, app_secret, access_token]",
        "- [app_key, app_secret, token_store]",
        "- [sandbox]",
        *plugin.extra,
        *(line.removeprefix("    ") for line in [*select, *settings]),
    ]


def listed(name: str, values: list[str] | tuple[str, ...]) -> list[str]:
    """A list in YAML."""
    return [f"{name}:", *(f"- {value}" for value in values)]


def pages(
    about: Callable[[str], dict[str, Any]],
    select: Callable[[], list[str]],
    settings: Callable[[str], list[str]],
) -> dict[str, list[str]]:
    """Every definition by its file."""
    return {
        f"hub/{plugin.name}.yml": definition(
            plugin,
            about(plugin.module),
            select=select() if plugin.name.startswith("tap-") else [],
            settings=settings(plugin.module),
        )
        for plugin in PLUGINS
    }
