"""Log lines as JSON objects, one a line, for whoever collects logs."""

from __future__ import annotations

import json
import logging
import os
import secrets
from datetime import datetime, timezone

import click

from tiktokshop_client.redaction import known, one_line

FORMATS = ("text", "json")
FIELDS = ("seller", "shop", "stream", "operation", "code", "request_id")
"""What a line may say beyond its message, each where it is known; passed as ``extra`` to the logger."""

RUN = secrets.token_hex(8)
"""This process among all that log to the same place."""
VARIABLES = {
    "run": ("TIKTOKSHOP_LOG_RUN", "MELTANO_RUN_ID"),
    "seller": ("TIKTOKSHOP_LOG_SELLER",),
    "state_id": ("TIKTOKSHOP_LOG_STATE_ID", "MELTANO_STATE_ID"),
}
"""Environment variables by which whoever starts a process says what its lines belong to; the first that is set."""

_named: dict[str, str] = {}


class JsonLines(logging.Formatter):
    """A record as an object: ``time`` (UTC), ``level``, ``logger``, ``run``, ``message``, and the ``FIELDS`` it has.

    What the ``VARIABLES`` say is in every line.
    """

    def __init__(self) -> None:
        super().__init__()
        said = {name: _first(variables) for name, variables in VARIABLES.items()}
        self._said = {name: text for name, text in said.items() if text}

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        moment = datetime.fromtimestamp(record.created, timezone.utc)
        facts = {
            "time": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "run": RUN,
            "message": record.getMessage(),
            **_named,
            **self._said,
            **{name: known(str(getattr(record, name))) for name in FIELDS if getattr(record, name, None)},
        }
        if record.exc_text:
            facts["traceback"] = record.exc_text
        return json.dumps(facts, ensure_ascii=False, default=str)


def _first(variables: tuple[str, ...]) -> str:
    texts = (known(one_line(os.environ.get(variable, ""))) for variable in variables)
    return next(filter(None, texts), "")


def name_seller(name: str) -> None:
    """Has the lines of this process say whose grant it works with, unless its environment names the seller."""
    if name:
        _named["seller"] = known(one_line(name))


def seller_named() -> str:
    """Whose lines those of this process are, "" if nothing says it."""
    return _first(VARIABLES["seller"]) or _named.get("seller", "")


def facts_of(error: BaseException, **more: str) -> dict[str, str | int]:
    """What an error is about, for a line of the log that tells it.

    Args:
        error: The error; one that is not of the client has nothing to say.
        more: What is known besides.
    """
    facts: dict[str, str | int] = dict(more)
    for field in ("shop", "operation", "code", "request_id"):
        value = getattr(error, "shop_id" if field == "shop" else field, None)
        if value and isinstance(value, (str, int)):
            facts.setdefault(field, value)
    return facts


def log_as_json() -> None:
    """Has the log that is set up now write JSON."""
    for handler in logging.getLogger().handlers:
        handler.setFormatter(JsonLines())


def log_format_option() -> click.Option:
    """The option `--log-format`, for commands whose log is set up before their options are read."""

    def set_format(_context: click.Context, _option: click.Parameter, value: str) -> None:
        if value == "json":
            log_as_json()

    return click.Option(
        ["--log-format"],
        type=click.Choice(FORMATS, case_sensitive=False),
        default="text",
        help="How to log on standard error: text, or one JSON object a line.",
        is_eager=True,
        expose_value=False,
        callback=set_format,
    )
