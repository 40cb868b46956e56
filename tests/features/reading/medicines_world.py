"""A patient with medicines, and everybody who could ever ask for them: for the tests of the door."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import update

from patient_app.consent.categories import Category, Level
from patient_app.consent.models import Consent, ConsentState
from patient_app.core import clock
from patient_app.core.clock import Moment
from patient_app.core.ids import new_id
from patient_app.core.roles import Discipline
from patient_app.core.work import Store, db
from patient_app.medications import changing, dose_log
from patient_app.medications.changing import Author
from patient_app.medications.dose_log import Slot, Told
from patient_app.medications.models import DoseState, Medicine
from patient_app.medications.said import Said
from patient_app.medications.schedule import Schedule
from patient_app.medications.skipping import Why
from patient_app.reading import medicines
from patient_app.reading.medicines import SharedMedicines
from tests import factories
from tests.factories import Made
from tests.features.medications.plans import doses
from tests.features.medications.regimens import SERTRALINE, daily

NOW = datetime(2026, 11, 3, 23, 0, tzinfo=UTC)  # Six in the evening for the patient.
TODAY = date(2026, 11, 3)
MED, USE, MOOD, NOTES = Category.MEDICATIONS, Category.SUBSTANCE_USE, Category.MOOD, Category.NOTES
DETAIL, SUMMARY = Level.DETAIL, Level.SUMMARY
BOTH = {MED: DETAIL, USE: DETAIL}
LITHIUM = Said("lithium", "lithium", "300 mg", "tablet", "Ups and downs")


@dataclass(frozen=True)
class World:
    """A patient; a prescriber and a therapist on the team; a confirmed supporter; and an administrator."""

    practice: factories.MadePractice
    patient: Made
    prescriber: Made
    therapist: Made
    supporter: Made
    administrator: Made


def make_world(store: Store) -> World:
    """Make them."""
    practice = factories.make_practice(store)
    made = World(
        practice=practice,
        patient=factories.make_patient(store, practice, name="Pat Reed"),
        prescriber=factories.make_clinician(store, practice, Discipline.PRESCRIBER, name="Dr Ana Ruiz"),
        therapist=factories.make_clinician(store, practice, Discipline.THERAPIST, name="Tom Birch"),
        supporter=factories.make_supporter(store, practice),
        administrator=factories.make_administrator(store, practice),
    )
    for clinician in (made.prescriber, made.therapist):
        factories.assign_team(store, made.patient, clinician, made.administrator)
    factories.tie_supporter(store, made.patient, made.supporter)
    return made


def ago(days: int, hours: int = 0) -> Moment:
    """Return the patient's moment some days ago."""
    return clock.moment(NOW - timedelta(days=days, hours=hours), factories.ZONE)


def plan(*times: str, days: int) -> Schedule:
    """Return a daily schedule that began some days ago."""
    return daily(*doses(*times), start=str(TODAY - timedelta(days=days)))


def start(
    store: Store,
    world: World,
    said: Said = SERTRALINE,
    *,
    days: int = 5,
    times: tuple[str, ...] = ("08:00",),
    by: Made | None = None,
    **more: Any,
) -> uuid.UUID:
    """Have a medicine started some days ago, by the patient or by a prescriber."""
    with store.work(writes=True):
        return begin(world, said, days=days, times=times, by=by, **more)


def begin(
    world: World, said: Said, *, days: int, times: tuple[str, ...] = ("08:00",), by: Made | None = None, **more: Any
) -> uuid.UUID:
    """Have it started in the unit of work that is open."""
    medicine_id = new_id()
    return changing.start(
        author_of(world, by),
        medicine_id,
        medicine_id,
        said,
        plan(*times, days=days),
        moment=ago(days, hours=14),
        **{"about_use": False, **more},
    )


def change(
    store: Store,
    world: World,
    medicine_id: uuid.UUID,
    *,
    said: Said = SERTRALINE,
    times: tuple[str, ...] = ("08:00 x2",),
    days: int = 0,
    base: int = 1,
    by: Made | None = None,
    reason: str = "",
    **more: Any,
) -> uuid.UUID:
    """Have it changed some days ago; return the version."""
    version_id = new_id()
    with store.work(writes=True):
        changing.change(
            author_of(world, by),
            medicine_id,
            version_id,
            said,
            plan(*times, days=days),
            base=base,
            moment=ago(days),
            reason=reason,
            **more,
        )
    return version_id


def author_of(world: World, by: Made | None) -> Author:
    """Return who writes."""
    return Author.patient(world.patient.viewer) if by is None else Author.prescriber(by.viewer, world.patient.id)


def log(
    store: Store,
    world: World,
    medicine_id: uuid.UUID,
    days: int = 1,
    state: DoseState = DoseState.TAKEN,
    why: Why | None = None,
    slot: str = "08:00",
) -> None:
    """Have the patient log the dose of some days ago."""
    moment = ago(0)
    told = Told(state, moment, why=why)
    with store.work(writes=True):
        taps = {Slot(medicine_id, TODAY - timedelta(days=days), slot): told}
        dose_log.log_due(world.patient.viewer, new_id(), taps, moment)


def mark(store: Store, medicine_id: uuid.UUID, **values: Any) -> None:
    """Mark a medicine: private, removed, about use."""
    with store.work(writes=True):
        db().execute(update(Medicine).where(Medicine.id == medicine_id).values(**values))


def share(
    store: Store, world: World, scope: Mapping[Category, Level], to: Any = Discipline.PRESCRIBER, **more: Any
) -> uuid.UUID:
    """Have the patient share."""
    return factories.give_consent(store, world.patient, to, scope, **more)


def end(store: Store, consent_id: uuid.UUID, state: ConsentState = ConsentState.REVOKED) -> None:
    """End or pause what was shared."""
    with store.work(writes=True):
        db().execute(update(Consent).where(Consent.id == consent_id).values(state=state))


def read(store: Store, world: World, by: Made | None = None) -> SharedMedicines:
    """Return what the prescriber, or another clinician, reads."""
    with store.work(writes=True):
        return medicines.read_medicines((by or world.prescriber).viewer, world.patient.id)


def names(page: SharedMedicines) -> list[str]:
    """Return what the medicines on a page are called."""
    return [one.newest.said.name for one in page.medicines]
