"""Reads lessons and what they belong to from a folder: `en/<slug>.md`, `es/<slug>.md`, `paths.toml`, `practice.toml`.

A practice's short texts stand there too (`texts.py`).

Strict: a key that is unknown, missing or of the wrong kind, a text in a form that lessons do not have, a path, topic or
condition that nobody declared are each told in one sentence with the file. How well the words are written is `lint`'s.
A folder of a practice builds on the shelf of ours: it may use our paths and topics, and declare its own. Where an
installation serves several practices, each may have a folder in it, `practices/<its id>`, that builds on all of these.
"""

from __future__ import annotations

import re
import tomllib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path as FilePath
from typing import Any

from patient_app.consent.categories import Category
from patient_app.core.ids import parse_id
from patient_app.learn import markdown, texts
from patient_app.learn.facts import (
    FALLBACK,
    LANGUAGES,
    Audience,
    Lesson,
    NoClaim,
    Path,
    Resource,
    Section,
    Shelf,
    Source,
    Topic,
    Words,
)
from patient_app.learn.links import SLUG, address
from patient_app.learn.tables import ID, Table, WrongFile, front_matter, read_text
from patient_app.learn.texts import read_texts

FOLDER = FilePath(__file__).resolve().parents[1] / "content" / "lessons"
PATHS, PRACTICE = "paths.toml", "practice.toml"
# Where the folders of single practices are.
PRACTICES = "practices"
# Words of addresses that are no paths.
RESERVED = frozenset({"choices", "given", "lessons", "near-by", "not-now", "saved", "search"})
CATEGORIES = frozenset({Category.SKILLS, Category.SUBSTANCE_USE})
LEAST_SECTIONS, MOST_SECTIONS = 4, 8
LEAST_CHECKS, MOST_CHECKS = 1, 2
LEAST_CHOICES, MOST_CHOICES = 2, 4
LEAST_MINUTES, MOST_MINUTES = 2, 5
MOST_ALSO, LONGEST_ALSO = 30, 40
EMPTY = Shelf({}, {}, {}, {})

_LANGUAGE = re.compile(r"[a-z]{2}")
_CHECK, _NEXT = re.compile(r"Check:\s*(.+)"), "Next"


def read_folder(folder: FilePath, base: Shelf = EMPTY) -> tuple[Shelf, list[str]]:
    """Return what a folder holds, and one sentence for each thing in it that cannot be used.

    What cannot be used is left out. `base` is the shelf that it builds on; its lessons are not among those returned.
    """
    problems: list[str] = [] if folder.is_dir() else [f"{folder} is no folder."]
    own = _declared(folder, base, problems)
    lessons: dict[str, dict[str, Lesson]] = {}
    shelf = Shelf({**base.paths, **own.paths}, {**base.topics, **own.topics}, {**base.conditions, **own.conditions}, {})
    for language in languages_in(folder):
        for file in sorted((folder / language).iterdir()):
            where = f"{language}/{file.name}"
            try:
                if file.suffix != ".md":
                    raise WrongFile(f"{where}: only files that end in .md belong here.")
                lesson = read_lesson(file.stem, language, read_text(file, where), shelf)
                lessons.setdefault(lesson.slug, {})[language] = lesson
            except WrongFile as wrong:
                problems.append(str(wrong))
    problems += _misplaced(folder)
    written = read_texts(folder, languages_in(folder / texts.FOLDER), problems)
    return Shelf(shelf.paths, shelf.topics, shelf.conditions, lessons, own.resources, own.hidden, written), problems


def of_practices(folder: FilePath) -> dict[uuid.UUID, FilePath]:
    """Return the folders of single practices within the one of an installation, by the id of the practice."""
    found = sorted((folder / PRACTICES).iterdir()) if (folder / PRACTICES).is_dir() else ()
    return {id_: each for each in found if each.is_dir() and (id_ := parse_id(each.name)) is not None}


def _misplaced(folder: FilePath) -> list[str]:
    """Return a sentence for each lesson, and each folder, that lies where nobody reads it."""
    read = {*languages_in(folder), texts.FOLDER, "README.md"}
    if folder.parent.name != PRACTICES:
        read.add(PRACTICES)
    found = (each for each in folder.iterdir() if each.is_dir() or each.suffix == ".md") if folder.is_dir() else ()
    names = sorted(each.name for each in found if each.name not in read and not each.name.startswith("."))
    told = [f"{name}: nobody reads it here; lessons belong into the folders en and es." for name in names]
    if PRACTICES in read and (folder / PRACTICES).is_dir():
        known = set(of_practices(folder).values())
        others = sorted(each.name for each in (folder / PRACTICES).iterdir() if each not in known)
        told += [f"{PRACTICES}/{name}: a folder here has the id of a practice; diagnose says them." for name in others]
    return told


