"""The quick way from a row's bytes to a record: into structs of the documented types, with nothing left to look over.

A row that is as documented is decoded, checked and laid out by msgspec in one go, and then only its times are touched.
A row that is not goes the way of `records`, and whatever in it was not as documented is let pass from then on: the
structs learn the fields that the platform sends without naming them, and the types it does not keep to. Both ways
make the same record of the same row.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from decimal import Decimal
from operator import attrgetter
from types import GenericAlias
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, TypeVar

import msgspec
from tiktokshop_client import RowDecoder, decode_row, exact

from tap_tiktokshop.records.convert import (
    EPOCH,
    MOMENT,
    MOST_INTEGER,
    REJECTED_FIELD,
    kind_of,
    plan,
    plan_each,
    required_of,
    to_date,
)
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
ITEMS = "[]"
INTEGER = Annotated[int, msgspec.Meta(ge=-MOST_INTEGER, le=MOST_INTEGER - 1)]
AMOUNT = Annotated[str, msgspec.Meta(min_length=1)]
"""An empty one is none, which is for the conversion to say."""


class _Field(NamedTuple):
    """How a field is decoded, and what is still to be done with it: converted, or gone into (`visit`)."""

    type: Any
    convert: Convert | None = None
    visit: Visit | None = None
    rejects: bool = False
    """Whether something in it may turn out not to fit."""


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
        """The records of a page's rows, see `record`: decoded in one go, unless one of them is not as expected."""
        structs = self._try(rows.decoded, self._decode_page)
        if structs is None:
            for row, named in rows.undecoded():
                yield self.record(row, {**named, **added}, rows.noticed)
            return
        yield from self._finished(
            ((structs[place], identity) for place, identity in rows.chosen.items()), rows.field, added
        )

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
        if struct is None:
            return self._otherwise(decode_row(row, noticed), added)
        return next(self._finished([(struct, "")], None, added))

    def _try(self, decode: Callable[[S], T], argument: S) -> T | None:
        """What is decoded, or None if it is not as expected."""
        if self.surprises >= MOST_SURPRISES:
            return None
        try:
            return decode(argument)
        except (ValueError, RecursionError):
            return None

    def _finished(
        self, identified: Iterable[tuple[msgspec.Struct, str]], key: str | None, added: Mapping[str, Any]
    ) -> Iterator[msgspec.Struct]:
        """Decoded rows as records: times looked at, the identity put where that is a field, and what is added."""
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
        times = [attributes[name] for name, field in fields.items() if field.type is MOMENT]
        converted = [(attributes[name], field.convert) for name, field in fields.items() if field.convert]
        entered = [(attributes[name], field.visit) for name, field in fields.items() if field.visit]
        rejects = bool(converted) or any(field.rejects for field in fields.values())
        return _Field(struct, visit=_visit(times, converted, entered), rejects=rejects)

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
        return _Field(Any, self._carefully(schema, path), rejects=True)

    def _is_plain(self, schema: Schema, path: Path) -> bool:
        """Whether a value is what it is to be as soon as it is decoded."""
        return path not in self._loose and kind_of(schema) in TYPES and schema.get("format") != "date-time"

    def _carefully(self, schema: Schema, path: Path) -> Convert:
        """What the careful way does with a value at a path."""
        dotted, oddities = ".".join(path).replace(f".{ITEMS}", ITEMS), self._careful.oddities
        return plan_each(plan(schema, oddities, dotted), oddities, dotted)

    def _items(self, schema: Schema, path: Path) -> _Field | None:
        """A list of what its items are; None if each of them must be converted or looked at."""
        item = self._field(schema["items"], (*path, ITEMS))
        if item.convert or item.type is MOMENT:
            return None
        each = self._visit_each(item.visit) if item.rejects else _visit_each(item.visit)
        return _Field(GenericAlias(list, (item.type | None,)), visit=each, rejects=item.rejects)

    def _visit_each(self, visit: Visit | None) -> Visit | None:
        """As `_visit_each`, where something in an item may be rejected: then it is said in which."""
        if visit is None:
            return None
        oddities, enter = self._careful.oddities, visit

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
KINDS: Mapping[str, type] = {"string": str, "integer": int, "boolean": bool}


def _fits(schema: Schema, value: Any) -> bool:
    """Whether a value that is neither a known object nor a list is what a struct takes in its place."""
    kind = kind_of(schema)
    if kind == "array" or (kind == "object" and "properties" in schema):
        return False
    if schema.get("format") == "date-time":
        return value.__class__ is int and value < MILLISECONDS_FROM
    if schema.get("format") == "x-singer.decimal":
        return value.__class__ is str and value != ""
    if schema.get("format") == "date":
        return bool(to_date(value) == value)
    if kind == "integer" and value.__class__ is int:
        return -MOST_INTEGER <= value < MOST_INTEGER
    return kind not in KINDS or value.__class__ is KINDS[kind]


def _visit(times: list[str], converted: list[tuple[str, Convert]], entered: list[tuple[str, Visit]]) -> Visit | None:
    """What is done with a struct: of these times, 0 becomes none; these fields are converted, these gone into."""
    if not (times or converted or entered):
        return None
    of_times = _getter(times)

    def visit(struct: Any) -> None:
        for moment in of_times(struct):
            if moment and moment <= EPOCH:
                _forget_early(struct, times)
        for name, convert in converted:
            value = getattr(struct, name)
            if value is not None and value is not msgspec.UNSET:
                setattr(struct, name, convert(value))
        for name, enter in entered:
            value = getattr(struct, name)
            if value:
                enter(value)

    return visit


def _getter(names: list[str]) -> Callable[[Any], tuple[Any, ...]]:
    """All these attributes at once, the first of them twice, as a single one would come without a tuple."""
    return attrgetter(*names, names[0]) if names else lambda _: ()


def _forget_early(struct: Any, times: list[str]) -> None:
    for name in times:
        moment = getattr(struct, name)
        if moment and moment <= EPOCH:
            setattr(struct, name, None)


def _visit_each(visit: Visit | None) -> Visit | None:
    if visit is None:
        return None

    def visit_each(items: list[Any]) -> None:
        for item in items:
            if item is not None:
                visit(item)

    return visit_each
