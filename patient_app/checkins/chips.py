"""The chips that everybody is offered, and how a chip that was kept is put into words."""

from __future__ import annotations

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from patient_app.checkins.answers import SHIPPED

TRIGGERS: dict[str, LazyString] = {
    ":people": _l("People"),
    ":place": _l("A place"),
    ":argument": _l("An argument"),
    ":stress": _l("Stress"),
    ":lonely": _l("Lonely"),
    ":bored": _l("Bored"),
    ":tired": _l("Tired"),
    ":pain": _l("Pain"),
    ":money": _l("Money"),
}
HELPED: dict[str, LazyString] = {
    ":talked": _l("Talked with someone"),
    ":walked": _l("A walk"),
    ":outside": _l("Time outside"),
    ":rested": _l("Rest"),
    ":ate": _l("Food"),
    ":music": _l("Music"),
    ":busy": _l("Kept busy"),
    ":group": _l("A group or meeting"),
    ":breathed": _l("Slow breaths"),
}


def own_chip(words: str) -> str:
    """Return words of a person's own as a chip's value; they cannot be mistaken for a shipped one."""
    return words.lstrip(SHIPPED).strip()


def chip_words(chip: str) -> LazyString | str:
    """Return what a kept chip says."""
    return TRIGGERS.get(chip) or HELPED.get(chip) or chip.lstrip(SHIPPED)
