"""The languages texts can be asked for in (BCP-47 codes), and the one each market's shops speak."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

# What categories, rules and attributes can be asked for in.
CATALOGUE_LOCALES: Final = (
    "cs-CZ",
    "de-AT",
    "de-BE",
    "de-DE",
    "el-GR",
    "en-GB",
    "en-IE",
    "en-US",
    "es-ES",
    "es-MX",
    "fr-BE",
    "fr-FR",
    "hu-HU",
    "id-ID",
    "it-IT",
    "ja-JP",
    "ms-MY",
    "nl-BE",
    "nl-NL",
    "pl-PL",
    "pt-BR",
    "pt-PT",
    "th-TH",
    "vi-VN",
    "zh-CN",
)
SIZE_CHART_LOCALES: Final = (
    "de-DE",
    "en-GB",
    "en-IE",
    "en-US",
    "es-ES",
    "es-MX",
    "fr-FR",
    "id-ID",
    "it-IT",
    "ja-JP",
    "ms-MY",
    "pt-BR",
    "th-TH",
    "vi-VN",
    "zh-CN",
)
CHAT_LOCALES: Final = (
    "de-DE",
    "en",
    "en-GB",
    "es-ES",
    "es-MX",
    "fr-FR",
    "id-ID",
    "it-IT",
    "ja-JP",
    "ms-MY",
    "pt-BR",
    "th-TH",
    "vi-VN",
    "zh-CN",
)
COMPLIANCE_LOCALES: Final = ("de-DE", "en-IE", "es-ES", "fr-FR", "it-IT")
ENGLISH: Final = "en-US"

_OF_REGIONS: Final[Mapping[str, str]] = {
    "BR": "pt-BR",
    "DE": "de-DE",
    "ES": "es-ES",
    "FR": "fr-FR",
    "GB": "en-GB",
    "ID": "id-ID",
    "IT": "it-IT",
    "JP": "ja-JP",
    "US": "en-US",
    "VN": "vi-VN",
}


def locale_of(region: str) -> str:
    """The locale of a market's shops, by the two letters of its region."""
    return _OF_REGIONS[region]


def language(locale: str) -> str:
    """The language of a locale: `de-AT` -> `de`."""
    return locale.partition("-")[0]