def languages_in(folder: FilePath) -> list[str]:
    """Return the languages that a folder has lessons in."""
    if not folder.is_dir():
        return []
    return sorted(each.name for each in folder.iterdir() if each.is_dir() and _LANGUAGE.fullmatch(each.name))


def read_lesson(slug: str, language: str, text: str, shelf: Shelf) -> Lesson:
    """Return the lesson that a file of this name holds; raise `WrongFile` when it cannot be used."""
    where = f"{language}/{slug}.md"
    if not SLUG.fullmatch(slug):
        raise WrongFile(f"{where}: a file has a plain name such as first-weeks.md.")
    table, body, first_line = front_matter(where, text)
    if table.text("language") != language:
        raise WrongFile(f"{where}: language has to be {language!r}, as the folder says.")
    return _lesson(slug, language, table, _Body(body, first_line), shelf)


@dataclass(frozen=True, slots=True)
class _Body:
    """What stands below the front matter, and at which line it begins."""

    text: str
    first_line: int


def _lesson(slug: str, language: str, table: Table, body: _Body, shelf: Shelf) -> Lesson:
    where = table.where
    path = shelf.paths.get(table.text("path"))
    if path is None:
        raise WrongFile(f"{where}: path is none of {', '.join(shelf.paths) or 'none declared'}.")
    category = table.text("category")
    if category not in CATEGORIES:
        raise WrongFile(f"{where}: category has to be skills or substance_use.")
    sections, choices = _body(where, body.text, body.first_line, path.audience)
    lesson = Lesson(
        slug=slug,
        language=language,
        title=table.text("title"),
        minutes=table.number("minutes", LEAST_MINUTES, MOST_MINUTES),
        path=path.id,
        topics=_known(table, "topics", shelf.topics),
        conditions=_known(table, "conditions", shelf.conditions),
        category=Category(category),
        content_note=table.text("content_note", ""),
        lighter=table.text("lighter", ""),
        sources=_sources(table),
        no_claims=_no_claims(table),
        reviewed_on=table.day("reviewed_on"),
        reviewed_by=table.text("reviewed_by"),
        sections=sections,
        choices=choices,
        file=where,
        also=table.phrases("also", MOST_ALSO, LONGEST_ALSO),
    )
    table.end()
    if bool(lesson.content_note) != bool(lesson.lighter):
        raise WrongFile(f"{where}: content_note and lighter come together.")
    return lesson


def _known(table: Table, key: str, known: Mapping[str, Any]) -> tuple[str, ...]:
    found = table.ids(key)
    unknown = [one for one in found if one not in known]
    if unknown:
        raise WrongFile(f"{table.where}: {key} names {', '.join(unknown)}, which {PATHS} does not declare.")
    return found


def _sources(table: Table) -> tuple[Source, ...]:
    found = []
    for number, each in enumerate(table.take("sources", list), 1):
        one = Table(f"{table.where}: source {number}", each)
        id_, title, year = one.number("id", 1, 99), one.text("title"), one.number("year", 1950, 2100)
        source = Source(id_, title, year, one.text("url", ""), one.text("language", FALLBACK))
        one.end()
        if not _LANGUAGE.fullmatch(source.language):
            raise WrongFile(f"{one.where}: language is a word of two letters, such as es.")
        if source.url and not source.url.startswith("https://"):
            raise WrongFile(f"{one.where}: url has to begin with https://.")
        found.append(source)
    if not found or [source.id for source in found] != list(range(1, len(found) + 1)):
        raise WrongFile(f"{table.where}: sources have the ids 1, 2, 3 in their order, and there is at least one.")
    return tuple(found)


def _no_claims(table: Table) -> tuple[NoClaim, ...]:
    found = []
    for number, each in enumerate(table.take("no_claims", list, []), 1):
        one = Table(f"{table.where}: no_claims {number}", each)
        found.append(NoClaim(one.text("words"), one.text("why")))
        one.end()
    return tuple(found)


