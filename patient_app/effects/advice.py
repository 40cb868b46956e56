"""What is told at once beside a side effect: the sign that cannot wait which may stand behind it, and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask_babel import get_locale

from patient_app.effects import picks
from patient_app.effects.service import Said
from patient_app.effects.words import MOST_BOTHER, STRONG
from patient_app.medications import catalogue
from patient_app.medications.facts import Call, RedFlag, Told
from patient_app.medications.regimen import OwnMedicine


@dataclass(frozen=True, slots=True)
class Sign:
    """A sign that cannot wait, in words. `emergency`: whom to call is 911; else the prescriber, today.

    `crisis`: the numbers to talk with somebody stand beside it in full. `notice` is there where nobody of the clinic
    has reviewed it; `certain`: the person picked it by itself.
    """

    name: str
    lines: tuple[str, ...]
    emergency: bool
    crisis: bool
    notice: str
    certain: bool


def sign_of(said: Said, medicines: Sequence[OwnMedicine]) -> Sign | None:
    """Return the sign that may stand behind a side effect, with these medicines on the list; None for the others."""
    meant = [one for one in medicines if one.id == said.medicine_id] or medicines
    found = picks.sign_behind(said.pick, [one.catalogue for one in meant if one.catalogue])
    return None if found is None else _sign(found, certain=said.pick.startswith(picks.FLAG))


def signs(found: Sequence[Told[RedFlag]]) -> tuple[list[Sign], list[Sign]]:
    """Return signs for a form: those that are an emergency, and those that need a call on the same day."""
    told = [_sign(one, certain=True) for one in found]
    return [one for one in told if one.emergency], [one for one in told if not one.emergency]


def is_hard_to_bear(said: Said) -> bool:
    """Whether it is so strong, or bothers so much, that asking soon is worth saying."""
    return said.severity == STRONG or said.bother == MOST_BOTHER


def _sign(told: Told[RedFlag], *, certain: bool) -> Sign:
    language = str(get_locale() or "en")
    words = told.entry.read(language)
    notice = "" if told.reviewed else catalogue.notice("not_reviewed").read(language).lines[0]
    return Sign(words.name, words.lines, told.entry.call is Call.EMERGENCY, told.entry.crisis, notice, certain)
