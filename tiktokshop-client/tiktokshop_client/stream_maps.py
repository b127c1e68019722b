"""Mistakes in stream maps, in one sentence without the text of the error: that may quote a row, with its buyer."""

from __future__ import annotations

import ast
import traceback
from typing import TYPE_CHECKING, Any

from tiktokshop_client.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Collection

ADVICE = "Correct that expression."
MAPPER = "singer_sdk.mapper"
ODD_MAPS = "The setting stream_maps holds something of a kind that it does not take."


def mistake_in_map(error: Exception, stream: str, maps: Any, keys: Collection[str]) -> ConfigurationError:
    """What is wrong with a stream's map, as far as that can be told before there are rows."""
    if isinstance(error, ConfigurationError):
        return error
    found = maps.get(stream) if isinstance(maps, dict) else None
    fields = found if isinstance(found, dict) else {}
    for field, expression in fields.items():
        if field in keys and expression in {None, "__NULL__"} and "__key_properties__" not in fields:
            return _mistake(stream, field, "drops a part of the key. Keep it, or name other __key_properties__.")
        if isinstance(expression, str) and not field.startswith("__") and not _parses(expression):
            return _mistake(stream, field, f"is not a valid expression. {ADVICE}")
        if not isinstance(expression, (str, list, dict, type(None))):
            return _mistake(stream, field, f"is neither text nor null. {ADVICE}")
    return _mistake(stream, "", f"cannot be used ({type(error).__name__}). Compare it with the README's.")


def mistake_in_expression(error: Exception, stream: str) -> ConfigurationError:
    """What went wrong when an expression of a stream's map was worked out for a row."""
    cause = error.__cause__ or error
    name = getattr(cause, "name", None)
    unknown = type(cause).__name__ == "NameNotDefined" and isinstance(name, str)
    what = f"names {name}, which the stream does not have" if unknown else f"fails on a row ({type(cause).__name__})"
    return _mistake(stream, _field(error), f"{what}. Correct that expression so that it works for every row.")


def of_a_map(error: Exception) -> bool:
    """Whether an error came up in a stream map."""
    return any(frame.f_globals.get("__name__") == MAPPER for frame, _ in traceback.walk_tb(error.__traceback__))


def _mistake(stream: str, field: str, what: str) -> ConfigurationError:
    return ConfigurationError(".".join(filter(None, ("The setting stream_maps", stream, field))) + f" {what}")


def _parses(expression: str) -> bool:
    try:
        return bool(ast.parse(expression).body)
    except (SyntaxError, ValueError, RecursionError):
        return False


def _field(error: Exception) -> str:
    """The field whose expression was being worked out, as the SDK's own frames know it."""
    for frame, _ in traceback.walk_tb(error.__traceback__):
        if frame.f_globals.get("__name__") == MAPPER and "property_name" in frame.f_locals:
            return str(frame.f_locals["property_name"] or "__filter__")
    return ""
