"""The quick way from a row's bytes to a record: into structs of the documented types, so that nothing needs checking.

A row that is as documented is decoded, checked and laid out by msgspec in one go, and then only its times are touched.
A row that is not goes the way of `records`, and whatever in it was not as documented is let pass from then on: the
structs learn the fields that the platform sends without naming them, and the types it does not keep to. Both ways
make the same record of the same row.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from decimal import Decimal
from itertools import islice
from types import GenericAlias
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, TypeVar

import msgspec
from tiktokshop_client import RowDecoder, decode_row, exact

from tap_tiktokshop.records.convert import (
    MOMENT,
    MOST_INTEGER,
    REJECTED_FIELD,
    are_plain,
    kind_of,
    plan,
    plan_each,
    required_of,
    to_date,
)
from tap_tiktokshop.records.levels import Level
from tap_tiktokshop.times import MILLISECONDS_FROM

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    from tap_tiktokshop.reading.rows import PageRows
    from tap_tiktokshop.records.convert import Convert, RecordPlan

    Schema = Mapping[str, Any]
    Path = tuple[str, ...]
    Record = msgspec.Struct | dict[str, Any]
    Visit = Callable[[Any], None]

S = TypeVar("S")
T = TypeVar("T")

MOST_SURPRISES = 300
"""After so many rows that were not as expected a stream's rows are read the other way for the rest of the run."""
AT_ONCE = 25
"""The rows of a page that are looked at before the first of them is passed on: few, so that they stay in the caches."""
ITEMS = "[]"
INTEGER = Annotated[int, msgspec.Meta(ge=-MOST_INTEGER, le=MOST_INTEGER - 1)]
AMOUNT = Annotated[str, msgspec.Meta(min_length=1)]
"""An empty one means null; the conversion decides that."""


class _Field(NamedTuple):
    """How a field is decoded, and what is still to be done with it: converted, or gone into (`visit`) for that."""

    type: Any
    convert: Convert | None = None
    visit: Visit | None = None
    level: Level | None = None
    """What to look at in it directly."""


class _Added(NamedTuple):
    """Where a field that is added to rows goes, and how; `plain` if nothing is done with what the row has there."""

    attribute: str
    convert: Convert
    plain: bool


