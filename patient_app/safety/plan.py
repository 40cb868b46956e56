"""A person's own safety plan: six steps in their words, and beside them where naloxone is and who made the plan.

Each step is kept and versioned by itself, so that two devices which write different steps never meet. What a step said
before is kept. Reading somebody else's plan is `reading`'s alone.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import aliased

from patient_app.accounts.entry_order import next_entry_seq
from patient_app.accounts.models import Patient
from patient_app.core import clock
from patient_app.core.errors import NotFound
from patient_app.core.identity import Viewer
from patient_app.core.ids import new_id
from patient_app.core.vault import Place
from patient_app.core.work import db, vault
from patient_app.safety.models import PlanStep, Step

PAGE_VERSIONS = 10
# A month that ends within this time asks for a look.
SOON = timedelta(days=30)
# Steps that name people with telephone numbers.
WITH_CONTACTS = frozenset({Step.PLACES, Step.PEOPLE, Step.PROFESSIONALS})


class IdTaken(Exception):
    """The id is of something else."""


class Stale(Exception):
    """The step was changed elsewhere since the page was made; nothing was written."""


class MadeWith(StrEnum):
    """With whom somebody made their plan; both are equally fine."""

    ALONE = "alone"
    TEAM = "team"


@dataclass(frozen=True, slots=True)
class Contact:
    """Somebody to call, or a place to go."""

    name: str
    phone: str = ""

    @property
    def dial(self) -> str:
        """The number as a phone dials it; empty when there is none."""
        digits = "".join(sign for sign in self.phone if sign.isdigit())
        return f"+{digits}" if digits and self.phone.lstrip().startswith("+") else digits


@dataclass(frozen=True, slots=True)
class StepWords:
    """What a step says; everything may be left out. `expires` is a month (2027-03), for naloxone."""

    text: str = ""
    contacts: tuple[Contact, ...] = ()
    expires: str = ""
    made_with: MadeWith | None = None
    about_use: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether it says nothing."""
        return not (self.text or self.contacts or self.expires or self.made_with)

    @property
    def lines(self) -> list[str]:
        """The text, a line each."""
        return [line.strip() for line in self.text.splitlines() if line.strip()]

    @property
    def last_day(self) -> date | None:
        """The last day of the month in which it expires."""
        if not self.expires:
            return None
        first = date.fromisoformat(f"{self.expires}-01")
        return (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Written:
    """One version of a step."""

    id: uuid.UUID
    step: Step
    version: int
    words: StepWords
    day: date
    recorded_at: datetime
    recorded_seq: int


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan as it is now: the steps that say something."""

    steps: Mapping[Step, Written]

    def words(self, step: Step) -> StepWords:
        """Return what a step says; nothing, where nothing was written."""
        written = self.steps.get(step)
        return written.words if written else StepWords()

    @property
    def changed_on(self) -> date | None:
        """The day of the newest change; None for a plan that says nothing."""
        return max((written.day for written in self.steps.values()), default=None)


@dataclass(frozen=True, slots=True)
class Earlier:
    """One page of what a step said before now, newest first."""

    versions: tuple[Written, ...]
    page: int
    has_more: bool


# Whether a row is the newest version of its step, whatever it says.
_OTHER = aliased(PlanStep)
IS_NEWEST = (
    PlanStep.version
    == select(func.max(_OTHER.version))
    .where(_OTHER.patient_id == PlanStep.patient_id, _OTHER.step == PlanStep.step)
    .correlate(PlanStep)
    .scalar_subquery()
)


def own_plan(patient: Viewer) -> Plan:
    """Return the patient's plan. A text that cannot be opened says so in its place, and takes no other away.

    A session that began with a clinic code, and is still in question, sees nothing of it.
    """
    if patient.entries_closed_from is not None:
        return Plan({})
    query = select(PlanStep).where(PlanStep.patient_id == patient.id, IS_NEWEST, PlanStep.words_sealed.is_not(None))
    rows = db().scalars(query)
    return Plan({Step(row.step): as_written(row) for row in rows})


def own_step(patient: Viewer, step: Step) -> Written | None:
    """Return the newest version of a step, empty or not; None where nothing was ever written.

    Raise `SealBroken` where it cannot be opened: a form must not keep a sentence of ours in its place.
    """
    _only_when_open(patient)
    rows = db().scalars(_versions(patient, step).limit(1)).all()
    return _opened(rows[0]) if rows else None


def earlier(patient: Viewer, step: Step, page: int = 1) -> Earlier:
    """Return a page of what a step said before what it says now."""
    _only_when_open(patient)
    page = max(1, min(page, 10_000))
    skipped = 1 + (page - 1) * PAGE_VERSIONS
    rows = db().scalars(_versions(patient, step).offset(skipped).limit(PAGE_VERSIONS + 1)).all()
    return Earlier(tuple(as_written(row) for row in rows[:PAGE_VERSIONS]), page, len(rows) > PAGE_VERSIONS)


def save_step(
    patient: Viewer,
    step: Step,
    row_id: uuid.UUID,
    words: StepWords,
    *,
    base: int,
    day: date | None = None,
    recorded_at: datetime | None = None,
) -> None:
    """Keep what a step says now, once. Needs a writing unit.

    `day` is the person's day at writing; by default that of now. `base` is the version that the person had before them,
    0 for none. What is sent again, or says what is said already, changes nothing. The same id with other words is a
    correction by whoever wrote it.

    Raise `Stale` when another version came meanwhile, `IdTaken` for an id that is of something else.
    """
    _only_when_open(patient)
    # From here on, one writer at a time for this patient.
    db().execute(select(Patient.person_id).where(Patient.person_id == patient.id).with_for_update())
    taken = db().get(PlanStep, row_id)
    if taken is not None and (taken.patient_id != patient.id or taken.step != step):
        raise IdTaken
    known = db().scalars(_versions(patient, step)).all()
    if _is_said(known, words, base):
        return
    newest = known[0] if known else None
    version = newest.version if newest else 0
    if version != base and (taken is None or taken is not newest):
        raise Stale
    moment = recorded_at or clock.now()
    row = PlanStep(
        id=new_id() if taken else row_id,
        practice_id=patient.practice_id,
        patient_id=patient.id,
        step=step,
        version=version + 1,
        day=day or clock.moment(moment, patient.zone, patient.day_start_minutes).day,
        recorded_at=moment,
        recorded_seq=next_entry_seq(patient.id),
        about_use=words.about_use or step is Step.NALOXONE,
    )
    row.words_sealed = None if words.is_empty else vault().seal(_place(row), json.dumps(_as_json(words)))
    try:
        with db().begin_nested():
            db().add(row)
    except IntegrityError:  # Somebody else's request took the id this very moment.
        raise IdTaken from None


def was_saved(patient: Viewer, step: Step, row_id: uuid.UUID, words: StepWords) -> bool:
    """Whether these words of a step were kept under this id before."""
    row = db().get(PlanStep, row_id)
    return row is not None and row.patient_id == patient.id and row.step == step and _opened(row).words == words


def as_written(row: Any) -> Written:
    """Return a row, opened; a text that is broken says so in its own place."""
    text = "" if row.words_sealed is None else vault().open_or_say(_place(row), row.words_sealed)
    if text and not text.startswith("{"):
        return _written(row, StepWords(text=text, about_use=row.about_use))
    return _written(row, _from_json(text, about_use=row.about_use))


def _opened(row: PlanStep) -> Written:
    text = "" if row.words_sealed is None else vault().open(_place(row), row.words_sealed)
    return _written(row, _from_json(text, about_use=row.about_use))


def _written(row: Any, words: StepWords) -> Written:
    return Written(row.id, Step(row.step), row.version, words, row.day, row.recorded_at, row.recorded_seq)


def _only_when_open(patient: Viewer) -> None:
    if patient.entries_closed_from is not None:
        raise NotFound


def _versions(patient: Viewer, step: Step) -> Any:
    query = select(PlanStep).where(PlanStep.patient_id == patient.id, PlanStep.step == step)
    return query.order_by(PlanStep.version.desc())


def _is_said(known: Sequence[PlanStep], words: StepWords, base: int) -> bool:
    """Whether this is what the newest version says, or one that came after the page was made: then it came twice."""
    newest = known[0].version if known else 0
    if not known and words.is_empty:
        return True
    said = (row for row in known if row.version > base or row.version == newest)
    return any(_opened(row).words == words for row in said)


def _place(row: Any) -> Place:
    return Place(PlanStep.__tablename__, "words_sealed", row.id, row.patient_id)


def _as_json(words: StepWords) -> dict[str, Any]:
    return {
        "text": words.text,
        "contacts": [[contact.name, contact.phone] for contact in words.contacts],
        "expires": words.expires,
        "made_with": words.made_with,
    }


def _from_json(text: str, *, about_use: bool) -> StepWords:
    if not text:
        return StepWords(about_use=about_use)
    kept = json.loads(text)
    return StepWords(
        text=kept["text"],
        contacts=tuple(Contact(name, phone) for name, phone in kept["contacts"]),
        expires=kept["expires"],
        made_with=MadeWith(kept["made_with"]) if kept["made_with"] else None,
        about_use=about_use,
    )
