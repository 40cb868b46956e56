"""Statements that are asked at nearly every request: what depends only on the statement is made once.

    _BY_TOKEN = Prepared(select(...).where(DeviceSession.token_hash == bindparam("token_hash")))
    row = _BY_TOKEN.first(connection(), {"token_hash": ...})

SQLite answers a small question in five microseconds. SQLAlchemy takes several times as long to look its text up, to lay
out context, cursor and result, and to hand the values through, though the text, and how values go in and come out, are
always the same. The connection, its transaction, the types and the errors stay SQLAlchemy's own. Its usual way is taken
for PostgreSQL, which is further away than all that, and wherever somebody listens to what is asked (tests that count).

A row is a named tuple of what was selected. A statement with a list (`IN` with an expanding `bindparam`) has one text
for each length of it, which is made once too; an empty or a long list goes the usual way. ORM entities stay with
`Connection.execute`.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from sqlalchemy import CompoundSelect, Dialect, Select, UpdateBase, Uuid
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import BindParameter
from sqlalchemy.types import TypeEngine

from patient_app.core.ids import read_id

_Process = Callable[[Any], Any]
Statement = Select[*tuple[Any, ...]] | CompoundSelect[*tuple[Any, ...]] | UpdateBase

# Lists of up to so many values have texts of their own, of which so many are kept.
_LONGEST_LIST, _MOST_TEXTS = 64, 256


class Prepared:
    """One statement, ready to be run again and again. An insert or update is always given the same names."""

    def __init__(self, statement: Statement) -> None:
        self.statement = statement
        self._lists: tuple[str, ...] | None = None
        self._ready: dict[tuple[int, ...], _Ready] = {}

    def all(self, connection: Connection, values: Mapping[str, Any]) -> list[Any]:
        """Return all rows, none for what returns none; raise SQLAlchemy's errors, as `Connection.execute` does."""
        if connection.dialect.name != "sqlite" or connection.engine._has_events:
            return self._usual(connection, values)
        if self._lists is None:
            self._lists = _lists_of(self.statement, connection.dialect)
        sizes = tuple([len(values[name]) for name in self._lists]) if self._lists else ()
        ready = self._ready.get(sizes)
        if ready is None:
            if sizes and (min(sizes) == 0 or max(sizes) > _LONGEST_LIST or len(self._ready) >= _MOST_TEXTS):
                return self._usual(connection, values)
            ready = self._ready[sizes] = _Ready.of(self.statement, connection.dialect, values)
        return ready.run(connection, values)

    def _usual(self, connection: Connection, values: Mapping[str, Any]) -> list[Any]:
        found = connection.execute(self.statement, values)
        return list(found.all()) if found.returns_rows else []

    def first(self, connection: Connection, values: Mapping[str, Any]) -> Any:
        """Return the first row, or None where there is none."""
        rows = self.all(connection, values)
        return rows[0] if rows else None

    def scalar(self, connection: Connection, values: Mapping[str, Any]) -> Any:
        """Return the first value of the first row; None where there is none."""
        rows = self.all(connection, values)
        return rows[0][0] if rows else None