class TypedPlan:
    """Turns the undecoded rows of one stream into records, as `RecordPlan` would.

    Attributes:
        surprises: How many rows were not as expected.
    """

    def __init__(self, schema: Schema, careful: RecordPlan) -> None:
        """`careful` makes the records of rows that are not as documented, and counts their oddities."""
        self._schema = schema
        self._careful = careful
        self._loose: set[Path] = set()
        self._unnamed: defaultdict[Path, dict[str, None]] = defaultdict(dict)
        self.surprises = 0
        self._make()

    def records(self, rows: PageRows, added: Mapping[str, Any]) -> Iterator[Record]:
        """The records of a page's rows, see `record`: in one go, as far as they are as expected."""
        structs, done = self._try(rows.decoded, self._decode_page) or [], 0
        chosen = iter(rows.chosen.items() if structs else ())
        while part := [(structs[place], identity) for place, identity in islice(chosen, AT_ONCE)]:
            if not self._look([struct for struct, _ in part]):
                break
            yield from self._finished(part, rows.field, added)
            done += len(part)
        if done < len(rows):
            for row, named in islice(rows.undecoded(), done, None):
                yield self.record(row, {**named, **added}, rows.noticed)

    def record(
        self,
        row: msgspec.Raw | dict[str, Any],
        added: Mapping[str, Any],
        noticed: Callable[[int], None] | None = None,
    ) -> Record:
        """The record of a platform row, and `added`, which wins over fields of the same name.

        `noticed` is told how many values of the row had to be mended.

        Raises:
            ValueError: The row is not JSON.
        """
        if isinstance(row, dict):
            return self._careful.record(row, added)
        struct = self._try(self._decode, row)
        if struct is None or not self._look([struct]):
            return self._otherwise(decode_row(row, noticed), added)
        return next(self._finished([(struct, "")], None, added))

    def _try(self, decode: Callable[[S], T], argument: S) -> T | None:
        """The decoded row, or None if it is not as expected."""
        if self.surprises >= MOST_SURPRISES:
            return None
        try:
            return decode(argument)
        except (ValueError, RecursionError):
            return None

    def _finished(
        self, identified: Iterable[tuple[msgspec.Struct, str]], key: str | None, added: Mapping[str, Any]
    ) -> Iterator[msgspec.Struct]:
        """Decoded rows as records: what must be converted is, and the identity and what is added are put there."""
        hidden = [self._add[name].attribute for name in {key, *added} if name and not self._add[name].plain]
        fixed = self._fixed(added)
        named = self._add[key] if key and key not in added else None
        given = {attribute for attribute, value in fixed if value is not None}
        given |= {named.attribute} if named else set()
        required = [each for each in self._required if each[0] not in given]
        visit, oddities = self._visit, self._careful.oddities
        odd = bool(oddities.pending)
        for struct, identity in identified:
            for attribute in hidden:
                setattr(struct, attribute, None)  # whatever the row has there is not looked at
            visit(struct)
            if named:
                setattr(struct, named.attribute, named.convert(identity))
            if odd and not oddities.pending:
                self._fixed(added)  # what was added to the row before is rejected for this one as well
            for attribute, value in fixed:
                setattr(struct, attribute, value)
            for attribute, name, nothing in required:
                if getattr(struct, attribute) is None:
                    setattr(struct, attribute, oddities.missing(name, nothing))
            rejected = oddities.taken() if oddities.pending else None
            if self._rejected:
                setattr(struct, self._rejected, rejected)
            yield struct

    def _fixed(self, added: Mapping[str, Any]) -> list[tuple[str, Any]]:
        return [(self._add[name].attribute, self._add[name].convert(value)) for name, value in added.items()]

    def _otherwise(self, row: Any, added: Mapping[str, Any]) -> dict[str, Any]:
        """The record of a row that is not as expected so far; those that are like it will be."""
        if self.surprises < MOST_SURPRISES:
            differing = set(self._differing(self._schema, row, ()))
            self.surprises += bool(differing)  # else it was merely broken
            self._learn(differing)
        return self._careful.record(row, added)

    # -- what is documented, and what has been learnt ------------------------------------------------------------

    def _learn(self, differing: Collection[tuple[Path, str | None]]) -> None:
        """Makes the structs again, so that they take what has come otherwise than expected."""
        if not differing:
            return
        for path, name in differing:
            if name is None:
                self._loose.add(path)
            else:
                self._unnamed[path][name] = None
        self._make()

    def _make(self) -> None:
        """Makes the structs of what is documented, and of what has been learnt."""
        row = self._object(self._schema, (), None)
        struct = row.type
        self._visit: Visit = row.visit or (lambda _: None)
        self._look = row.level.look if row.level else (lambda _: True)
        self._decode = msgspec.json.Decoder(struct, strict=False, float_hook=exact).decode
        self._decode_page = RowDecoder(struct, strict=False, float_hook=exact)
        attributes = dict(zip(struct.__struct_encode_fields__, struct.__struct_fields__, strict=True))
        self._add = {
            name: _Added(attributes[name], self._carefully(schema, (name,)), plain=self._is_plain(schema, (name,)))
            for name, schema in self._schema["properties"].items()
        }
        self._required = [(attributes[name], name, nothing) for name, nothing in required_of(self._schema).items()]
        self._rejected = attributes.get(REJECTED_FIELD)

    def _object(self, schema: Schema, path: Path, missing: Any = msgspec.UNSET) -> _Field:
        """A struct for an object; a documented field that does not come is `missing`."""
        named = {name: self._field(child, (*path, name)) for name, child in schema["properties"].items()}
        fields = named | dict.fromkeys(self._unnamed[path], _Field(Any))
        fields = dict(sorted(fields.items(), key=lambda item: _rank(item[1])))
        # The platform's names need not be names in Python.
        attributes = {name: f"f{number}" for number, name in enumerate(fields)}
        struct = msgspec.defstruct(
            "_".join(("Row", *path)).replace(ITEMS, "item"),
            [
                (
                    attributes[name],
                    field.type | None | msgspec.UnsetType,
                    missing if name in named else msgspec.UNSET,
                )
                for name, field in fields.items()
            ],
            rename={attribute: name for name, attribute in attributes.items()},
            forbid_unknown_fields=True,
            gc=False,
        )
        of = dict(zip(attributes.values(), fields.values(), strict=True))
        return _Field(struct, visit=_visit(of), level=_level(of))

    def _field(self, schema: Schema, path: Path) -> _Field:
        kind = kind_of(schema)
        if path not in self._loose:
            if kind == "object" and "properties" in schema:
                return self._object(schema, path)
            if kind == "array" and (items := self._items(schema, path)):
                return items
            if schema.get("format") == "date-time":
                return _Field(MOMENT)
            if self._is_plain(schema, path):
                return _Field(BY_FORMAT.get(schema.get("format", ""), TYPES[kind]))
        return _Field(Any, self._carefully(schema, path))

    def _is_plain(self, schema: Schema, path: Path) -> bool:
        """Whether a value is final as soon as it is decoded."""
        return path not in self._loose and kind_of(schema) in TYPES and schema.get("format") != "date-time"

    def _carefully(self, schema: Schema, path: Path) -> Convert:
        """What the careful way does with a value at a path."""
        dotted, oddities = ".".join(path).replace(f".{ITEMS}", ITEMS), self._careful.oddities
        return plan_each(plan(schema, oddities, dotted), oddities, dotted)

    def _items(self, schema: Schema, path: Path) -> _Field | None:
        """A list of what its items are; None if each of them must be converted or looked at, or is a list of such."""
        item = self._field(schema["items"], (*path, ITEMS))
        if item.convert or item.type in LOOKED_AT or (item.level and isinstance(item.type, GenericAlias)):
            return None
        visit = self._visit_each(item.visit) if item.visit else None
        return _Field(GenericAlias(list, (item.type | None,)), visit=visit, level=item.level)

    def _visit_each(self, enter: Visit) -> Visit:
        """Goes into each item of a list, so that it is said in which of them something is rejected."""
        oddities = self._careful.oddities

        def convert(item: Any) -> None:
            if item is not None:
                enter(item)

        def visit_each(items: list[Any]) -> None:
            oddities.each(convert, items)

        return visit_each

    def _differing(self, schema: Schema, value: Any, path: Path) -> Iterator[tuple[Path, str | None]]:
        """What in a value is not as expected so far: where, and the name of an undocumented field there."""
        if value is None or path in self._loose or path == (REJECTED_FIELD,):
            return
        kind = kind_of(schema)
        if kind == "object" and "properties" in schema and isinstance(value, dict):
            for name, inner in value.items():
                if name in schema["properties"]:
                    yield from self._differing(schema["properties"][name], inner, (*path, name))
                elif name not in self._unnamed[path]:
                    yield path, name
        elif kind == "array" and isinstance(value, list):
            for inner in value:
                yield from self._differing(schema["items"], inner, (*path, ITEMS))
        elif not _fits(schema, value):
            yield path, None


