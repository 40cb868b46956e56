"""Short ways to have side effects and weekly notes in a test."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import date, datetime

from patient_app.core import clock
from patient_app.core.clock import Moment
from patient_app.core.identity import Viewer
from patient_app.core.ids import new_id
from patient_app.core.work import Store
from patient_app.effects import recording, service, weekly
from patient_app.effects.service import OwnEffect, Said
from patient_app.effects.weekly import Answers
from patient_app.medications.said import Said as Named
from tests.factories import Made
from tests.features.medications.plans import doses
from tests.features.medications.regimens import daily, started

LAMOTRIGINE = Named("lamotrigine", "lamotrigine", "25 mg", "tablet")


def now(patient: Made | Viewer) -> Moment:
    """Return this moment as it is for the patient."""
    return clock.moment(clock.now(), patient.zone)


def takes(store: Store, patient: Made, said: Named, *, about_use: bool = False, private: bool = False) -> uuid.UUID:
    """Have the patient take a medicine from now on."""
    schedule = daily(*doses("08:00"), start=now(patient).local_date.isoformat())
    return started(store, patient, schedule, now(patient), said, about_use=about_use, private=private)


def log(
    store: Store, patient: Made, said: Said, *, entry_id: uuid.UUID | None = None, private: bool = False
) -> uuid.UUID:
    """Have the patient log a side effect now."""
    entry_id = entry_id or new_id()
    with store.work(writes=True):
        return recording.record(patient.viewer, entry_id, said, now(patient), private=private)


def own(store: Store, patient: Made | Viewer, entry_id: uuid.UUID) -> OwnEffect:
    """Return a side effect as its author reads it."""
    asked = patient.viewer if isinstance(patient, Made) else patient
    with store.work(writes=False):
        return service.own_effect(asked, entry_id)


def note(store: Store, patient: Made, answers: Answers, version_id: uuid.UUID | None = None) -> date:
    """Have the patient write this week's note."""
    with store.work(writes=True):
        return weekly.record(patient.viewer, version_id or new_id(), answers, now(patient))


def in_question(patient: Made, since: datetime) -> Viewer:
    """Return the patient in a session that began with a clinic code, and is in question."""
    return replace(patient.viewer, entries_closed_from=since, entries_closed_until=since)
