"""What a user gives besides settings: files, a catalogue, a state. Each fault is one sentence, not a traceback."""

from __future__ import annotations

import difflib
import io
import json
from typing import IO, TYPE_CHECKING, Any

from tiktokshop_client import is_made_up
from tiktokshop_client.errors import ConfigurationError
from typing_extensions import override

from tap_tiktokshop.streams import BY_NAME

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

MADE_UP = "made_up_shops"
"""In the state: whether its shops are those of a sandbox."""
REQUESTS = "requests"
"""In the state: how many requests each shop has had on a day, where a setting limits them."""
BATCH_RUN = "batch_run"
"""In the state: the run whose batch files nobody needs any more when another one goes on from it."""
INBOX = "webhook_inbox"
"""In the state: which inbox of webhooks is read, and up to where."""
CATALOGUE = "Correct it, or make a new one with --discover."
STATE = "Correct it, or leave it out to read from start_date on."
WITHOUT_BOOKMARKS = frozenset({MADE_UP, REQUESTS, BATCH_RUN, INBOX, "currently_syncing"})
"""What a state may hold that has no bookmarks yet."""


class ReadOnce(io.StringIO):
    """A text that is forgotten as it is read: a catalogue has a megabyte, and the SDK keeps its file."""

    @override
    def read(self, size: int | None = -1, /) -> str:
        text = super().read(size)
        if size is None or size < 0:
            self.seek(0)
            self.truncate()
        return text


def checked(file: IO[str] | None, what: str) -> IO[str] | None:
    """A file that holds a JSON object, as the SDK reads it; None if there is none. `what` is what a sentence calls it.

    Raises:
        ConfigurationError: It holds something else.
    """
    if file is None:
        return None
    text = getattr(file, "buffer", file).read()
    if what == "state" and text.strip() in {b"null", "null"}:  # how orchestrators write that there is no state
        return None
    return ReadOnce(json.dumps(object_in(text, f"{what} {file.name}")))


def world(state: Mapping[str, Any]) -> bool | None:
    """Whether the shops that a state is of are made up, None if it does not tell; their ids count first."""
    bookmarks = (state.get("bookmarks") or {}).values()
    contexts = (part.get("context") or {} for found in bookmarks for part in found.get("partitions") or ())
    return any(is_made_up(str(context.get("shop_id"))) for context in contexts) or state.get(MADE_UP)


def same_world(there: bool | None, *, made_up: bool) -> dict[str, bool]:
    """What a state says of the shops that it is of. `there` is what it says so far, `made_up` what the run's shops are.

    Raises:
        ConfigurationError: It is of the others.
    """
    if there is not None and there != made_up:
        kinds = {True: "the sandbox's made-up shops", False: "real shops"}
        raise ConfigurationError(
            f"The state is of {kinds[bool(there)]}, but this run reads {kinds[made_up]}: give each a state and a "
            "database of its own, so that they do not get mixed up."
        )
    return {MADE_UP: made_up}


def kept(state: Mapping[str, Any]) -> dict[str, Any]:
    """What a state says of the requests of a day, of batch files and of the inbox, if it does."""
    return {name: state[name] for name in (REQUESTS, BATCH_RUN, INBOX) if name in state}


def object_in(text: bytes | str, what: str) -> dict[str, Any]:
    """The JSON object in the text of a file.

    Raises:
        ConfigurationError: It is something else.
    """
    try:
        found = json.loads(text.decode("utf-8-sig") if isinstance(text, bytes) else text)
    except UnicodeDecodeError:
        raise ConfigurationError(f"The {what} is not UTF-8 text: save it as UTF-8.") from None
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise ConfigurationError(f"The {what} is not valid JSON ({place}).") from None
    except (ValueError, RecursionError):
        raise ConfigurationError(f"The {what} is not JSON that can be read.") from None
    if not isinstance(found, dict):
        raise ConfigurationError(f"The {what} must be a JSON object, but holds {_kind(found)}.")
    return found


def catalogue(given: Any) -> dict[str, Any]:
    """A Singer catalogue that can be followed, whatever it lists.

    Raises:
        ConfigurationError: It has another shape.
    """
    streams = _wanted(given, dict, "The catalogue", CATALOGUE).get("streams")
    for number, entry in enumerate(_wanted(streams, list, "The catalogue's streams", CATALOGUE)):
        where = f"The catalogue's streams[{number}]"
        _wanted(entry, dict, where, CATALOGUE)
        _wanted(entry.get("tap_stream_id"), str, f"{where}.tap_stream_id", CATALOGUE)
        _wanted(entry.get("schema", {}), dict, f"{where}.schema", CATALOGUE)
        _wanted(entry.get("schema", {}).get("properties", {}), dict, f"{where}.schema.properties", CATALOGUE)
        for name in ("replication_key", "replication_method"):
            _wanted(entry.get(name) or "", str, f"{where}.{name}", CATALOGUE)
        _texts(entry.get("key_properties") or [], f"{where}.key_properties")
        for mark, each in enumerate(_wanted(entry.get("metadata", []), list, f"{where}.metadata", CATALOGUE)):
            here = f"{where}.metadata[{mark}]"
            _wanted(each, dict, here, CATALOGUE)
            _texts(each.get("breadcrumb"), f"{here}.breadcrumb")
            _wanted(each.get("metadata"), dict, f"{here}.metadata", CATALOGUE)
    return dict(given)


