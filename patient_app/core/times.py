"""Times of day, as people read and type them: the one rule of how one is written, in each language.

People here live in the United States: "9:05 PM", in Spanish "9:05 p. m.". Twelve o'clock is told in words, since "12:00
AM" beside a dose is read as noon by many: "noon" and "midnight", "mediodía" and "medianoche". Any other language is
written as its own countries do. Nothing in a time can break at the end of a line: its spaces are U+00A0, which every
font has; CLDR's narrow one (U+202F) lacks in those of old phones.

What machines read (fields of type "time", keys, documents) is `as_field`: "21:05".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import time
from functools import lru_cache

from babel import Locale, dates

# Stands in a pattern of a date where the time of day goes, always as the last; the letter is CLDR's for "as is usual".
TIME = "jmm"
SPACE = "\u00a0"
_HOUR, _HALF_A_DAY, _DAY = 60, 12 * 60, 24 * 60


@dataclass(frozen=True, slots=True)
class Halves:
    """What tells the halves of a day apart in a language, and what twelve o'clock is called."""

    before_noon: str
    after_noon: str
    noon: str
    midnight: str


_HALVES = {
    "en": Halves("AM", "PM", "noon", "midnight"),
    "es": Halves(f"a.{SPACE}m.", f"p.{SPACE}m.", "mediodía", "medianoche"),
}
_TWELVE_HOURS = re.compile(r"([0-9]{1,2})(?:[:.h]([0-5][0-9]))? ?([ap])(?:\.? ?m)?\.?", re.ASCII)
_TWELVE = re.compile(r"(?:12(?::00)? )?(?:del |de la |la )?(noon|midday|midnight|mediod[ií]a|medianoche)")
_FIELD = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]", re.ASCII)
_MIDNIGHTS = frozenset({"midnight", "medianoche"})
_LONGEST = 40


def halves(language: str) -> Halves | None:
    """Return how a language tells the halves of a day apart; None for one that writes times in its own way."""
    return _HALVES.get(language)


@lru_cache(maxsize=4096)
def in_words(minute: int, locale: Locale | str) -> str:
    """Return a minute of the day as people of that language write it; one from 1440 on is of the night after."""
    minute %= _DAY
    found = Locale.parse(locale)
    words = halves(found.language)
    if words is None:
        said = dates.format_time(time(minute // _HOUR, minute % _HOUR), "short", locale=found)
        return SPACE.join(said.replace("\u202f", " ").split())
    if minute % _HALF_A_DAY == 0:
        return words.noon if minute else words.midnight
    hour = minute % _HALF_A_DAY // _HOUR or 12
    return f"{hour}:{minute % _HOUR:02}{SPACE}{words.after_noon if minute >= _HALF_A_DAY else words.before_noon}"


def read(text: str) -> int | None:
    """Return the minute of the day that somebody means by "9:05 PM", "9 p. m." or "noon"; None for anything else.

    A time without its half of the day is none: whoever asks knows what a bare "8" means there. Never slow.
    """
    if len(text) > _LONGEST:
        return None
    told = " ".join(text.split()).casefold()
    twelve = _TWELVE.fullmatch(told)
    if twelve is not None:
        return 0 if twelve[1] in _MIDNIGHTS else _HALF_A_DAY
    found = _TWELVE_HOURS.fullmatch(told)
    if found is None or not 1 <= int(found[1]) <= _HALF_A_DAY // _HOUR:
        return None
    after_noon = _HALF_A_DAY if found[3] == "p" else 0
    return int(found[1]) * _HOUR % _HALF_A_DAY + int(found[2] or 0) + after_noon


def as_field(at: time | int) -> str:
    """Return a time of day, or a minute of one, as machines write it: "21:05"."""
    minute = at.hour * _HOUR + at.minute if isinstance(at, time) else at % _DAY
    return f"{minute // _HOUR:02}:{minute % _HOUR:02}"


def of_field(text: str) -> int | None:
    """Return the minute of the day that `as_field` wrote as this text; None for any other."""
    return int(text[:2]) * _HOUR + int(text[3:]) if _FIELD.fullmatch(text) else None


def as_sent(text: str | None) -> str:
    """Return what was sent of a field of type "time" as browsers with such fields send it: "9:05 PM" is "21:05".

    Where a browser has none, a person types it. What is no time stays as it is, for the field to refuse.
    """
    minute = read(text) if text else None
    return (text or "") if minute is None else as_field(minute)