@dataclass(frozen=True, slots=True)
class _Ready:
    """A statement as SQLite is asked it.

    What is handed over is picked by `pick` from the values that it always has (`fixed`), then one for each of `given`
    (its name, and how it is written), then those of each of `lists`: a value is written once, however often it is asked
    about. `reads` says how those columns are read that are not kept as they are.
    """

    text: str
    fixed: tuple[Any, ...]
    given: tuple[tuple[str, _Process | None], ...]
    lists: tuple[tuple[str, _Process | None], ...]
    pick: Callable[[list[Any]], Sequence[Any]]
    reads: tuple[tuple[int, _Process], ...]
    row: _Process

    @classmethod
    def of(cls, statement: Statement, dialect: Dialect, values: Mapping[str, Any]) -> _Ready:
        compiled = statement.compile(dialect=dialect, column_keys=list(values))
        assert isinstance(compiled, SQLCompiler)  # noqa: S101 - narrows the type.
        given = [bind for bind in compiled.literal_execute_params if not bind.unique]  # Others are part of the text.
        if given or compiled.insert_prefetch:
            raise TypeError("This statement has no fixed shape, or leaves columns to their defaults.")
        text, order = compiled.string, compiled.positiontup or []
        spread: dict[str, tuple[str, int]] = {}
        if compiled.post_compile_params or compiled.literal_execute_params:
            laid_out = compiled.construct_expanded_state(dict(values))
            text, order = laid_out.statement, list(laid_out.positiontup or [])
            for name, ones in laid_out.parameter_expansion.items():
                spread |= {one: (name, number) for number, one in enumerate(ones)}
        places = _Places()
        for name in order:
            source, number = spread.get(name, (name, None))
            places.add(compiled.binds[source], dialect, number)
        columns = list(statement.exported_columns)
        reads = [_reads(column.type, dialect) for column in columns]
        return cls(
            text=text,
            fixed=tuple(places.fixed),
            given=tuple(places.given),
            lists=tuple(places.lists),
            pick=places.pick({name: len(values[name]) for name, _ in places.lists}),
            reads=tuple((number, read) for number, read in enumerate(reads) if read is not None),
            row=namedtuple("Row", [str(column.key) for column in columns], rename=True)._make,  # type: ignore[attr-defined]
        )

    def run(self, connection: Connection, values: Mapping[str, Any]) -> list[Any]:
        written = [*self.fixed]
        written += [values[name] if write is None else write(values[name]) for name, write in self.given]
        for name, write in self.lists:
            written += values[name] if write is None else [write(one) for one in values[name]]
        asked = self.pick(written)
        if not connection.in_transaction():
            connection.begin()
        driver: Any = connection.connection.dbapi_connection
        try:
            rows = driver.execute(self.text, asked).fetchall()
        except driver.Error as error:
            raise DBAPIError.instance(
                self.text, None, error, driver.Error, hide_parameters=True, dialect=connection.dialect
            ) from error
        return [self._read(row) for row in rows] if self.reads else [self.row(row) for row in rows]

    def _read(self, row: Any) -> Any:
        read = list(row)
        for number, process in self.reads:
            read[number] = process(read[number])
        return self.row(read)


def _lists_of(statement: Statement, dialect: Dialect) -> tuple[str, ...]:
    """Return the names under which a statement is given lists; raise `TypeError` for a list that it always has."""
    compiled = statement.compile(dialect=dialect)
    assert isinstance(compiled, SQLCompiler)  # noqa: S101 - narrows the type.
    found = [bind for bind in compiled.post_compile_params if bind.expanding]
    if any(bind.unique for bind in found):
        raise TypeError("This statement has no fixed shape, or leaves columns to their defaults.")
    return tuple(sorted({bind.key for bind in found}))


def _reads(kind: TypeEngine[Any], dialect: Dialect) -> _Process | None:
    """Return what makes a value of what SQLite keeps."""
    if isinstance(kind, Uuid) and kind.as_uuid:
        return read_id
    return kind.dialect_impl(dialect).result_processor(dialect, None)


class _Places:
    """What is handed over with a statement, in the order of its text, each value written once."""

    def __init__(self) -> None:
        self.fixed: list[Any] = []
        self.given: list[tuple[str, _Process | None]] = []
        self.lists: list[tuple[str, _Process | None]] = []
        self._order: list[tuple[list[Any], int, int]] = []

    def add(self, bind: BindParameter[Any], dialect: Dialect, number: int | None) -> None:
        """Add the next value; of a list, the one that has this number in it."""
        write = bind.type.dialect_impl(dialect).bind_processor(dialect)
        if bind.unique:
            value = bind.effective_value
            self.fixed.append(value if write is None else write(value))
            self._order.append((self.fixed, len(self.fixed) - 1, 0))
            return
        among, name = (self.given if number is None else self.lists), str(bind.key)
        names = [known for known, _ in among]  # One name has one type in a statement, and so is written in one way.
        if name not in names:
            among.append((name, write))
            names.append(name)
        self._order.append((among, names.index(name), number or 0))

    def pick(self, sizes: Mapping[str, int]) -> Callable[[list[Any]], Sequence[Any]]:
        """Return what picks them from all values; `sizes` says how long each list is."""
        starts = [len(self.fixed) + len(self.given)]
        for name, _ in self.lists:
            starts.append(starts[-1] + sizes[name])
        at = []
        for among, place, number in self._order:
            if among is self.lists:
                at.append(starts[place] + number)
            else:
                at.append(place + (len(self.fixed) if among is self.given else 0))
        if len(at) > 1:
            return itemgetter(*at)
        return lambda written: [written[one] for one in at]
