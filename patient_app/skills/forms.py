"""The form of an exercise, made from its file: every question can be left out, nothing is chosen beforehand.

A field of several parts (a table, a timer, a plan) is a field of the form for each part, so that each has its own
label, its own message, and keeps its own words.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, HiddenField

from patient_app.core import clock
from patient_app.core.forms import (
    ChipsField,
    ChoiceField,
    DayField,
    Form,
    IdField,
    ListField,
    Options,
    ScaleField,
    long_text,
    short_text,
    without_controls,
)
from patient_app.core.i18n import lazy_time
from patient_app.core.times import as_field
from patient_app.skills.answers import Said
from patient_app.skills.facts import Asked, Exercise, Kind, Words
from patient_app.skills.plans import REMIND

YES, NO = "yes", "no"
DONE, LATER = "done", "later"
RUN, KIND = "run", "kind"
LONGEST = 4000
MOST_LINES = 50
_LONGEST_NUMBER = 6
# What the form sends of itself, and what says nothing without words.
_NO_WORDS = frozenset({"id", "zone", "base", "draft", "finish", "about_use"})
_NOTHING: tuple[Any, ...] = (None, "", [], {})  # A rating of 0 is an answer.
TENS = Options((number, str(number)) for number in range(0, 101, 10))
_TENS_LISTED = [("", "–"), *((str(number), str(number)) for number in range(0, 101, 10))]
_HOURS: list[tuple[str, LazyString | str]] = [
    ("", "–"),
    *((as_field(minute), lazy_time(minute)) for minute in range(0, 24 * 60, 30)),
]


class ExerciseForm(Form):
    """What every exercise has; the class of one exercise adds its own fields."""

    exercise: Exercise
    id = IdField()
    zone = HiddenField(filters=[without_controls])
    base = HiddenField(filters=[without_controls])
    about_use = BooleanField(
        _l("What I wrote is about alcohol or drugs"),
        description=_l("Then it needs alcohol and drugs to be shared as well, if you ever share it."),
    )

    def said(self, *, finished: bool, kept: frozenset[str] = frozenset()) -> Said:
        """Return what was said; only after the form was found valid."""
        read = {asked.id: _PARTS[asked.kind].read(self, asked) for asked in self.exercise.fields}
        answers = {name: answer for name, answer in read.items() if answer not in _NOTHING}
        return Said(
            answers=answers,
            before=self["before"].data,
            after=self["after"].data,
            finished=finished,
            about_use=self.exercise.about_use or bool(self.about_use.data),
            kept=kept & answers.keys(),
        )

    def zone_or(self, fallback: str) -> str:
        """Return the zone that the phone named, or the person's own when it named none that exists."""
        return self.zone.data if self.zone.data and clock.find_zone(self.zone.data) else fallback

    def base_version(self) -> int | None:
        """Return the version that was changed; None for what is no number."""
        text = self.base.data or ""
        return int(text) if text.isascii() and text.isdigit() and len(text) < _LONGEST_NUMBER else None

    def parts(self, asked: Asked) -> list[Any]:
        """Return the form's fields of one field of the exercise, in their order."""
        return [self[name] for name in _PARTS[asked.kind].names(asked)]

    def rows(self, asked: Asked) -> list[list[Any]]:
        """Return the fields of a table by row."""
        found, width = self.parts(asked), len(asked.columns)
        return [found[at : at + width] for at in range(0, len(found), width)]


class LinesForm(Form):
    """Which answers of a run no one else ever reads, and whether the rest may be read."""

    kept = ChipsField(
        _l("These lines stay with me"), description=_l("Even when you show the rest, no one else reads them.")
    )

    def offer(self, fields: Mapping[str, str]) -> LinesForm:
        """Say which lines there are."""
        self.kept.offer(fields.items())
        return self


class WhoForm(Form):
    """Who may read one run, or what is done in its exercise from today on. Nothing ticked is nobody."""

    readers = ChipsField(
        _l("These people"), description=_l("Only those with whom you share skills can be picked. Nobody else reads it.")
    )
    of = ChoiceField(_l("For which?"), [(RUN, _l("For this one")), (KIND, _l("From now on, for this kind"))])

    def offer(self, people: Iterable[tuple[str, LazyString | str]]) -> WhoForm:
        """Say who can be picked."""
        self.readers.offer(people)
        return self


class SharedForm(Form):
    """Whether others may read one run, or an exercise from now on."""

    shared = ChoiceField(_l("Who may see this?"), [(NO, _l("Only me")), (YES, _l("Shared"))])