def _body(where: str, body: str, first_line: int, audience: Audience) -> tuple[tuple[Section, ...], tuple[Any, ...]]:
    def address_of(to: str, line: int) -> str:
        found = address(to, audience)
        if found is None:
            raise WrongFile(f"{where}:{line}: a link is exercise:name, lesson:name or page:/address, not {to!r}.")
        return found

    try:
        parts = markdown.read(body, first_line, address_of)
    except markdown.WrongMarkdown as wrong:
        raise WrongFile(f"{where}:{wrong.line}: {wrong}.") from None
    if not parts or parts[-1].heading != _NEXT:
        raise WrongFile(f"{where}: the last heading is ## {_NEXT}, in every language.")
    choices = parts[-1]
    if not LEAST_CHOICES <= len(choices.links) <= MOST_CHOICES or len(choices.links) != len(choices.blocks):
        raise WrongFile(f"{where}:{choices.line}: ## {_NEXT} is a list of {LEAST_CHOICES} to {MOST_CHOICES} links.")
    sections = []
    for part in parts[:-1]:
        check = _CHECK.fullmatch(part.heading)
        if not part.heading or not part.blocks:
            raise WrongFile(f"{where}:{part.line}: a heading or its words are missing.")
        sections.append(
            Section(
                check[1] if check else part.heading,
                part.html,
                tuple(part.blocks),
                tuple(part.links),
                part.line,
                is_check=check is not None,
            )
        )
    checks = sum(section.is_check for section in sections)
    if not LEAST_CHECKS <= checks <= MOST_CHECKS:
        raise WrongFile(f"{where}: it has {LEAST_CHECKS} or {MOST_CHECKS} headings with Check:, not {checks}.")
    if not LEAST_SECTIONS <= len(sections) - checks <= MOST_SECTIONS:
        raise WrongFile(f"{where}: it has {LEAST_SECTIONS} to {MOST_SECTIONS} sections, not {len(sections) - checks}.")
    return tuple(sections), tuple(choices.links)


def _declared(folder: FilePath, base: Shelf, problems: list[str]) -> Shelf:
    """Return what paths.toml and practice.toml declare."""
    paths: dict[str, Path] = {}
    topics: dict[str, Topic] = {}
    conditions: dict[str, Words] = {}
    resources: tuple[Resource, ...] = ()
    hidden: frozenset[str] = frozenset()
    try:
        table = Table(PATHS, _toml(folder / PATHS))
        for id_, one in _each(table, "paths"):
            if not SLUG.fullmatch(id_) or id_ in RESERVED:
                raise WrongFile(f"{one.where}: this name cannot stand in an address.")
            paths[id_] = Path(id_, one.words("title"), one.words("why"), Audience(_audience(one)))
            one.end()
        for id_, one in _each(table, "topics"):
            topics[id_] = Topic(id_, one.words("title"), one.take("about_use", bool, False))
            one.end()
        for id_, one in _each(table, "conditions"):
            conditions[id_] = one.words("title")
            one.end()
        table.end()
        table = Table(PRACTICE, _toml(folder / PRACTICE))
        hidden = frozenset(table.ids("hide")) if "hide" in table.left else hidden
        unknown = hidden - base.paths.keys() - paths.keys()
        if unknown:
            raise WrongFile(f"{PRACTICE}: hide names {', '.join(sorted(unknown))}, which is no path.")
        resources = tuple(_resource(number, each) for number, each in enumerate(table.take("resources", list, []), 1))
        table.end()
    except WrongFile as wrong:
        problems.append(str(wrong))
    return Shelf(paths, topics, conditions, {}, resources, hidden)


def _each(table: Table, key: str) -> list[tuple[str, Table]]:
    found = []
    for id_, value in table.tables(key).items():
        if not ID.fullmatch(id_):
            raise WrongFile(f"{table.where}: {key}.{id_} has to be a short name.")
        found.append((id_, Table(f"{table.where}: {key}.{id_}", value)))
    return found


def _audience(table: Table) -> str:
    value = table.text("audience")
    if value not in set(Audience):
        raise WrongFile(f"{table.where}: audience has to be {' or '.join(Audience)}.")
    return value


def _resource(number: int, value: object) -> Resource:
    one = Table(f"{PRACTICE}: resource {number}", value)
    found = Resource(
        name=one.text("name"),
        what=one.words("what"),
        phone=one.text("phone"),
        hours=one.words("hours"),
        languages=one.words("languages"),
        cost=one.words("cost"),
        about_use=one.take("about_use", bool, False),
        checked_on=one.day("checked_on"),
    )
    one.end()
    if not re.fullmatch(r"\+?[0-9][0-9 -]{2,24}", found.phone):
        raise WrongFile(f"{one.where}: phone has to be a number with spaces or dashes.")
    return found


def _toml(file: FilePath) -> dict[str, Any]:
    if not file.is_file():
        return {}
    try:
        return tomllib.loads(read_text(file, file.name))
    except tomllib.TOMLDecodeError as wrong:
        raise WrongFile(f"{file.name}: {wrong}.") from None


def too_old(day: date, today: date) -> bool:
    """Whether what was looked at on a day has to be looked at again: after two years."""
    return (today - day).days > 2 * 365


__all__ = ["FOLDER", "LANGUAGES", "read_folder", "read_lesson", "too_old"]
