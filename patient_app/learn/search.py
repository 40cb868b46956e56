"""Looks for words in all lessons of one language: a small index in memory, made once.

A lesson is found when it holds every word that was typed, whatever the case and the accents, the last of them also as
the beginning of a word. Words of the title and of the headings count more than those of the text, and those count more
than the titles of its sources.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from heapq import nsmallest

from patient_app.core.danger_words import names_danger
from patient_app.learn.facts import Lesson
from patient_app.learn.markdown import MARK

MOST_HITS = 20
MOST_WORDS = 8
LONGEST_PIECE = 160
# From so many letters on, the beginning of a word is enough.
LEAST_BEGINNING = 3
_IN_TITLE, _IN_HEADING, _IN_TEXT, _IN_SOURCE = 16, 6, 2, 1
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

    @property
    def names_danger(self) -> bool:
        """Whether what is shown of it names suicide."""
        return names_danger(self.lesson.title, self.piece)


class Index:
    """The lessons of one language by their words."""

    def __init__(self, lessons: Iterable[Lesson]) -> None:
        self._lessons = tuple(lessons)
        self._found_in: dict[str, dict[int, int]] = {}
        # Of each lesson its blocks, each with its words.
        self._blocks: list[list[tuple[str, frozenset[str]]]] = []
        for number, lesson in enumerate(self._lessons):
            self._add(number, _IN_TITLE, lesson.title)
            for source in lesson.sources:  # Found, and never shown: it is not what the lesson says.
                self._add(number, _IN_SOURCE, source.title)
            blocks = []
            for section in lesson.sections:
                self._add(number, _IN_HEADING, section.heading)
                for block in section.blocks:
                    text = MARK.sub("", block)
                    blocks.append((text, self._add(number, _IN_TEXT, text)))
            # Behind the text: where it holds the words as well, the text is shown.
            around = filter(None, (lesson.content_note, *(choice.label for choice in lesson.choices)))
            blocks.extend((text, self._add(number, _IN_TEXT, text)) for text in around)
            self._blocks.append(blocks)
        self._words = sorted(self._found_in)

    def _add(self, number: int, weight: int, text: str) -> frozenset[str]:
        words = [sys.intern(word) for word in words_of(text)]
        for word in words:
            found = self._found_in.setdefault(word, {})
            found[number] = found.get(number, 0) + weight
        return frozenset(words)

    def find(self, text: str, among: Iterable[str] | None = None) -> list[Hit]:
        """Return the lessons that hold all these words, the nearest first; `among` are the slugs that may be shown."""
        asked = words_of(text)[:MOST_WORDS]
        if not asked:
            return []
        weights = [self._of_word(word) for word in asked[:-1]]
        weights.append(self._of_beginning(asked[-1]))
        fewest, *others = sorted(weights, key=len)
        shown = None if among is None else frozenset(among)
        found = [
            (-sum(weight[number] for weight in weights), self._lessons[number].title, number)
            for number in fewest
            if all(number in weight for weight in others) and (shown is None or self._lessons[number].slug in shown)
        ]
        return [Hit(self._lessons[number], self._piece(number, asked)) for *_, number in nsmallest(MOST_HITS, found)]

    def _of_word(self, word: str) -> dict[int, int]:
        return self._found_in.get(word, {})

    def _of_beginning(self, word: str) -> dict[int, int]:
        """Return where a word stands, or one that begins with it."""
        if len(word) < LEAST_BEGINNING:
            return self._of_word(word)
        total: dict[int, int] = {}
        for at in range(bisect_left(self._words, word), len(self._words)):
            if not self._words[at].startswith(word):
                break
            for number, weight in self._found_in[self._words[at]].items():
                total[number] = total.get(number, 0) + weight
        return total

    def _piece(self, number: int, asked: Sequence[str]) -> str:
        """Return the block that holds most of the words, cut at a word; the first where none of them holds any."""
        whole, last = frozenset(asked), asked[-1]

        def held(block: tuple[str, frozenset[str]]) -> int:
            return len(whole & block[1]) + any(word.startswith(last) for word in block[1])

        best = max(self._blocks[number], key=held, default=("", frozenset()))[0]
        return best if len(best) <= LONGEST_PIECE else best[:LONGEST_PIECE].rpartition(" ")[0] + " …"
