"""Holds the languages of one lesson to each other: the same bones, the same sources, the same numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from patient_app.learn.facts import LANGUAGES, Lesson, Link, Section
from patient_app.learn.markdown import MARK
from patient_app.learn.numbers import WRITTEN, numbers_in


def differences(by_language: Mapping[str, Lesson]) -> Iterator[str]:
    """Yield what is not the same in the languages of one lesson, without its name."""
    first = by_language.get(LANGUAGES[0])
    for language, other in by_language.items():
        if first is None or other is first:
            continue
        for what, of in _ALIKE.items():
            if of(first) != of(other):
                yield f"{what} differ in {LANGUAGES[0]!r} and {language!r}\n    instead: the same in both"
        if language in WRITTEN and _shape(other.sections) == _shape(first.sections):
            yield from _of_numbers(first, other)


def _of_numbers(first: Lesson, other: Lesson) -> Iterator[str]:
    """Yield each section whose numbers, in digits or in words, are others in the second language."""
    for mine, theirs in zip(first.sections, other.sections, strict=True):
        here, there = (
            ", ".join(map(str, numbers_in((part.heading, *part.blocks), lesson.language))) or "none"
            for part, lesson in ((mine, first), (theirs, other))
        )
        if here != there:
            yield (
                f"the numbers under {mine.heading!r} are {here} at {first.file}:{mine.line} and {there} at "
                f"{other.file}:{theirs.line}\n    instead: the same numbers in both languages"
            )


def _shape(sections: Iterable[Section]) -> list[tuple[bool, int]]:
    return [(section.is_check, len(section.blocks)) for section in sections]


def _ends(links: Iterable[Link]) -> list[str]:
    return [link.to for link in links]


def _marks(lesson: Lesson) -> list[list[str]]:
    return [sorted(mark for block in section.blocks for mark in MARK.findall(block)) for section in lesson.sections]


_ALIKE: dict[str, Callable[[Lesson], object]] = {
    "sections": lambda lesson: _shape(lesson.sections),
    "links": lambda lesson: _ends(lesson.links),
    "marks of sources": _marks,
    "minutes": lambda lesson: lesson.minutes,
    "path, topics, conditions or category": lambda lesson: (
        lesson.path,
        lesson.topics,
        lesson.conditions,
        lesson.category,
    ),
    "words people look for it by (also)": lambda lesson: bool(lesson.also),
    "content notes": lambda lesson: (bool(lesson.content_note), lesson.lighter),
    "sources": lambda lesson: [(source.id, source.year, source.url, source.language) for source in lesson.sources],
    "words that claim nothing (no_claims)": lambda lesson: len(lesson.no_claims),
    "review dates": lambda lesson: lesson.reviewed_on,
}
