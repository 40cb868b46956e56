"""Looks for words in all lessons of one language: a small index in memory, made once.

A lesson is found when it holds every word that was typed, whatever the case and the accents, the last of them also as
the beginning of a word. Words of the title and of the headings count more than those of the text.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from patient_app.learn.facts import Lesson
from patient_app.learn.markdown import MARK

MOST_HITS = 20
MOST_WORDS = 8
LONGEST_PIECE = 160
# From so many letters on, the beginning of a word is enough.
LEAST_BEGINNING = 3
_IN_TITLE, _IN_HEADING, _IN_TEXT = 8, 3, 1
_WORD = re.compile(r"\w+")


def words_of(text: str) -> list[str]:
    """Return the words of a text, without case and accents."""
    plain = "".join(sign for sign in unicodedata.normalize("NFKD", text) if not unicodedata.combining(sign))
    return _WORD.findall(plain.casefold())


@dataclass(frozen=True, slots=True)
class Hit:
    """A lesson that was found, and a few words around what was looked for."""

    lesson: Lesson
    piece: str


class Index:
    """The lessons of one language by their words."""

    def __init__(self, lessons: Iterable[Lesson]) -> None:
        self._lessons = tuple(lessons)
        self._found_in: dict[str, dict[int, int]] = {}
        for number, lesson in enumerate(self._lessons):
            self._add(number, _IN_TITLE, lesson.title)
            for section in lesson.sections:
                self._add(number, _IN_HEADING, section.heading)
                for block in section.blocks:
                    self._add(number, _IN_TEXT, MARK.sub("", block))
        self._words = sorted(self._found_in)

    def _add(self, number: int, weight: int, text: str) -> None:
        for word in words_of(text):
            found = self._found_in.setdefault(word, {})
            found[number] = found.get(number, 0) + weight

    def find(self, text: str, among: Iterable[str] | None = None) -> list[Hit]:
        """Return the lessons that hold all these words, the nearest first; `among` are the slugs that may be shown."""
        asked = words_of(text)[:MOST_WORDS]
        if not asked:
            return []
        weights = [self._of_word(word, is_last=word is asked[-1]) for word in asked]
        both = set(weights[0]).intersection(*weights[1:])
        shown = None if among is None else frozenset(among)
        found = [number for number in both if shown is None or self._lessons[number].slug in shown]
        found.sort(key=lambda number: (-sum(weight[number] for weight in weights), self._lessons[number].title))
        return [Hit(self._lessons[number], _piece(self._lessons[number], asked)) for number in found[:MOST_HITS]]

    def _of_word(self, word: str, *, is_last: bool) -> dict[int, int]:
        if not is_last or len(word) < LEAST_BEGINNING:
            return self._found_in.get(word, {})
        total: dict[int, int] = {}
        for at in range(bisect_left(self._words, word), len(self._words)):
            if not self._words[at].startswith(word):
                break
            for number, weight in self._found_in[self._words[at]].items():
                total[number] = total.get(number, 0) + weight
        return total


def _piece(lesson: Lesson, asked: Sequence[str]) -> str:
    """Return the block that holds most of the words, cut at a word."""
    blocks = [MARK.sub("", block) for section in lesson.sections for block in section.blocks]

    def held(block: str) -> int:
        words = words_of(block)
        return sum(any(word.startswith(one) for word in words) for one in asked)

    best = max(blocks, key=held, default="")
    if len(best) <= LONGEST_PIECE:
        return best
    return best[:LONGEST_PIECE].rpartition(" ")[0] + " …"
