"""What is known when a check-in was saved: gathers what the rules look at, from one's own entries of the last days.

What another feature has to say beside it (on what was used, and what the person takes) is registered from above:
check-ins know nothing of medicines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy import bindparam, or_, select

from patient_app.checkins.answers import Answers, read_use_details
from patient_app.checkins.models import CheckIn, CheckInVersion, Source
from patient_app.checkins.rules import LOOK_BACK, LOW_MOOD, SIMPLE, UNNAMED, Card, Known, card, rule_for
from patient_app.checkins.service import OWN, SHOWN_VERSION, OwnCheckIn, asked_by
from patient_app.core.identity import Viewer
from patient_app.core.vault import Place
from patient_app.core.work import db, vault
from patient_app.profile.service import Profile

_BEFORE = (
    select(
        CheckIn.day,
        CheckInVersion.id,
        CheckInVersion.mood,
        CheckInVersion.craving,
        CheckInVersion.use,
        CheckInVersion.use_details_sealed,
        CheckInVersion.source,
        CheckIn.patient_id,
    )
    .join(CheckInVersion, SHOWN_VERSION)
    .where(
        OWN,
        CheckIn.day >= bindparam("first_day"),
        CheckIn.day < bindparam("day"),
        or_(CheckInVersion.use.is_not(None), CheckInVersion.mood <= LOW_MOOD),
    )
)


# Gets who asks, the kinds that were used, and the language; returns what its own macros draw, or None for nothing.
Beside = Callable[[Viewer, Iterable[str], str], Any]
_beside: list[Beside] = []


def stands_beside(beside: Beside) -> None:
    """Let cards on what was used stand in the offer of those rules that say so (`beside: medicines`)."""
    _beside[:] = [beside]


def card_after(patient: Viewer, profile: Profile, entry: OwnCheckIn, language: str) -> Card | None:
    """Return the one card that follows a check-in, or None; with what stands beside it in the same offer."""
    known = _known(patient, profile, entry)
    rule = rule_for(known)
    if rule is None:
        return None
    found = card(rule.shows, language)
    if known.made_simple:
        found = replace(found, links=tuple(link for link in found.links if link.to != SIMPLE))
    if not (rule.beside_medicines and known.used):
        return found
    return replace(found, beside=next((beside(patient, known.used, language) for beside in _beside), None))


def _known(patient: Viewer, profile: Profile, entry: OwnCheckIn) -> Known:
    use_days: dict[str, set[date]] = {}
    earlier: list[Known] = []
    low_days: set[date] = set()
    asked = {**asked_by(patient), "first_day": entry.day - LOOK_BACK, "day": entry.day}
    for row in db().execute(_BEFORE, asked):
        if row.mood is not None and row.mood <= LOW_MOOD:
            low_days.add(row.day)
        if row.use is None:
            continue
        text, used = None, frozenset[str]()
        if row.use_details_sealed is not None:
            place = Place(CheckInVersion.__tablename__, "use_details_sealed", row.id, row.patient_id)
            text = vault().open(place, row.use_details_sealed)
        said = Answers(mood=row.mood, craving=row.craving, use=row.use, **read_use_details(text))
        if said.use:
            used = _kinds(said, profile)
        for kind in used:
            use_days.setdefault(kind, set()).add(row.day)
        # What waited on the phone, or came from a button on its lock screen, was followed by no page.
        if row.source == Source.FORM:
            earlier.append(Known(row.day, said.mood, said.strongest_craving, said.use, used))
    answers = entry.answers
    return Known(
        day=entry.day,
        mood=answers.mood,
        craving=answers.strongest_craving,
        use=answers.use,
        used=_kinds(answers, profile) if answers.use else frozenset(),
        use_days={kind: frozenset(days) for kind, days in use_days.items()},
        earlier=tuple(earlier),
        made_simple=patient.shown_simply,
        low_days=frozenset(low_days),
    )


def _kinds(answers: Answers, profile: Profile) -> frozenset[str]:
    """Return the kinds that were used: as told; else whatever the person named before, since it may be any of it."""
    told = frozenset(str(said.thing.kind) for said in answers.things if said.used)
    return told or frozenset(str(thing.kind) for thing in profile.things) or frozenset({UNNAMED})
