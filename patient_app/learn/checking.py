"""Checks a folder of lessons, ours or a practice's: the command and `make test` ask here."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from patient_app.core import clock
from patient_app.learn import content, lint, text_lint
from patient_app.learn.content import EMPTY
from patient_app.learn.facts import FALLBACK, Lesson, Shelf
from patient_app.learn.library import joined
from patient_app.learn.lint import Around
from patient_app.skills import library as skills


def check(folder: Path | None = None) -> tuple[int, list[str]]:
    """Return how many lessons a folder holds, and what is to mend in them and in its texts; without a folder, ours."""
    base, found, problems = _read(folder)
    number, told = len(found.lessons), [*problems, *_wrong(base, found, folder or content.FOLDER)]
    for own in content.of_practices(folder).values() if folder is not None else ():
        upon = joined(base, found)
        of_practice, problems = content.read_folder(own, upon)
        number += len(of_practice.lessons)
        told += [f"{content.PRACTICES}/{own.name}/{one}" for one in (*problems, *_wrong(upon, of_practice, own))]
    return number, told


def missing(folder: Path | None, language: str) -> list[str]:
    """Return what is not written in a language yet."""
    return lint.missing(_read(folder)[1], language)


def _wrong(base: Shelf, found: Shelf, folder: Path) -> list[str]:
    """Return what the lint says of a folder's own lessons and texts, which stand on a shelf."""
    exercises = frozenset(exercise.id for exercise in skills.startable())
    every = {**base.lessons, **found.lessons}
    around = Around(_any_language(every), exercises, clock.now().date(), _files(folder))
    return [*lint.problems_of(found, around), *text_lint.problems_of(found, around)]


def _read(folder: Path | None) -> tuple[Shelf, Shelf, list[str]]:
    """Return the shelf that a folder builds on, its own, and what of it cannot be used."""
    ours, problems = content.read_folder(content.FOLDER)
    if folder is None:
        return EMPTY, ours, problems
    own, problems = content.read_folder(folder, ours)
    return ours, own, problems


def _files(folder: Path) -> frozenset[str]:
    return frozenset(file.relative_to(folder).as_posix() for file in folder.rglob("*.md"))


def _any_language(lessons: Mapping[str, Mapping[str, Lesson]]) -> dict[str, Lesson]:
    return {slug: those.get(FALLBACK) or next(iter(those.values())) for slug, those in lessons.items()}