class _Parts:
    """How a kind of field is asked: the names of its parts, what makes each, and what they say together."""

    def names(self, asked: Asked) -> list[str]:
        """Return the names of the form's fields."""
        return [_name(asked)]

    def make(self, asked: Asked) -> Iterator[Any]:
        """Yield a field of the form for each name."""
        raise NotImplementedError

    def read(self, form: ExerciseForm, asked: Asked) -> Any:
        """Return what they say; empty or None for nothing."""
        return form[_name(asked)].data

    def write(self, asked: Asked, answer: Any) -> dict[str, Any]:
        """Return what the fields say, by name, so that the form shows an answer."""
        return {_name(asked): answer}


class _Text(_Parts):
    def make(self, asked: Asked) -> Iterator[Any]:
        yield long_text(here(asked.label), longest=LONGEST, description=_hint(asked))


class _List(_Text):
    """Several texts, each on a line of its own."""

    def read(self, form: ExerciseForm, asked: Asked) -> Any:
        lines = [line.strip() for line in (form[_name(asked)].data or "").splitlines()]
        return [line for line in lines if line][:MOST_LINES]

    def write(self, asked: Asked, answer: Any) -> dict[str, Any]:
        return {_name(asked): "\n".join(answer)}


class _Chips(_Parts):
    def make(self, asked: Asked) -> Iterator[Any]:
        options = [(option.id, here(option.words)) for option in asked.options]
        yield ChipsField(here(asked.label), options, description=_hint(asked))

    def read(self, form: ExerciseForm, asked: Asked) -> Any:
        return list(form[_name(asked)].data)


class _Choice(_Parts):
    def make(self, asked: Asked) -> Iterator[Any]:
        options = Options((option.id, here(option.words)) for option in asked.options)
        yield ChoiceField(here(asked.label), options, description=_hint(asked))

    def read(self, form: ExerciseForm, asked: Asked) -> Any:
        data = form[_name(asked)].data
        return [data] if data else []

    def write(self, asked: Asked, answer: Any) -> dict[str, Any]:
        return {_name(asked): answer[0]}


class _Rating(_Parts):
    def make(self, asked: Asked) -> Iterator[Any]:
        yield _rating(here(asked.label), asked.kind is Kind.RATING_10, _hint(asked))


class _Timer(_Parts):
    """Ratings at a few moments of a stretch of time."""

    def names(self, asked: Asked) -> list[str]:
        return [f"{_name(asked)}_{mark}" for mark in asked.marks]

    def make(self, asked: Asked) -> Iterator[Any]:
        for mark in asked.marks:
            label = _l("After %(num)d minutes", num=mark) if mark else _l("At the start")
            yield _rating(label, asked.most == 10)  # noqa: PLR2004 - 0 to 10.

    def read(self, form: ExerciseForm, asked: Asked) -> Any:
        found = zip(asked.marks, form.parts(asked), strict=True)
        return {str(mark): field.data for mark, field in found if field.data is not None}

    def write(self, asked: Asked, answer: Any) -> dict[str, Any]:
        return {f"{_name(asked)}_{mark}": answer.get(str(mark)) for mark in asked.marks}


class _Pacer(_Parts):
    """Asks for nothing: something to do."""

    def names(self, asked: Asked) -> list[str]:
        return []

    def make(self, asked: Asked) -> Iterator[Any]:
        return iter(())

    def read(self, form: ExerciseForm, asked: Asked) -> Any:
        return None

    def write(self, asked: Asked, answer: Any) -> dict[str, Any]:
        return {}


class _Rows(_Parts):
    """A table: a field for each cell."""

    def names(self, asked: Asked) -> list[str]:
        return [f"{_name(asked)}_{row}_{column.id}" for row in range(asked.rows) for column in asked.columns]

    def make(self, asked: Asked) -> Iterator[Any]:
        for _row in range(asked.rows):
            for column in asked.columns:
                if column.kind is Kind.TEXT:
                    yield short_text(here(column.label))
                else:
                    yield ListField(here(column.label), _TENS_LISTED, default="")

    def read(self, form: ExerciseForm, asked: Asked) -> Any:
        return [row for cells in form.rows(asked) if (row := dict(self._cells(asked, cells)))]

    def _cells(self, asked: Asked, cells: list[Any]) -> Iterator[tuple[str, str | int]]:
        for column, cell in zip(asked.columns, cells, strict=True):
            if cell.data:
                yield column.id, cell.data if column.kind is Kind.TEXT else int(cell.data)

    def write(self, asked: Asked, answer: Any) -> dict[str, Any]:
        return {
            f"{_name(asked)}_{number}_{column.id}": str(row.get(column.id, ""))
            for number, row in enumerate(answer[: asked.rows])
            for column in asked.columns
        }