def state(given: Any) -> dict[str, Any]:
    """A Singer state whose bookmarks can be walked; nothing is an empty one.

    Raises:
        ConfigurationError: It has another shape.
    """
    whole = _wanted(given if given is not None else {}, dict, "The state", STATE)
    other = sorted(whole.keys() - WITHOUT_BOOKMARKS)
    if other and "bookmarks" not in whole:  # taken for an empty one, it would have everything read again
        raise ConfigurationError(
            f"The state has no bookmarks, but {', '.join(other[:3])}: give the object that has them, such as the "
            f"value of a STATE message. {STATE}"
        )
    _wanted(_some(whole.get(MADE_UP), False), bool, f"The state's {MADE_UP}", STATE)
    _wanted(_some(whole.get(INBOX), {}), dict, f"The state's {INBOX}", STATE)
    bookmarks: dict[str, Any] = {}
    for stream, found in _wanted(_some(whole.get("bookmarks"), {}), dict, "The state's bookmarks", STATE).items():
        where = f"The state's bookmarks.{stream}"
        kept = dict(_wanted(_some(found, {}), dict, where, STATE))
        if "partitions" in kept:
            parts = _wanted(_some(kept["partitions"], []), list, f"{where}.partitions", STATE)
            kept["partitions"] = [_partition(part, f"{where}.partitions[{at}]") for at, part in enumerate(parts)]
        _refuse_another_place(stream, kept, where)
        bookmarks[stream] = kept
    return {**whole, "bookmarks": bookmarks}


def _partition(given: Any, where: str) -> dict[str, Any]:
    """The state of a shop, whose id is a text; a program that passes states on may have made a number of it."""
    part = dict(_wanted(given, dict, where, STATE))
    part["context"] = dict(_wanted(part.get("context"), dict, f"{where}.context", STATE))
    if type(part["context"].get("shop_id")) is int:
        part["context"]["shop_id"] = str(part["context"]["shop_id"])
    return part


def _refuse_another_place(stream: str, kept: Mapping[str, Any], where: str) -> None:
    """What a bookmark says at another level than the stream's would be passed over, and everything read again."""
    declared = BY_NAME.get(stream)
    if declared is None:
        return
    shops = kept.get("partitions") or []
    said = [part["context"] for part in shops if part.keys() - {"context"}]
    if declared.of_seller and said:
        raise ConfigurationError(
            f"{where} has partitions, but {stream} belongs to the seller and is read in one piece: what they say "
            f"belongs beside them. {STATE}"
        )
    above = sorted(kept.keys() - {"partitions"})
    if above and not shops and not declared.of_seller:
        raise ConfigurationError(
            f"{where} has {', '.join(above[:3])}, but no partitions: {stream} goes on from what these say of each "
            f"shop. {STATE}"
        )
    if not declared.of_seller and any(
        context.keys() != {"shop_id"} or not isinstance(context["shop_id"], str) for context in said
    ):
        raise ConfigurationError(
            f"{where} has a partition whose context is not the shop_id of a shop and nothing else. {STATE}"
        )


def unknown(kind: str, names: Collection[str], known: Collection[str]) -> Iterator[str]:
    """One sentence for each name that does not exist, with the one that may be meant."""
    for name in names:
        if name not in known:
            close = difflib.get_close_matches(name, known, 1)
            yield f"There is no {kind} {name}" + (f"; did you mean {close[0]}?" if close else ", so it is ignored.")


def unknown_streams(names: Collection[str], known: Collection[str]) -> list[str]:
    """One sentence for each stream of a catalogue that does not exist.

    Raises:
        ConfigurationError: None of them does, so that a run would read nothing.
    """
    doubts = list(unknown("stream", names, known))
    if doubts and len(doubts) == len(names):
        raise ConfigurationError(f"The catalogue has no stream that exists. {' '.join(doubts[:3])} {CATALOGUE}")
    return doubts


def misnamed_bookmarks(names: Collection[str]) -> Iterator[str]:
    """One sentence for each bookmark of a state that may be meant for a stream of another name."""
    for name in names:
        close = [] if name in BY_NAME else difflib.get_close_matches(name, BY_NAME, 1)
        if close:
            yield f"The state's bookmark {name} is of no stream and is ignored; did you mean {close[0]}?"


def _some(value: Any, nothing: Any) -> Any:
    return nothing if value is None else value


def _texts(value: Any, where: str) -> None:
    for part in _wanted(value, list, where, CATALOGUE):
        _wanted(part, str, f"{where}'s part", CATALOGUE)


def _wanted(value: Any, kind: type, where: str, advice: str) -> Any:
    if not isinstance(value, (list, tuple) if kind is list else kind):
        raise ConfigurationError(f"{where} is {_kind(value)}, not {KINDS[kind]}. {advice}")
    return value


KINDS: Mapping[type, str] = {
    dict: "an object",
    list: "a list",
    str: "a text",
    bool: "true or false",
    int: "a number",
    float: "a number",
    type(None): "null",
}


def _kind(value: Any) -> str:
    return next((words for kind, words in KINDS.items() if isinstance(value, kind)), "something else")
