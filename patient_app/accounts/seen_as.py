"""By which name a supporter sees a patient: THE one place that names a patient for a supporter.

The name in the chart, unless the patient chose for this very supporter that they see what the patient likes to be
called, alone or with the pronouns. A name can out somebody. So what is kept with the tie are the words that were
chosen, not only that some were: words that changed since were chosen for nobody, and the name in the chart holds again.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import CursorResult, Update, or_, select, update

from patient_app.accounts.models import Person, PersonState, SupportLink, SupportState
from patient_app.accounts.registry import Actor
from patient_app.core.errors import NotFound
from patient_app.core.work import db, vault


class Way(StrEnum):
    """What of how a patient is called a supporter sees."""

    CHART = "chart"
    CALLED = "called"
    CALLED_AND_PRONOUNS = "called_and_pronouns"


class NotOffered(Exception):
    """There is no such name now: nothing to be called by was given, or no pronouns."""


@dataclass(frozen=True, slots=True)
class SeenAs:
    """What a supporter reads where a patient is named."""

    name: str
    pronouns: str = ""
    way: Way = Way.CHART


@dataclass(frozen=True, slots=True)
class Supported:
    """Somebody who confirmed a supporter, as that supporter sees them, and what they wrote for them first."""

    id: uuid.UUID
    seen_as: SeenAs
    zone: str
    day_start_minutes: int
    instructions: str | None


# --- What a supporter reads -------------------------------------------------------------------------------------------


def supported_by(
    supporter_id: uuid.UUID, practice_id: uuid.UUID, patient_id: uuid.UUID | None = None
) -> list[Supported]:
    """Return the people whom a supporter supports now, in the order in which they confirmed it.

    With `patient_id` only that one, if so. Whoever's key is gone is left out.
    """
    query = (
        select(SupportLink, Person)
        .join(Person, Person.id == SupportLink.patient_id)
        .where(
            SupportLink.supporter_id == supporter_id,
            SupportLink.practice_id == practice_id,
            SupportLink.state == SupportState.CONFIRMED,
            Person.state == PersonState.ACTIVE,
        )
        .order_by(SupportLink.confirmed_at, SupportLink.id)
    )
    if patient_id is not None:
        query = query.where(SupportLink.patient_id == patient_id)
    rows: list[tuple[SupportLink, Person]] = [(tie, patient) for tie, patient in db().execute(query)]
    gone = vault().preload([patient.id for _, patient in rows])
    return [
        Supported(patient.id, seen_as(tie, patient), patient.zone, patient.day_start_minutes, tie.instructions)
        for tie, patient in rows
        if patient.id not in gone
    ]


def seen_as(tie: SupportLink, patient: Person) -> SeenAs:
    """Return how the supporter of a tie sees the patient whose tie it is."""
    name = tie.shown_name
    if not name or name != patient.called:
        return SeenAs(patient.name or "")
    pronouns = tie.shown_pronouns
    if not pronouns or pronouns != patient.pronouns:
        return SeenAs(name, way=Way.CALLED)
    return SeenAs(name, pronouns, Way.CALLED_AND_PRONOUNS)


# --- What a patient chooses -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Names:
    """The ways in which a patient can be seen now, by the name in the chart first."""

    ways: Mapping[Way, SeenAs]

    @property
    def is_choice(self) -> bool:
        """Whether there is something to choose: the patient said how they like to be called."""
        return Way.CALLED in self.ways

    @property
    def fingerprint(self) -> str:
        """Return what tells a page that offered these words from one that offered others."""
        words = [f"{one.way}\n{one.name}\n{one.pronouns}" for one in self.ways.values()]
        return hashlib.sha256("\n".join(words).encode()).hexdigest()[:32]


def names_of(patient: Actor) -> Names:
    """Return the ways in which the calling patient can be seen by a supporter now."""
    return _names(db().get_one(Person, patient.id))


def _names(person: Person) -> Names:
    ways = {Way.CHART: SeenAs(person.name or "")}
    if person.called:
        ways[Way.CALLED] = SeenAs(person.called, way=Way.CALLED)
        if person.pronouns:
            ways[Way.CALLED_AND_PRONOUNS] = SeenAs(person.called, person.pronouns, Way.CALLED_AND_PRONOUNS)
    return Names(ways)


def choose(patient: Actor, link_id: uuid.UUID, way: Way) -> SeenAs:
    """Keep how one supporter sees the calling patient, from the next request on, and return it.

    Raise `NotFound` for anything but a tie of theirs that has not ended, `NotOffered` where there is no such name now.
    """
    tie = db().get(SupportLink, link_id, with_for_update=True)
    if tie is None or tie.patient_id != patient.id or tie.state == SupportState.ENDED:
        raise NotFound
    return set_for(tie, way)


def set_for(tie: SupportLink, way: Way) -> SeenAs:
    """Keep with a tie how its supporter sees the patient; raise `NotOffered` as `choose` does."""
    person = db().get_one(Person, tie.patient_id)
    chosen = _names(person).ways.get(way)
    if chosen is None:
        raise NotOffered
    tie.shown_name = "" if way is Way.CHART else chosen.name
    tie.shown_pronouns = chosen.pronouns
    return chosen


def forget_changed(person: Person, *, name: bool, pronouns: bool) -> int:
    """Wipe what supporters were shown of a patient's words that have changed; return how many see less by that."""
    changed = [SupportLink.shown_name_sealed.is_not(None)] if name else []
    changed += [SupportLink.shown_pronouns_sealed.is_not(None)] if pronouns else []
    if not changed:
        return 0
    wiped = {"shown_pronouns_sealed": None} | ({"shown_name_sealed": None} if name else {})
    ties = update(SupportLink).where(SupportLink.patient_id == person.id, or_(*changed))
    return _count(ties.values(wiped))


def forget_all() -> int:
    """Let every supporter see the name in the chart (after a restore: it may have been taken back since); how many."""
    ties = update(SupportLink).where(SupportLink.shown_name_sealed.is_not(None))
    return _count(ties.values(shown_name_sealed=None, shown_pronouns_sealed=None))


def _count(ties: Update) -> int:
    result = db().execute(ties)
    assert isinstance(result, CursorResult)  # noqa: S101 - narrows the type that `execute` declares.
    return int(result.rowcount)
