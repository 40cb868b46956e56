"""What people type for amounts, times and strengths, read as they mean it. Pure; each pattern is bounded."""

from __future__ import annotations

import re

from patient_app.core import times

_CLOCK = re.compile(r"([0-9]{1,2})(?:[:.h]([0-9]{2}))?")
_HOURS = re.compile(r"-?[0-9]{1,6}(?:\.[0-9]{1,4})?")
_HALVES = {"½": "5", "¼": "25", "¾": "75"}
_FRACTION = re.compile(r"(?:([0-9]{1,5})\s)?\s?([0-9]{1,2})/([0-9]{1,2})")
_HOURS_OF_A_DAY = 24
_STRENGTH = re.compile(r"[0-9]\s?(mg|mcg|µg|ug|g|ml|l)\b")
_MASSES, _VOLUMES = frozenset({"mg", "mcg", "µg", "ug", "g"}), frozenset({"ml", "l"})
_PER_VOLUME = re.compile(r"/\s?(?:[0-9]{0,5}\s?)(?:ml|l)\b")


def amount(text: str | None) -> str | None:
    """Return a number as a schedule's document has it: "1½", "1 1/2" and "1,5" are "1.5"; None for nothing.

    What is no number is returned as it is, for the document's reader to refuse.
    """
    told = (text or "").strip()
    if not told:
        return None
    if told[-1] in _HALVES and (not told[:-1] or told[:-1].strip().isdecimal()):
        return f"{told[:-1].strip() or '0'}.{_HALVES[told[-1]]}"
    fraction = _FRACTION.fullmatch(told)
    if fraction is not None and int(fraction[3]):
        thousandths = int(fraction[1] or 0) * 1000 + int(fraction[2]) * 1000 // int(fraction[3])
        return f"{thousandths // 1000}.{thousandths % 1000:03}"
    return told.replace(",", ".", 1)


def clock(text: str | None) -> str | None:
    """Return a wall time as a document has it: "8", "8:00", "8 am" are "08:00", "noon" is "12:00"; None for nothing.

    What is no time is returned as it is, for the document's reader to refuse.
    """
    told = (text or "").strip().lower()
    minute = times.read(told)
    if minute is not None:
        return times.as_field(minute)
    found = _CLOCK.fullmatch(told)
    if found is None or int(found[1]) >= _HOURS_OF_A_DAY:
        return told or None
    return f"{found[1]:0>2}:{found[2] or '00'}"


def whole(text: str | None) -> int | str | None:
    """Return a whole number, None for nothing; what is none as it is, for the document's reader to refuse."""
    told = (text or "").strip()
    if not told:
        return None
    digits = told.removeprefix("-")
    return int(told) if digits.isascii() and digits.isdigit() and len(digits) < 10 else told  # noqa: PLR2004 - longer than any number here.


def units_clash(strength: str, unit: str) -> bool:
    """Whether a strength and the unit of the amounts cannot both be right: only in mg, and taken by the ml."""
    told = strength.lower()
    named = {found[1] for found in _STRENGTH.finditer(told)}
    if unit in _VOLUMES:
        return bool(named & _MASSES) and not named & _VOLUMES and not _PER_VOLUME.search(told)
    return unit in _MASSES and bool(named) and named <= _VOLUMES


def minutes(text: str | None) -> int | str | None:
    """Return hours ("4", "1.5") as minutes, None for nothing; what is no such number as it is."""
    told = amount(text)
    if told is None or not _HOURS.fullmatch(told):
        return told
    return round(float(told) * 60)
