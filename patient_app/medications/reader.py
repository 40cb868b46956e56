"""Reads the fields of a document and notes what is wrong with them, all of it at once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, time
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypeVar

from patient_app.medications.problems import Problem, Wrong
from patient_app.medications.schedule import Anchor, At

MOST_AMOUNT = 100_000
MOST_DECIMALS = 3
LONGEST_UNIT = 40
MOST_YEARS_AHEAD = 5
MOST_YEARS_BACK = 100

_CLOCK = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_NUMBER = re.compile(r"[-+]?[0-9]{1,40}(\.[0-9]{0,9})?([eE][-+]?[0-9]{1,2})?")
# Stands for a key that is missing, which is noted once where the object is opened.
_ABSENT = object()

Choice = TypeVar("Choice", bound=StrEnum)


class Reader:
    """Collects problems; for a wrong field each method notes why and returns a stand-in, for the caller to throw away.

    With `today` dates must lie within 5 years after it and 100 years before it.
    """

    def __init__(self, today: date | None) -> None:
        self.problems: list[Problem] = []
        self._today = today

    def note(self, code: Wrong, where: str) -> None:
        """Keep a problem of a field."""
        self.problems.append(Problem(code, where))

    def fine(self, *fields: str) -> bool:
        """Whether nothing is wrong so far with these fields, what is inside them and what they are inside of."""
        return not any(_touch(problem.field, name) for problem in self.problems for name in fields)

    def fields(self, value: object, where: str, keys: tuple[str, ...]) -> dict[str, Any]:
        """Return the values of an object that has exactly these keys."""
        if not isinstance(value, Mapping):
            self._refuse_type(value, where)
            return dict.fromkeys(keys, _ABSENT)
        for key in value:
            if key not in keys:
                self.note(Wrong.UNKNOWN, inside(where, str(key)))
        for key in keys:
            if key not in value:
                self.note(Wrong.MISSING, inside(where, key))
        return {key: value.get(key, _ABSENT) for key in keys}

    def tagged(
        self, value: object, where: str, tag: str, shapes: Mapping[str, tuple[str, ...]]
    ) -> tuple[str | None, dict[str, Any]]:
        """Return which of the shapes an object says it has, and its values; None where it says none of them."""
        if not isinstance(value, Mapping):
            self._refuse_type(value, where)
            return None, {}
        name = value.get(tag)
        if isinstance(name, str) and name in shapes:
            return name, self.fields(value, where, (tag, *shapes[name]))
        self.note(Wrong.MISSING if name is None else Wrong.UNKNOWN, inside(where, tag))
        return None, {}

    def items(self, value: object, where: str, most: int, too_many: Wrong) -> list[tuple[Any, str]]:
        """Return the items of a list of 1 to `most`, each with its path."""
        if not isinstance(value, list):
            self._refuse_type(value, where)
            return []
        if not value:
            self.note(Wrong.MISSING, where)
        if len(value) > most:
            self.note(too_many, where)
        return [(item, inside(where, str(number))) for number, item in enumerate(value[:most])]

    def whole(self, value: object, where: str, most: int) -> int:
        """Return a whole number from 1 to `most`."""
        if type(value) is not int:  # True is an int to isinstance.
            self._refuse_type(value, where)
        elif value < 1:
            self.note(Wrong.NOT_POSITIVE, where)
        elif value > most:
            self.note(Wrong.TOO_LARGE, where)
        else:
            return value
        return 1

    def whole_or_none(self, value: object, where: str, most: int) -> int | None:
        """Return a whole number from 1 to `most`, or None for null."""
        return None if value is None else self.whole(value, where, most)

    def civil_date(self, value: object, where: str) -> date:
        """Return a civil date."""
        text = self._text(value, where)
        try:
            found = date.fromisoformat(text if _DATE.fullmatch(text) else "")
        except ValueError:
            if text:
                self.note(Wrong.NOT_A_DATE, where)
            return date.min
        self._check_distance(found, where)
        return found

    def civil_date_or_none(self, value: object, where: str) -> date | None:
        """Return a civil date, or None for null."""
        return None if value is None else self.civil_date(value, where)

    def unit(self, value: object, where: str) -> str:
        """Return what an amount counts: printable words, without spaces around them."""
        text = self._text(value, where).strip()
        if len(text) > LONGEST_UNIT:
            self.note(Wrong.TOO_LONG, where)
        elif not text.isprintable():
            self.note(Wrong.UNKNOWN, where)
        elif not text and isinstance(value, str) and value:
            self.note(Wrong.MISSING, where)
        return text

    def amount(self, value: object, where: str) -> Decimal:
        """Return an amount: above 0, at most 100000, at most 3 decimals."""
        text = self._text(value, where)
        if not text:
            return Decimal(1)
        if not _NUMBER.fullmatch(text):
            self.note(Wrong.NOT_A_NUMBER, where)
            return Decimal(1)
        found = Decimal(text)
        if found <= 0:
            self.note(Wrong.NOT_POSITIVE, where)
        elif found > MOST_AMOUNT:
            self.note(Wrong.TOO_LARGE, where)
        elif found != found.quantize(Decimal(10) ** -MOST_DECIMALS):
            self.note(Wrong.TOO_MANY_DECIMALS, where)
        return found

    def amount_or_none(self, value: object, where: str) -> Decimal | None:
        """Return an amount, or None for null."""
        return None if value is None else self.amount(value, where)

    def at(self, value: object, where: str) -> At:
        """Return a time of the day, an anchor, or None for null."""
        if value is None:
            return None
        text = self._text(value, where)
        if _CLOCK.fullmatch(text):
            return time.fromisoformat(text)
        if text in set(Anchor):
            return Anchor(text)
        if text:
            self.note(Wrong.NOT_A_TIME, where)
        return None

    def choice_or_none(self, value: object, where: str, kind: type[Choice]) -> Choice | None:
        """Return one of the choices, or None for null."""
        if value is None:
            return None
        text = self._text(value, where)
        if text in set(kind):
            return kind(text)
        if text:
            self.note(Wrong.UNKNOWN, where)
        return None

    def _text(self, value: object, where: str) -> str:
        """Return a text that is not empty; of anything else it is noted, and "" returned."""
        if not isinstance(value, str):
            self._refuse_type(value, where)
            return ""
        if not value:
            self.note(Wrong.MISSING, where)
        return value

    def _refuse_type(self, value: object, where: str) -> None:
        if value is not _ABSENT:
            self.note(Wrong.MISSING if value is None else Wrong.WRONG_TYPE, where)

    def _check_distance(self, found: date, where: str) -> None:
        if self._today is None:
            return
        year, rest = self._today.year, (self._today.month, self._today.day)
        if (found.year, (found.month, found.day)) > (year + MOST_YEARS_AHEAD, rest):
            self.note(Wrong.TOO_FAR_AHEAD, where)
        elif (found.year, (found.month, found.day)) < (year - MOST_YEARS_BACK, rest):
            self.note(Wrong.TOO_FAR_BACK, where)


def inside(where: str, key: str) -> str:
    """Return the path of a field inside another; "" is the whole document."""
    return f"{where}.{key}" if where else key


def _touch(one: str, other: str) -> bool:
    """Whether two paths are the same or one is inside the other."""
    return not one or f"{one}.".startswith(f"{other}.") or f"{other}.".startswith(f"{one}.")
