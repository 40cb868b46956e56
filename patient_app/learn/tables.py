"""Reads files and their tables: each key is asked for once, and one that nobody asked for is wrong."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

import yaml

from patient_app.learn.facts import FALLBACK, LANGUAGES, Words

_Thing = TypeVar("_Thing")
ID = re.compile(r"[a-z][a-z0-9-]{1,40}")
# A file is read whole: nothing that a person could read in five minutes is longer.
LARGEST_FILE = 64 * 1024
# What each kind of value is, for who writes one by hand.
_KINDS: dict[type, str] = {
    str: "words",
    int: "a whole number, such as 3",
    bool: "true or false",
    date: "a day, written as 2026-11-30, without quotes",
    list: "a list, with [ and ]",
    dict: "a table, with { and }",
}
_FRONT = re.compile(r"---\n(.*?)\n---\n(.*)", re.DOTALL)


class WrongFile(Exception):
    """A file of lessons cannot be used; the message is one sentence that says where and why."""


class Table:
    """A table of a file."""

    def __init__(self, where: str, value: object) -> None:
        if not isinstance(value, dict):
            raise WrongFile(f"{where} has to be a table.")
        self.where = where
        self.left: dict[str, Any] = dict(value)

    def take(self, key: str, kind: type[_Thing], default: _Thing | None = None) -> _Thing:
        """Return a value of one type."""
        if key not in self.left:
            if default is not None:
                return default
            raise WrongFile(f"{self.where} lacks {key}.")
        value = self.left.pop(key)
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise WrongFile(f"{self.where}: {key} is of the wrong kind; it has to be {_KINDS[kind]}.")
        return value

    def text(self, key: str, default: str | None = None) -> str:
        """Return a text, without spaces around it; one that has to be there is not empty."""
        value = self.take(key, str, default).strip()
        if not value and default is None:
            raise WrongFile(f"{self.where}: {key} is empty.")
        return value

    def number(self, key: str, least: int, most: int) -> int:
        """Return a whole number."""
        value = self.take(key, int)
        if not least <= value <= most:
            raise WrongFile(f"{self.where}: {key} has to be from {least} to {most}.")
        return value

    def day(self, key: str) -> date:
        """Return a day."""
        return self.take(key, date)

    def words(self, key: str, languages: Sequence[str] = LANGUAGES) -> Words:
        """Return a text in all languages."""
        found: dict[str, str] = {}
        value = self.take(key, dict)
        for language in languages:
            text = value.get(language)
            if not isinstance(text, str) or not text.strip():
                raise WrongFile(f"{self.where}: {key} has no words in {language!r}.")
            found[language] = text.strip()
        if FALLBACK not in found or not all(isinstance(each, str) for each in value.values()):
            raise WrongFile(f"{self.where}: {key} has to be words by language.")
        return Words({**value, **found})

    def ids(self, key: str) -> tuple[str, ...]:
        """Return a list of short names, each once."""
        value = self.take(key, list)
        wrong = [str(one) for one in value if not isinstance(one, str) or not ID.fullmatch(one)]
        if wrong or len(set(value)) != len(value):
            raise WrongFile(f"{self.where}: {key} has to be a list of short names, each once.")
        return tuple(value)

    def phrases(self, key: str, most: int, longest: int) -> tuple[str, ...]:
        """Return a list of words or short phrases, of so many letters at most; none where the key is not there."""
        value = self.take(key, list, [])
        if len(value) > most or not all(isinstance(one, str) and 0 < len(one) <= longest for one in value):
            raise WrongFile(f"{self.where}: {key} is a list of up to {most} words or short phrases.")
        return tuple(value)

    def tables(self, key: str) -> Mapping[str, object]:
        """Return the tables under a key by name; none where the key is not there."""
        return self.take(key, dict, {})

    def end(self) -> None:
        """Refuse what nobody asked for."""
        if self.left:
            raise WrongFile(f"{self.where} does not know {', '.join(sorted(map(str, self.left)))}.")


def read_text(file: Path, where: str) -> str:
    """Return what a file holds; raise `WrongFile` when it is too large or no text in UTF-8."""
    try:
        if file.stat().st_size > LARGEST_FILE:
            raise WrongFile(f"{where}: it is larger than {LARGEST_FILE // 1024} kB.")
        return file.read_text(encoding="utf-8-sig")  # Some editors put a mark before the first letter.
    except (OSError, UnicodeDecodeError):
        raise WrongFile(f"{where}: it cannot be read as text in UTF-8.") from None


def front_matter(where: str, text: str) -> tuple[Table, str, int]:
    """Return the front matter of a Markdown file, what stands below it, and the line at which that begins."""
    split = _FRONT.fullmatch(text.replace("\r\n", "\n"))
    if split is None:
        raise WrongFile(f"{where}: it has to begin with --- and the front matter, then --- again.")
    try:
        front = yaml.safe_load(split[1])
    except yaml.MarkedYAMLError as wrong:
        raise WrongFile(f"{where}:{_what_is_wrong(wrong)}") from None
    except yaml.YAMLError:
        raise WrongFile(f"{where}: the front matter cannot be read: it holds a sign that is no text.") from None
    except ValueError:
        raise WrongFile(f"{where}: the front matter cannot be read: a day is written as 2026-11-30.") from None
    return Table(where, front), split[2], split[1].count("\n") + 4


def _what_is_wrong(wrong: yaml.MarkedYAMLError) -> str:
    """Return the line of a fault, counted in the whole file, and what to do about it."""
    # What was opened and never closed is at fault where it was opened, not where the end was met.
    is_open = "quoted" in (wrong.context or "") or "flow" in (wrong.context or "")
    mark = wrong.context_mark if is_open else wrong.problem_mark
    problem = wrong.problem or ""
    if "\\t" in problem:
        instead = "put spaces in place of the tab"
    elif "flow" in (wrong.context or ""):
        instead = "a list begins with [ and ends with ], a table with { and }; put the words in quotes"
    elif "quoted" in (wrong.context or ""):
        instead = "the words end with the quote that they begin with"
    else:
        instead = 'put the words in quotes, as in title: "A walk: by the river"'
    # A quote that was not closed ends at the next one, some lines below.
    here = "at this line or before it" if "block end" in problem else "at this line"
    line = " " if mark is None else f"{mark.line + 2}: "
    return f"{line}the front matter cannot be read {here}: {instead}."