def as_dict(record: Record) -> dict[str, Any]:
    """The same record for those who want to change it."""
    made: dict[str, Any] = msgspec.to_builtins(record, builtin_types=(Decimal,))
    return made


TYPES: Mapping[str, Any] = {"string": str, "integer": INTEGER, "boolean": bool}
"""Numbers are not among them: they are kept exact, whatever they are written as."""

BY_FORMAT: Mapping[str, Any] = {"x-singer.decimal": AMOUNT, "date": date}
LOOKED_AT = (MOMENT, AMOUNT)
"""What is not yet what it is to be when it is decoded: a time may be 0, an amount may be a word."""
KINDS: Mapping[str, type] = {"string": str, "integer": int, "boolean": bool}


def _fits(schema: Schema, value: Any) -> bool:
    """Whether a value that is neither a known object nor a list is what a struct takes in its place."""
    kind = kind_of(schema)
    if kind == "array" or (kind == "object" and "properties" in schema):
        return False
    if schema.get("format") == "date-time":
        return value.__class__ is int and value < MILLISECONDS_FROM
    if schema.get("format") == "x-singer.decimal":
        return value.__class__ is str and are_plain((value,))
    if schema.get("format") == "date":
        return bool(to_date(value) == value)
    if kind == "integer" and value.__class__ is int:
        return -MOST_INTEGER <= value < MOST_INTEGER
    return kind not in KINDS or value.__class__ is KINDS[kind]


def _rank(field: _Field) -> int:
    """Where a field is in its struct: what is looked at is last, see `Level`."""
    return 1 + LOOKED_AT.index(field.type) if field.type in LOOKED_AT else 0


def _level(fields: Mapping[str, _Field]) -> Level | None:
    """What is to be looked at in a struct of these fields, by their attributes."""
    times, amounts = ([name for name, field in fields.items() if field.type is kind] for kind in LOOKED_AT)
    below = {name: (field.type, field.level) for name, field in fields.items() if field.level}
    lists = {name: level for name, (kind, level) in below.items() if isinstance(kind, GenericAlias)}
    objects = {name: level for name, (_, level) in below.items() if name not in lists}
    return Level(times, len(amounts), objects, lists) if times or amounts or below else None


def _visit(fields: Mapping[str, _Field]) -> Visit | None:
    """What is done with a struct of these fields: some are converted, some gone into."""
    converted = [(name, field.convert) for name, field in fields.items() if field.convert]
    entered = [(name, field.visit) for name, field in fields.items() if field.visit]
    if not (converted or entered):
        return None

    def visit(struct: Any) -> None:
        for name, convert in converted:
            value = getattr(struct, name)
            if value is not None and value is not msgspec.UNSET:
                setattr(struct, name, convert(value))
        for name, enter in entered:
            value = getattr(struct, name)
            if value:
                enter(value)

    return visit
