"""Which lessons there are here: ours, and those that the practice put beside them or in their place.

Read once. A lesson of the practice with the name of one of ours stands in its place, in all languages; a path that the
practice hides is shown to nobody. What cannot be used of a practice's folder is left out and said in the log:
help and everything else works on. Ours has to be whole. A folder for all practices of an installation comes first; what
one of them has for itself (`content.of_practices`) stands beside that or in its place, for its own people alone.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path as FilePath

from flask import Flask, has_request_context

from patient_app.core import work
from patient_app.core.errors import NotFound
from patient_app.core.identity import viewer_or_none
from patient_app.core.logs import logger
from patient_app.learn import content, texts
from patient_app.learn.content import EMPTY
from patient_app.learn.facts import FALLBACK, Audience, Lesson, Path, PracticeText, Resource, Shelf, language_of_reader
from patient_app.learn.search import Hit, Index
from patient_app.learn.tables import WrongFile


@dataclass
class Library:
    """All that can be read, as it is shown: hidden paths are gone."""

    shelf: Shelf
    _indexes: dict[str, Index] = field(default_factory=dict)
    _by_path: dict[tuple[str, Audience], Mapping[str, list[Lesson]]] = field(default_factory=dict)

    def lesson(self, slug: str, language: str) -> Lesson:
        """Return a lesson in a language, in English where it is not written in that; raise `NotFound`."""
        by_language = self.shelf.lessons.get(slug)
        if by_language is None:
            raise NotFound
        return by_language.get(language) or by_language.get(FALLBACK) or next(iter(by_language.values()))

    def paths(self, audience: Audience = Audience.PATIENTS) -> list[Path]:
        """Return the paths for some people that hold a lesson, in their order."""
        return [self.shelf.paths[id_] for id_ in self.by_path(FALLBACK, audience)]

    def by_path(self, language: str, audience: Audience) -> Mapping[str, list[Lesson]]:
        """Return the lessons of each path for some people, the paths in their order, none of them empty."""
        if (language, audience) not in self._by_path:
            every = [self.lesson(slug, language) for slug in self.shelf.lessons]
            those = ((path, [one for one in every if one.path == path.id]) for path in self.shelf.paths.values())
            found = {path.id: lessons for path, lessons in those if lessons and path.audience is audience}
            self._by_path[language, audience] = found
        return self._by_path[language, audience]

    def audience_of(self, lesson: Lesson) -> Audience:
        """Return for whom a lesson is."""
        return self.shelf.paths[lesson.path].audience

    def find(self, words: str, language: str, among: list[Lesson]) -> list[Hit]:
        """Look for words in the lessons given, which are of that language."""
        if language not in self._indexes:
            every = [self.lesson(slug, language) for slug in self.shelf.lessons]
            self._indexes[language] = Index(every, self._names_around)
        return self._indexes[language].find(words, [lesson.slug for lesson in among])

    def _names_around(self, lesson: Lesson) -> list[str]:
        """Return what a lesson belongs to, by name: its topics, what it is for, its path."""
        shelf = self.shelf
        names = [shelf.topics[topic].title for topic in lesson.topics if topic in shelf.topics]
        names += [shelf.conditions[one] for one in lesson.conditions if one in shelf.conditions]
        return [name.in_language(lesson.language) for name in (*names, shelf.paths[lesson.path].title)]

    @property
    def resources(self) -> tuple[Resource, ...]:
        """Who can help near by, as the practice lists them."""
        return self.shelf.resources


@lru_cache(maxsize=1)
def ours() -> Shelf:
    """Return the lessons that come with the application; raise `WrongFile` when one cannot be used."""
    shelf, problems = content.read_folder(content.FOLDER)
    if problems:
        raise WrongFile(problems[0])
    return shelf


@lru_cache(maxsize=256)
def library_of(folder: str, practice_id: uuid.UUID | None = None) -> Library:
    """Return the library with an installation's folder (an empty text: ours alone), for everybody or for a practice."""
    if practice_id is None:
        return _with(ours(), FilePath(folder)) if folder else Library(joined(ours(), EMPTY))
    base = library_of(folder)
    own = content.of_practices(FilePath(folder)).get(practice_id) if folder else None
    return base if own is None else _with(base.shelf, own)


def _with(base: Shelf, folder: FilePath) -> Library:
    own, problems = content.read_folder(folder, base)
    for problem in problems:
        logger().error("lesson left out", why=problem)
    return Library(joined(base, own))


def joined(base: Shelf, own: Shelf) -> Shelf:
    """Return two shelves as one: what the second has stands in the place of the first's."""
    paths = {**base.paths, **own.paths}
    shown = {id_: path for id_, path in paths.items() if id_ not in own.hidden}
    lessons = {**base.lessons, **own.lessons}
    kept = {slug: those for slug, those in lessons.items() if all(one.path in shown for one in those.values())}
    topics, conditions = {**base.topics, **own.topics}, {**base.conditions, **own.conditions}
    resources, hidden = (*base.resources, *own.resources), base.hidden | own.hidden
    return Shelf(shown, topics, conditions, kept, resources, hidden, {**base.texts, **own.texts})


def init_app(app: Flask, folder: str) -> None:
    """Give templates `practice_text(place)`: what the practice wrote for a place of `texts.PLACES`, or None.

    What cannot be read in the folder is noticed at start.
    """
    library_of(folder)
    for practice_id in content.of_practices(FilePath(folder)) if folder else ():
        library_of(folder, practice_id)

    def practice_text(place: str) -> PracticeText | None:
        shelf = library_of(folder, _practice()).shelf
        return texts.in_language(shelf.texts, place, language())

    app.jinja_env.globals["practice_text"] = practice_text


def library() -> Library:
    """Return the library of the reader's practice; of the whole installation where nobody reads."""
    return library_of(work.unit().store.config.lessons_path, _practice())


def _practice() -> uuid.UUID | None:
    reader = viewer_or_none() if has_request_context() else None
    return None if reader is None else reader.practice_id


def language() -> str:
    """Return the reader's language."""
    return language_of_reader()
