"""Request parameters against what an endpoint declares: required, type, range, enumeration, count."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from tiktokshop_sandbox.contract import INVALID_PARAMETER, ApiError, Param

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_INTEGER: Final = re.compile(r"-?[0-9]{1,19}", re.ASCII)
# As clients write them: JSON, PHP and Go, Python. The platform's own models say only "boolean".
_BOOLEANS: Final[Mapping[str, bool]] = {"true": True, "1": True, "false": False, "0": False}
_WIRE_TYPES: Final[Mapping[str, str]] = {
    "string": "string",
    "integer": "int64",
    "boolean": "bool",
    "array": "array",
    "object": "object",
}
_JSON_TYPES: Final[tuple[tuple[type, str], ...]] = (
    (bool, "bool"),  # before int: a bool is one
    (int, "int64"),
    (float, "float64"),
    (str, "string"),
    (list, "array"),
    (dict, "object"),
)


def typed_query(query: Mapping[str, str], params: Mapping[str, Param]) -> dict[str, Any]:
    """The declared query parameters, typed, with defaults; an empty value counts as not sent.

    Raises:
        ApiError: as the platform words it, for the first parameter that does not fit.
    """
    sent = {name: _from_text(name, query[name], param) for name, param in params.items() if query.get(name)}
    return typed_body(sent, params)


def typed_body(body: Mapping[str, Any], params: Mapping[str, Param]) -> dict[str, Any]:
    """The declared fields of a JSON object, checked, with defaults; `null` counts as not sent.

    Fields that are not declared are ignored, as the platform does. An empty array stands for an empty object: PHP
    cannot tell them apart, and its clients send `[]` where they mean `{}`.

    Raises:
        ApiError: as the platform words it, for the first field that does not fit.
    """
    found: dict[str, Any] = {}
    for name, param in params.items():
        value = body.get(name)
        if value is None or (value == "" and param.required):
            if param.required:
                raise _refused(f"{_title(name)} is a required field")
            if param.default is not None:
                found[name] = param.default
        else:
            found[name] = _checked(name, value, param)
    return found


def _from_text(name: str, text: str, param: Param) -> Any:
    """A query value as its JSON type. What cannot be read stays text, for the type check to refuse."""
    if param.type == "integer":
        return int(text) if _INTEGER.fullmatch(text) else text
    if param.type == "boolean":
        return _BOOLEANS.get(text.lower(), text)
    if param.type == "array":
        items = param.items or Param("string")
        return [_from_text(name, item, items) for item in text.split(",")]
    return text


def _checked(name: str, value: Any, param: Param) -> Any:
    if value == [] and param.type == "object":
        value = {}
    actual = _type_of(value)
    expected = _WIRE_TYPES[param.type]
    if actual != expected:
        raise _refused(f"param {name} type invalid. actual type:{actual}, expected type:{expected}")
    return _CHECKS[param.type](name, value, param)


def _checked_integer(name: str, value: int, param: Param) -> int:
    if param.low is not None and value < param.low:
        raise _out_of_range(param, f"{_title(name)} must be {param.low} or greater")
    if param.high is not None and value > param.high:
        raise _out_of_range(param, f"{_title(name)} must be {param.high} or less")
    return value


def _checked_string(name: str, value: str, param: Param) -> str:
    if param.values and value not in param.values:
        raise _refused(f"{_title(name)} is invalid, allowed values: {','.join(param.values)}.")
    return value


def _checked_array(name: str, value: list[Any], param: Param) -> list[Any]:
    if param.required and not value:
        raise _refused(f"{_title(name)} is a required field")
    if param.max_count is not None and len(value) > param.max_count:
        raise _refused(f"{_title(name)} must contain at maximum {param.max_count} items")
    items = param.items
    return value if items is None else [_checked(f"{name}[{n}]", item, items) for n, item in enumerate(value)]


def _checked_object(_: str, value: dict[str, Any], param: Param) -> dict[str, Any]:
    return value if param.fields is None else typed_body(value, param.fields)


def _as_is(_: str, value: Any, __: Param) -> Any:
    return value


_CHECKS: Final[Mapping[str, Callable[[str, Any, Param], Any]]] = {
    "string": _checked_string,
    "integer": _checked_integer,
    "boolean": _as_is,
    "array": _checked_array,
    "object": _checked_object,
}


def _type_of(value: Any) -> str:
    return next((name for kind, name in _JSON_TYPES if isinstance(value, kind)), "null")


def _title(name: str) -> str:
    """`page_size` as the platform's validation writes it: `PageSize`."""
    return "".join(word.title() for word in name.split("_"))


def _refused(message: str) -> ApiError:
    return ApiError(INVALID_PARAMETER, message, 400)


def _out_of_range(param: Param, message: str) -> ApiError:
    if param.out_of_range == INVALID_PARAMETER:
        return _refused(message)
    return ApiError(param.out_of_range, "Value Out Of Range", 400)
