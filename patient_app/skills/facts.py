"""What an exercise is made of, as its file in content/exercises says it; `files.py` reads and checks it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from flask_babel import get_locale

from patient_app.consent.categories import Category
from patient_app.core.danger_words import names_danger


class Start(StrEnum):
    """Who may start an exercise."""

    ALONE = "alone"
    ASSIGNED = "assigned"  # Once a clinician gave it to the person.
    WITH_CLINICIAN = "with_clinician"  # Never alone: together, after a clinician gave it to the person.


class Kind(StrEnum):
    """What a field asks for."""

    TEXT = "text"
    LIST = "list"
    CHIPS = "chips"
    CHOICE = "choice"
    RATING_10 = "rating10"
    RATING_100 = "rating100"
    TIMER = "timer"
    PACER = "pacer"
    LADDER = "ladder"
    TABLE = "table"
    PLAN = "plan"
    TIME = "time"


class Better(StrEnum):
    """Which way of the rating is the better one, if any."""

    LESS = "less"
    MORE = "more"
    NEITHER = "neither"


class FigureKind(StrEnum):
    """What is worked out from the answers of an exercise; `figures.py` does it."""

    SLEEP = "sleep"
    RHYTHM = "rhythm"
    TRIALS = "trials"


class State(StrEnum):
    """Whether somebody checked the words of an exercise."""

    NOT_REVIEWED = "not_reviewed"
    VERIFIED = "verified"
    SIGNED = "signed"


@dataclass(frozen=True, slots=True)
class Words:
    """A text in every language; as text it is in the reader's, in English where that is none of ours.

    `about_use`: it speaks of drinking or use, and is not put before whom they play no part for.
    """

    en: str
    es: str
    about_use: bool = False
    others: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        """Return the text in the reader's language."""
        locale = get_locale()
        language = "en" if locale is None else locale.language
        if language == "es":
            return self.es
        return dict(self.others).get(language, self.en) if self.others else self.en


@dataclass(frozen=True, slots=True)
class Option:
    """One answer that can be picked."""

    id: str
    words: Words


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: a text, or a rating from 0 to 100 in tens."""

    id: str
    kind: Kind
    label: Words


@dataclass(frozen=True, slots=True)
class Asked:
    """A field of a step; which of the rest it has depends on its kind."""

    id: str
    kind: Kind
    label: Words
    hint: Words | None = None
    options: tuple[Option, ...] = ()
    low: Words | None = None
    high: Words | None = None
    columns: tuple[Column, ...] = ()
    rows: int = 0
    minutes: int = 0
    # What a timer is rated up to along the way: 10 or 100.
    most: int = 10
    marks: tuple[int, ...] = ()
    # Of a pacer: seconds in, seconds out, seconds held after each.
    breath: tuple[int, int, int] = (0, 0, 0)
    # Of a list: its lines are the person's warning signs, which they can see by themselves.
    signs: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One screen."""

    title: Words
    lines: tuple[Words, ...]
    fields: tuple[Asked, ...]


@dataclass(frozen=True, slots=True)
class Rating:
    """What is asked before and after; `most` is 10 or 100."""

    ask: Words
    low: Words
    high: Words
    most: int


@dataclass(frozen=True, slots=True)
class Figure:
    """Something that is worked out from the answers, and what it is called.

    Of repeated trials: `of` is the field that says of what, `rated` the one that rates each time (a timer, or a table's
    `column`).
    """

    kind: FigureKind
    label: Words
    of: str = ""
    rated: str = ""
    column: str = ""


@dataclass(frozen=True, slots=True)
class Caution:
    """When to stop, or to do something else."""

    id: str
    words: Words


@dataclass(frozen=True, slots=True)
class Source:
    """Where the technique comes from; the words are our own."""

    text: str
    year: int


@dataclass(frozen=True, slots=True, eq=False)  # Compared by identity: it is a key in a cache.
class Exercise:
    """An exercise. `id` is the name of its file: it stands in addresses and in records, and is never given away.

    `among_people`: it can be done unseen, where others are.
    """

    id: str
    version: int
    category: Category
    start: Start
    minutes: tuple[int, int]
    needs: tuple[str, ...]
    conditions: tuple[str, ...]
    # What it is about, of the topics that a person can put aside (content/lessons/paths.toml); mostly nothing of them.
    topics: tuple[str, ...]
    title: Words
    why: Words
    rating: Rating
    better: Better
    figure: Figure | None
    among_people: bool
    cautions: tuple[Caution, ...]
    sources: tuple[Source, ...]
    state: State
    reviewed_on: date
    steps: tuple[Step, ...]

    @property
    def about_use(self) -> bool:
        """Whether all that is written in it is protected as substance use."""
        return self.category is Category.SUBSTANCE_USE

    @property
    def speaks_of_danger(self) -> bool:
        """Whether it speaks of suicide: then the numbers to call stand on its page."""
        return any(names_danger(words.en, words.es) for words in self.texts)

    @property
    def texts(self) -> Iterator[Words]:
        """Yield all that a person reads of it before it asks anything of them, and of its steps."""
        yield from (self.title, self.why)
        yield from (caution.words for caution in self.cautions)
        for step in self.steps:
            yield step.title
            yield from step.lines
            yield from (asked.label for asked in step.fields)
            yield from (asked.hint for asked in step.fields if asked.hint)

    @property
    def fields(self) -> Iterator[Asked]:
        """Yield the fields of all steps."""
        for step in self.steps:
            yield from step.fields
