"""One mapping of a reviewed file, read key by key: what is missing, of another kind or not asked for is refused."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Any, TypeVar

_KINDS = {str: "a text", int: "a whole number", bool: "true or false", list: "a list", dict: "a mapping", date: "a day"}

_EnumT = TypeVar("_EnumT", bound=StrEnum)


class WrongContent(ValueError):
    """A file of content/medicines/ says something that cannot be; the message is one sentence with the place."""


class Row:
    """One mapping of a file. It knows where it stands, and which of its keys were asked for."""

    def __init__(self, place: str, found: object, sources: Mapping[str, str]) -> None:
        self.place = place
        self.sources = sources
        if not isinstance(found, dict):
            raise WrongContent(f"{place} is not a list of keys and values.")
        self._left: dict[str, Any] = dict(found)

    def _take(self, key: str, kind: type[Any], default: Any = None) -> Any:
        value = self._left.pop(key, default)
        if value is None:
            raise WrongContent(f"{self.place} has no {key}.")
        # A bool is an int to Python, and to nobody else.
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise WrongContent(f"{self.place}: {key} is not {_KINDS[kind]}: {value!r}.")
        return value

    def text(self, key: str, default: str | None = None) -> str:
        """Return a text that says something, or the default."""
        value: str = self._take(key, str, default)
        if default is None and not value.strip():
            raise WrongContent(f"{self.place} has an empty {key}.")
        return value

    def texts(self, key: str, default: list[str] | None = None) -> tuple[str, ...]:
        """Return a list of texts, each said once."""
        values = self._take(key, list, default)
        if not all(isinstance(value, str) and value.strip() for value in values):
            raise WrongContent(f"{self.place} has something in {key} that is not a word: {values!r}.")
        if len(set(values)) < len(values):
            raise WrongContent(f"{self.place} says something twice in {key}.")
        return tuple(values)

    def numbers(self, key: str) -> tuple[int, ...]:
        """Return a list of numbers that only rise."""
        values = self._take(key, list)
        if not all(type(value) is int for value in values) or values != sorted(set(values)):
            raise WrongContent(f"{self.place}: {key} is not a rising list of numbers: {values!r}.")
        return tuple(values)

    def number(self, key: str, default: int | None = None) -> int:
        """Return a number from 0 on."""
        value: int = self._take(key, int, default)
        if value < 0:
            raise WrongContent(f"{self.place}: {key} is below 0: {value}.")
        return value

    def flag(self, key: str) -> bool:
        """Return true or false; what is left out is false."""
        return bool(self._take(key, bool, False))

    def day(self, key: str) -> date:
        """Return a civil date."""
        value: date = self._take(key, date)
        return value

    def one_of(self, key: str, choices: type[_EnumT]) -> _EnumT:
        """Return one of the words that may stand there."""
        value = self.text(key)
        if value not in set(choices):
            raise WrongContent(f"{self.place}: {key} is not known: {value!r}.")
        return choices(value)

    def has(self, key: str) -> bool:
        """Whether a key is there and was not asked for yet."""
        return key in self._left

    def row(self, key: str) -> Row:
        """Return the mapping under a key."""
        return Row(f"{self.place}: {key}", self._take(key, dict), self.sources)

    def rows(self, key: str, default: list[Any] | None = None) -> list[Row]:
        """Return the mappings in a list."""
        values = self._take(key, list, default)
        return [Row(f"{self.place}: {key} {number}", value, self.sources) for number, value in enumerate(values, 1)]

    def keys(self) -> list[str]:
        """Return what is left."""
        return list(self._left)

    def done(self) -> None:
        """Refuse what nobody asked for."""
        if self._left:
            raise WrongContent(f"{self.place} has a key that is not known: {next(iter(self._left))!r}.")