class _Plan(_Parts):
    """Something to do, and when."""

    def names(self, asked: Asked) -> list[str]:
        return [f"{_name(asked)}_{part}" for part in ("activity", "day", "time", REMIND)]

    def make(self, asked: Asked) -> Iterator[Any]:
        yield short_text(here(asked.label), description=_hint(asked))
        yield DayField(_l("On which day, if you know"))
        yield ListField(_l("At what time"), _HOURS, default="")
        yield BooleanField(
            _l("Remind me then"),
            description=_l("With a day alone, at nine. A locked phone shows only that there is a reminder."),
        )

    def read(self, form: ExerciseForm, asked: Asked) -> Any:
        activity, day, time, remind = form.parts(asked)
        found = {"activity": activity.data, "day": day.data, "time": time.data}
        said = {name: value for name, value in found.items() if value}
        return {**said, REMIND: YES} if remind.data and day.data else said

    def write(self, asked: Asked, answer: Any) -> dict[str, Any]:
        said = {f"{_name(asked)}_{part}": answer.get(part, "") for part in ("activity", "day", "time")}
        return {**said, f"{_name(asked)}_{REMIND}": bool(answer.get(REMIND))}


class _Time(_Parts):
    """A time of day, to the half hour."""

    def make(self, asked: Asked) -> Iterator[Any]:
        yield ListField(here(asked.label), _HOURS, default="", description=_hint(asked))


_PARTS: dict[Kind, _Parts] = {
    Kind.TEXT: _Text(),
    Kind.LIST: _List(),
    Kind.CHIPS: _Chips(),
    Kind.CHOICE: _Choice(),
    Kind.RATING_10: _Rating(),
    Kind.RATING_100: _Rating(),
    Kind.TIMER: _Timer(),
    Kind.PACER: _Pacer(),
    Kind.LADDER: _Rows(),
    Kind.TABLE: _Rows(),
    Kind.PLAN: _Plan(),
    Kind.TIME: _Time(),
}


def is_left_blank(fields: MultiDict[str, str]) -> bool:
    """Whether somebody stopped with nothing said: no word in any field, also in none that is not asked any more."""
    said = (name for name, value in fields.items(multi=True) if value.strip())
    is_blank = all(name in _NO_WORDS or name.endswith(f"_{REMIND}") for name in said)
    return is_blank and fields.get("finish") == LATER


def here(words: Words) -> LazyString:
    """Return a text of an exercise as a form takes one: in the language of who reads it."""
    return LazyString(words.__str__)


def _name(asked: Asked) -> str:
    # Apart from the form's own fields, whatever an exercise calls its own.
    return f"a_{asked.id}"


def _hint(asked: Asked) -> LazyString | str:
    return here(asked.hint) if asked.hint is not None else ""


def _rating(label: LazyString, is_ten: bool, description: LazyString | str = "") -> Any:
    return ScaleField(label, description=description) if is_ten else ChoiceField(label, TENS, description=description)


@lru_cache(maxsize=256)
def form_class(exercise: Exercise) -> type[ExerciseForm]:
    """Return the form of an exercise; made once."""
    ask, is_ten = here(exercise.rating.ask), exercise.rating.most == 10  # noqa: PLR2004 - 0 to 10.
    made: dict[str, Any] = {"exercise": exercise, "before": _rating(ask, is_ten)}
    for asked in exercise.fields:
        made |= zip(_PARTS[asked.kind].names(asked), _PARTS[asked.kind].make(asked), strict=True)
    made["after"] = _rating(ask, is_ten)
    return type("ExerciseForm", (ExerciseForm,), made)


def blank(exercise: Exercise, **options: Any) -> ExerciseForm:
    """Return the form of an exercise that nobody filled in."""
    return form_class(exercise)(**options)


def filled(exercise: Exercise, said: Said, **options: Any) -> ExerciseForm:
    """Return the form filled with what was said before."""
    data: dict[str, Any] = {"before": said.before, "after": said.after, "about_use": said.about_use}
    for asked in exercise.fields:
        if asked.id in said.answers:
            data |= _PARTS[asked.kind].write(asked, said.answers[asked.id])
    return form_class(exercise)(**data, **options)
