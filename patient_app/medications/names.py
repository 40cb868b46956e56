"""Finding a medicine by a name that may be half typed or mistyped. Pure, and fast enough to ask at every key.

Ordered: the exact name; names that begin so; a name with more behind it ("Wellbutrin XL"); names with a word that
begins so; then names that are a few slips away (Damerau and Levenshtein: two neighbours swapped are one slip). A
strength ("50 mg") is not looked at.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

# Below this many letters too much begins so; from CLOSE_FROM on, slips are looked for.
SHORTEST = 2
CLOSE_FROM = 4
BEGUN_FROM = 5
# What no name is longer than; the rest of a long text is not looked at.
LONGEST = 60
# How many slips are forgiven in a word of up to so many letters.
_FORGIVEN = ((CLOSE_FROM - 1, 0), (6, 1), (10, 2), (LONGEST, 3))
_UNITS = frozenset({"mg", "mcg", "ug", "ml", "g", "and", "y"})
_EXACT, _BEGINS, _LONGER, _WORD_BEGINS, _CLOSE, _BEGUN_CLOSE = 0, 1, 2, 3, 10, 20


@dataclass(frozen=True, slots=True)
class Name:
    """One name of something, as it is compared."""

    key: str
    text: str
    words: tuple[str, ...]
    parts: tuple[tuple[str, int], ...]


class Names:
    """The names of many things, each with its key."""

    def __init__(self, names: Iterable[tuple[str, str]]) -> None:
        self._names = [_name(key, name) for key, name in names]

    def find(self, text: str, limit: int) -> list[str]:
        """Return up to `limit` keys, the best first and each once; none for a text too short or like nothing."""
        asked = plain(text[:LONGEST])[:LONGEST].strip()
        if len(asked.replace(" ", "")) < SHORTEST or limit < 1:
            return []
        ranked = [(rank, name) for name in self._names if (rank := _sure(asked, name)) is not None]
        # Who wrote a whole name meant it.
        if _EXACT not in {rank for rank, _ in ranked}:
            parts = _parts(asked)
            ranked += [(rank, name) for name in self._names if (rank := _near(parts, name)) is not None]
        ranked.sort(key=lambda found: (found[0], found[1].text, found[1].key))
        return list(dict.fromkeys(name.key for _, name in ranked))[:limit]


def plain(text: str) -> str:
    """Return a text without case, accents, marks, strengths and doubled spaces."""
    bare = "".join(sign for sign in unicodedata.normalize("NFKD", text) if not unicodedata.combining(sign))
    words = re.findall(r"[^\W_]+", bare.casefold())
    return " ".join(word for word in words if not word[0].isdigit() and word not in _UNITS)


def _name(key: str, name: str) -> Name:
    text = plain(name)
    return Name(key, text, tuple(text.split()), _parts(text))


def _parts(text: str) -> tuple[tuple[str, int], ...]:
    """Return what is compared letter by letter: the whole without its spaces, and its longer words."""
    whole = text.replace(" ", "")
    longer = [word for word in text.split() if len(word) >= BEGUN_FROM]
    return tuple((part, _letters(part)) for part in dict.fromkeys([whole, *longer]))


def _letters(text: str) -> int:
    """Return the letters of a text as bits, the first, second ... of each apart.

    What one text has and another lacks is at least one slip each, which is found out faster than the distance.
    """
    bits = 0
    for place, sign in enumerate(text):
        bits |= 1 << (text.count(sign, 0, place) * 64 + ord(sign) % 64)
    return bits


def _sure(asked: str, name: Name) -> int | None:
    if asked == name.text:
        return _EXACT
    if name.text.startswith(asked):
        return _BEGINS
    if asked.startswith(f"{name.text} "):
        return _LONGER
    begun = asked.split()
    if all(any(word.startswith(part) for word in name.words) for part in begun):
        return _WORD_BEGINS
    return None


def _near(asked: tuple[tuple[str, int], ...], name: Name) -> int | None:
    """Return how far the nearest parts are from each other, or None where all are too far."""
    ranks = [
        rank
        for part, letters in asked
        for other, others in name.parts
        if (letters & ~others).bit_count() <= _allowed(len(part)) and (rank := _slips(part, other)) is not None
    ]
    return min(ranks, default=None)


def _slips(part: str, other: str) -> int | None:
    most = _allowed(len(part))
    if most and (slips := distance(part, other, most)) is not None:
        return _CLOSE + slips
    # Half typed and mistyped at once: one slip less is forgiven.
    if len(part) >= BEGUN_FROM and (slips := distance(part, other, max(most - 1, 1), begun=True)) is not None:
        return _BEGUN_CLOSE + slips
    return None


def _allowed(letters: int) -> int:
    return next(slips for longest, slips in _FORGIVEN if letters <= longest)


def distance(one: str, other: str, most: int, *, begun: bool = False) -> int | None:
    """Return how many slips lie between two words, or None for more than `most`.

    A slip is a letter too many, too few or another one, or two neighbours swapped (optimal string alignment). With
    `begun`, `one` may be the beginning of a mistyped `other`: the distance to the nearest beginning of it.
    """
    if begun:
        other = other[: len(one) + most]
    elif abs(len(one) - len(other)) > most:
        return None
    older: list[int] = []
    old = list(range(len(other) + 1))
    for line, letter in enumerate(one):
        new = [line + 1]
        for column, sign in enumerate(other):
            slips = min(old[column + 1] + 1, new[column] + 1, old[column] + (letter != sign))
            if older and column and letter == other[column - 1] and one[line - 1] == sign:
                slips = min(slips, older[column - 1] + 1)
            new.append(slips)
        if min(new) > most:
            return None
        older, old = old, new
    slips = min(old) if begun else old[-1]
    return slips if slips <= most else None
