"""What a lesson and its library are made of, as files say it; `content.py` reads them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from flask_babel import get_locale
from markupsafe import Markup

from patient_app.consent.categories import Category
from patient_app.core.danger_words import names_danger

# Every lesson of ours is written in these; English stands in where a language has no text yet.
LANGUAGES = ("en", "es")
FALLBACK = "en"


def language_of_reader() -> str:
    """Return the language of who reads; English where nobody does."""
    locale = get_locale()
    return locale.language if locale is not None else FALLBACK


class Audience(StrEnum):
    """For whom a path is."""

    PATIENTS = "patients"
    SUPPORTERS = "supporters"


@dataclass(frozen=True, slots=True)
class Words:
    """A text by language; as text it is in the reader's, in English where there is none in that."""

    by_language: Mapping[str, str]

    def in_language(self, language: str) -> str:
        """Return it in a language, else in English."""
        return self.by_language.get(language) or self.by_language[FALLBACK]

    def __str__(self) -> str:
        """Return the text in the reader's language."""
        return self.in_language(language_of_reader())

    @property
    def other_language(self) -> str:
        """The language that stands in where there is no text in the reader's, for `lang`; else empty."""
        return "" if self.by_language.get(language_of_reader()) else FALLBACK


@dataclass(frozen=True, slots=True)
class Path:
    """A few lessons that belong together; the id stands in addresses."""

    id: str
    title: Words
    why: Words
    audience: Audience


@dataclass(frozen=True, slots=True)
class Topic:
    """What a person can put aside ("not now"). `about_use`: it is not put before whom use plays no part for."""

    id: str
    title: Words
    about_use: bool = False


@dataclass(frozen=True, slots=True)
class Source:
    """Where a claim comes from, by its title in the language that it is written in."""

    id: int
    title: str
    year: int
    url: str = ""
    language: str = FALLBACK


@dataclass(frozen=True, slots=True)
class NoClaim:
    """Words of a lesson that hold a number and claim nothing that a source could say, and why so."""

    words: str
    why: str


@dataclass(frozen=True, slots=True)
class Link:
    """Where a link of a lesson leads: `to` is `exercise:...`, `lesson:...` or `page:/...`, `href` its address."""

    label: str
    to: str
    href: str


@dataclass(frozen=True, slots=True)
class Section:
    """One idea: a heading and a few sentences. `blocks` are its paragraphs and items as plain text, marks included.

    `is_check`: the heading is a question to oneself, and the words are shown folded under it.
    """

    heading: str
    html: Markup
    blocks: tuple[str, ...]
    links: tuple[Link, ...]
    line: int
    is_check: bool = False


@dataclass(frozen=True, slots=True, eq=False)  # Compared by identity.
class Lesson:
    """A lesson in one language. `slug` is the name of its file: it stands in addresses, and is never given away."""

    slug: str
    language: str
    title: str
    minutes: int
    path: str
    topics: tuple[str, ...]
    conditions: tuple[str, ...]
    category: Category
    content_note: str
    lighter: str
    sources: tuple[Source, ...]
    no_claims: tuple[NoClaim, ...]
    reviewed_on: date
    reviewed_by: str
    sections: tuple[Section, ...]
    choices: tuple[Link, ...]
    file: str
    # Words by which people look for it; shown nowhere.
    also: tuple[str, ...] = ()

    @property
    def about_use(self) -> bool:
        """Whether it is about alcohol or drugs: that somebody read it is protected apart."""
        return self.category is Category.SUBSTANCE_USE

    @property
    def other_language(self) -> str:
        """The language of its words where that is not the reader's, for `lang`; else empty."""
        return "" if self.language == language_of_reader() else self.language

    @property
    def speaks_of_danger(self) -> bool:
        """Whether it names suicide: then the numbers to call stand on its page."""
        return names_danger(*self.words)

    @property
    def is_listed_with_danger(self) -> bool:
        """Whether a list that shows its title and the word before it names suicide."""
        return names_danger(self.title, self.content_note)

    @property
    def words(self) -> Iterator[str]:
        """Yield all that a person reads of it, in order."""
        yield self.title
        if self.content_note:
            yield self.content_note
        for section in self.sections:
            yield section.heading
            yield from section.blocks
        yield from (choice.label for choice in self.choices)

    @property
    def links(self) -> Iterator[Link]:
        """Yield all its links."""
        for section in self.sections:
            yield from section.links
        yield from self.choices


@dataclass(frozen=True, slots=True)
class Resource:
    """Somewhere near by that can help: what it is, how to reach it, when, in which languages, what it costs."""

    name: str
    what: Words
    phone: str
    hours: Words
    languages: Words
    cost: Words
    about_use: bool
    checked_on: date


@dataclass(frozen=True, slots=True, eq=False)  # Compared by identity.
class PracticeText:
    """What a practice wrote for one place, in one language: a few paragraphs. `blocks` are those as plain text."""

    place: str
    language: str
    html: Markup
    blocks: tuple[str, ...]
    links: tuple[Link, ...]
    no_claims: tuple[NoClaim, ...]
    reviewed_on: date
    reviewed_by: str
    file: str
    first_line: int


@dataclass(frozen=True, slots=True)
class Shelf:
    """What one folder holds. `lessons` is by slug and language; `hidden` are paths that are not to be shown.

    `texts` are by place and language.
    """

    paths: Mapping[str, Path]
    topics: Mapping[str, Topic]
    conditions: Mapping[str, Words]
    lessons: Mapping[str, Mapping[str, Lesson]]
    resources: tuple[Resource, ...] = ()
    hidden: frozenset[str] = frozenset()
    texts: Mapping[str, Mapping[str, PracticeText]] = field(default_factory=dict)
