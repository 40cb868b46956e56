"""Reads content/exercises/ and checks it: what is wrong there is one plain sentence, at start.

One exercise is one file, in all languages. Nothing is let pass quietly: an unknown key, a text that is missing in a
language, an id that stands twice, an exercise without source, day or state are all refused.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from patient_app.consent.categories import Category
from patient_app.skills.facts import (
    Asked,
    Better,
    Caution,
    Column,
    Exercise,
    Figure,
    FigureKind,
    Kind,
    Option,
    Rating,
    Source,
    Start,
    State,
    Step,
    Words,
)
from patient_app.skills.words import NEEDS, TOPICS

FOLDER = Path(__file__).resolve().parents[1] / "content" / "exercises"
LANGUAGES = ("en", "es")
# A file may hold more: a third language grows exercise by exercise.
_LANGUAGE = re.compile(r"[a-z]{2,3}")
CONDITIONS = frozenset(
    {"depression", "bipolar", "ptsd", "ocd", "panic", "anxiety", "alcohol", "opioids", "stimulants", "sleep"}
)
MOST_ROWS, MOST_STEPS, MOST_FIELDS, MOST_MINUTES = 10, 12, 6, 90
_ID, _FILE = re.compile(r"[a-z][a-z0-9_]{0,30}"), re.compile(r"[a-z][a-z0-9-]{2,40}")
# Addresses of other pages.
_TAKEN = frozenset({"done", "now", "on-paper", "runs", "signs"})
_CATEGORIES = (Category.SKILLS, Category.SUBSTANCE_USE)
# The fields that something is worked out from.
_NEEDED = {
    FigureKind.SLEEP: {"to_bed", "out_of_bed", "awake"},
    FigureKind.RHYTHM: {"up", "contact", "start", "dinner", "bed"},
    FigureKind.TRIALS: set(),
}
_COLUMNS = frozenset({Kind.TEXT, Kind.RATING_100})

_Choice = TypeVar("_Choice", bound=StrEnum)
_Thing = TypeVar("_Thing")


class WrongExercise(Exception):
    """A file of an exercise cannot be used; the message says where and why."""


class _Table:
    """A table of a file: each key is asked for once, and one that nobody asked for is wrong."""

    def __init__(self, where: str, value: object) -> None:
        if not isinstance(value, dict):
            raise WrongExercise(f"{where} has to be a table.")
        self.where = where
        self.left: dict[str, Any] = dict(value)

    def has(self, key: str) -> bool:
        """Whether a key is there."""
        return key in self.left

    def take(self, key: str, kind: type[_Thing]) -> _Thing:
        """Return a value of one type."""
        if key not in self.left:
            raise WrongExercise(f"{self.where} lacks {key}.")
        value = self.left.pop(key)
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise WrongExercise(f"{self.where}.{key} is of the wrong kind.")
        return value

    def number(self, key: str, least: int, most: int) -> int:
        """Return a whole number."""
        value = self.take(key, int)
        if not least <= value <= most:
            raise WrongExercise(f"{self.where}.{key} has to be from {least} to {most}.")
        return value

    def words(self, key: str) -> Words:
        """Return a text in all languages."""
        return words_of(f"{self.where}.{key}", self.take(key, dict))

    def each(self, key: str, read: Callable[[_Table], _Thing], *, least: int, most: int) -> tuple[_Thing, ...]:
        """Return what stands in a list of tables."""
        found = self.take(key, list)
        if not least <= len(found) <= most:
            raise WrongExercise(f"{self.where}.{key} has to hold {least} to {most}.")
        return tuple(_read(f"{self.where}.{key}[{number}]", one, read) for number, one in enumerate(found, 1))

    def one_of(self, key: str, kinds: type[_Choice]) -> _Choice:
        """Return one of a few words."""
        value = self.take(key, str)
        try:
            return kinds(value)
        except ValueError:
            raise WrongExercise(f"{self.where}.{key} knows no {value!r}, only {', '.join(kinds)}.") from None

    def id(self, key: str = "id") -> str:
        """Return a short name."""
        value = self.take(key, str)
        if not _ID.fullmatch(value):
            raise WrongExercise(f"{self.where}.{key} has to be a short word such as what_helped.")
        return value

    def end(self) -> None:
        """Refuse what nobody asked for."""
        if self.left:
            raise WrongExercise(f"{self.where} does not know {', '.join(sorted(self.left))}.")


def _read(where: str, value: object, read: Callable[[_Table], _Thing]) -> _Thing:
    table = _Table(where, value)
    found = read(table)
    table.end()
    return found


def words_of(where: str, value: Mapping[str, Any]) -> Words:
    """Return a text in all languages; raise `WrongExercise` when one that all files have is missing, or is empty."""
    others = sorted(set(value) - set(LANGUAGES))
    if not set(LANGUAGES) <= set(value) or not all(map(_LANGUAGE.fullmatch, others)):
        raise WrongExercise(f"{where} has to be written in {' and '.join(LANGUAGES)}.")
    for language in value:
        if not isinstance(value[language], str) or not value[language].strip():
            raise WrongExercise(f"{where}.{language} is empty.")
    return Words(value["en"].strip(), value["es"].strip(), others=tuple((one, value[one].strip()) for one in others))


def read_exercise(name: str, text: str) -> Exercise:
    """Return the exercise that a file of this name holds; raise `WrongExercise` when it cannot be used."""
    if not _FILE.fullmatch(name) or name in _TAKEN:
        raise WrongExercise(f"{name}: a file has a plain name such as worry-time.toml.")
    try:
        value = tomllib.loads(text)
    except tomllib.TOMLDecodeError as wrong:
        raise WrongExercise(f"{name}: {wrong}.") from None
    return _read(name, value, lambda table: _exercise(name, table))


def _exercise(name: str, table: _Table) -> Exercise:
    category = table.one_of("category", Category)
    if category not in _CATEGORIES:
        raise WrongExercise(f"{name}.category has to be skills or substance_use.")
    state, reviewed_on = _read(f"{name}.review", table.take("review", dict), _review)
    found = Exercise(
        id=name,
        version=table.number("version", 1, 9999),
        category=category,
        start=table.one_of("start", Start),
        minutes=_minutes(table),
        needs=_known(table, "needs", NEEDS),
        conditions=_known(table, "conditions", CONDITIONS),
        topics=_known(table, "topics", TOPICS) if table.has("topics") else (),
        title=table.words("title"),
        why=table.words("why"),
        rating=_read(f"{name}.rating", table.take("rating", dict), _rating),
        better=table.one_of("better", Better) if table.has("better") else Better.LESS,
        figure=_read(f"{name}.figure", table.take("figure", dict), _figure) if table.has("figure") else None,
        among_people=table.take("among_people", bool) if table.has("among_people") else False,
        cautions=table.each("cautions", _caution, least=1, most=8),
        sources=table.each("sources", _source, least=1, most=6),
        state=state,
        reviewed_on=reviewed_on,
        steps=table.each("steps", _step, least=1, most=MOST_STEPS),
    )
    _only_once(name, [field.id for field in found.fields])
    lacking = _NEEDED[found.figure.kind] - {field.id for field in found.fields} if found.figure else None
    if lacking:
        raise WrongExercise(f"{name}.figure needs the fields {', '.join(sorted(lacking))}.")
    if found.figure and found.figure.kind is FigureKind.TRIALS:
        _check_trials(name, found.figure, {field.id: field for field in found.fields})
    return found


def _figure(table: _Table) -> Figure:
    kind, label = table.one_of("kind", FigureKind), table.words("label")
    if kind is not FigureKind.TRIALS:
        return Figure(kind, label)
    column = table.id("column") if table.has("column") else ""
    return Figure(kind, label, table.id("of"), table.id("rated"), column)


def _check_trials(name: str, figure: Figure, fields: Mapping[str, Asked]) -> None:
    of, rated = fields.get(figure.of), fields.get(figure.rated)
    if of is None or of.kind not in (Kind.TEXT, Kind.CHOICE):
        raise WrongExercise(f"{name}.figure.of has to name a text or a choice.")
    is_table = rated is not None and any(
        column.id == figure.column and column.kind is Kind.RATING_100 for column in rated.columns
    )
    if rated is None or not (is_table or (rated.kind is Kind.TIMER and not figure.column)):
        raise WrongExercise(f"{name}.figure.rated has to name a timer, or a table with the rated column.")


def _review(table: _Table) -> tuple[State, date]:
    return table.one_of("state", State), table.take("on", date)


def _minutes(table: _Table) -> tuple[int, int]:
    value = table.take("minutes", list)
    if len(value) != 2 or not all(isinstance(one, int) for one in value) or not 1 <= value[0] <= value[1]:  # noqa: PLR2004 - two numbers.
        raise WrongExercise(f"{table.where}.minutes has to be two numbers such as [5, 10].")
    if value[1] > MOST_MINUTES:
        raise WrongExercise(f"{table.where}.minutes has to be at most {MOST_MINUTES}.")
    return value[0], value[1]


def _known(table: _Table, key: str, known: Mapping[str, Any] | frozenset[str]) -> tuple[str, ...]:
    value = table.take(key, list)
    unknown = [str(one) for one in value if one not in known]
    if unknown or not value:
        raise WrongExercise(f"{table.where}.{key} knows no {', '.join(unknown) or 'empty list'}.")
    _only_once(f"{table.where}.{key}", value)
    return tuple(value)


def _only_once(where: str, ids: list[str]) -> None:
    twice = sorted({one for one in ids if ids.count(one) > 1})
    if twice:
        raise WrongExercise(f"{where}: {', '.join(twice)} stands twice.")


def _rating(table: _Table) -> Rating:
    most = table.number("most", 10, 100)
    if most not in (10, 100):
        raise WrongExercise(f"{table.where}.most has to be 10 or 100.")
    return Rating(table.words("ask"), table.words("low"), table.words("high"), most)


def _caution(table: _Table) -> Caution:
    return Caution(table.id(), replace(table.words("words"), about_use=_is_about_use(table)))


def _is_about_use(table: _Table) -> bool:
    return table.take("about_use", bool) if table.has("about_use") else False


def _source(table: _Table) -> Source:
    return Source(table.take("text", str), table.number("year", 1950, 2100))


def _step(table: _Table) -> Step:
    lines = table.each("lines", _line, least=1, most=6) if table.has("lines") else ()
    fields = table.each("fields", _field, least=1, most=MOST_FIELDS) if table.has("fields") else ()
    if not lines and not fields:
        raise WrongExercise(f"{table.where} says nothing and asks for nothing.")
    return Step(table.words("title"), lines, fields)


def _line(table: _Table) -> Words:
    about_use = _is_about_use(table)
    found = words_of(table.where, table.left)
    table.left.clear()
    return replace(found, about_use=about_use)


def _option(table: _Table) -> Option:
    return Option(table.id(), table.words("words"))


def _column(table: _Table) -> Column:
    column = Column(table.id(), table.one_of("kind", Kind), table.words("label"))
    if column.kind not in _COLUMNS:
        raise WrongExercise(f"{table.where}.kind has to be text or rating100.")
    return column


def _field(table: _Table) -> Asked:
    asked = Asked(
        id=table.id(),
        kind=table.one_of("kind", Kind),
        label=table.words("label"),
        hint=table.words("hint") if table.has("hint") else None,
    )
    return _OF_KIND.get(asked.kind, _plain)(table, asked)


def _with(asked: Asked, **more: Any) -> Asked:
    return Asked(asked.id, asked.kind, asked.label, asked.hint, **more)


def _plain(_table: _Table, asked: Asked) -> Asked:
    return asked


def _picked(table: _Table, asked: Asked) -> Asked:
    options = table.each("options", _option, least=2, most=20)
    _only_once(table.where, [option.id for option in options])
    return _with(asked, options=options)


def _rated(table: _Table, asked: Asked) -> Asked:
    return _with(asked, low=table.words("low"), high=table.words("high"))


def _timed(table: _Table, asked: Asked) -> Asked:
    minutes, marks = table.number("minutes", 1, MOST_MINUTES), table.take("marks", list)
    if not all(isinstance(mark, int) and 0 <= mark <= minutes for mark in marks) or marks != sorted(set(marks)):
        raise WrongExercise(f"{table.where}.marks has to be minutes in their order, such as [0, 5, 15].")
    most = table.number("most", 10, 100) if table.has("most") else 10
    if most not in (10, 100):
        raise WrongExercise(f"{table.where}.most has to be 10 or 100.")
    words = {"low": table.words("low"), "high": table.words("high")}
    return _with(asked, minutes=minutes, marks=tuple(marks), most=most, **words)


def _listed(table: _Table, asked: Asked) -> Asked:
    return _with(asked, signs=table.take("signs", bool) if table.has("signs") else False)


def _paced(table: _Table, asked: Asked) -> Asked:
    breath = table.number("in", 2, 10), table.number("out", 2, 10), table.number("hold", 0, 10)
    return _with(asked, minutes=table.number("minutes", 1, 10), breath=breath)


def _ladder(table: _Table, asked: Asked) -> Asked:
    columns = Column("item", Kind.TEXT, asked.label), Column("rating", Kind.RATING_100, table.words("rating"))
    return _with(asked, columns=columns, rows=table.number("rows", 2, MOST_ROWS))


def _table(table: _Table, asked: Asked) -> Asked:
    columns = table.each("columns", _column, least=2, most=6)
    _only_once(table.where, [column.id for column in columns])
    return _with(asked, columns=columns, rows=table.number("rows", 1, MOST_ROWS))


_OF_KIND: dict[Kind, Callable[[_Table, Asked], Asked]] = {
    Kind.LIST: _listed,
    Kind.CHIPS: _picked,
    Kind.CHOICE: _picked,
    Kind.RATING_10: _rated,
    Kind.RATING_100: _rated,
    Kind.TIMER: _timed,
    Kind.PACER: _paced,
    Kind.LADDER: _ladder,
    Kind.TABLE: _table,
}


@lru_cache(maxsize=1)
def exercises() -> Mapping[str, Exercise]:
    """Return all exercises by id; raise `WrongExercise` when a file cannot be used. Read once."""
    return read_folder(FOLDER)


def read_folder(folder: Path) -> dict[str, Exercise]:
    """Return the exercises whose files stand in a folder, in the order of their names."""
    return {
        path.stem: read_exercise(path.stem, path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.toml"))
    }
