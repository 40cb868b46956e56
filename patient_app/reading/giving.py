"""How a clinician reads what was given to a patient, an exercise or a lesson: who may, and what is recorded."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from datetime import date
from typing import Protocol, TypeVar

from patient_app.access_log import service as access_log
from patient_app.access_log.models import AccessKind
from patient_app.consent.categories import Category
from patient_app.consent.decisions import Grants, Reader, grants_of
from patient_app.core import clock, work
from patient_app.core.clock import Moment, moment
from patient_app.core.errors import NotFound
from patient_app.core.identity import Viewer
from patient_app.reading import people, records
from patient_app.reading.people import Named
from patient_app.reading.service import reader_of


class _Item(Protocol):
    @property
    def day(self) -> date: ...


class _Shared(Protocol):
    @property
    def items(self) -> Sequence[_Item]: ...


Shared = TypeVar("Shared", bound=_Shared)
# What one reader may see of a patient, under these grants.
Shown = Callable[[Reader, Named, Grants], Shared]


def to_give(viewer: Viewer, patient_id: uuid.UUID) -> Named:
    """Return the patient to whom this clinician may give something: one on their list; else raise `NotFound`.

    Nothing of the patient's is in it but who they are, so no reading is recorded.
    """
    person = people.one_of_list(viewer, patient_id)
    if person is None:
        raise NotFound
    return person


def moment_of(person: Named) -> Moment:
    """Return the moment of now as it is for a patient."""
    return moment(clock.now(), person.zone, person.day_start_minutes)


def read(
    viewer: Viewer,
    patient_id: uuid.UUID,
    kind: AccessKind,
    shown: Shown[Shared],
    relied_on: Callable[[Shared], set[Category]],
) -> Shared:
    """Return what this clinician may see of what was given to a patient, and record the reading.

    `relied_on` says which categories a consent opened on the page. Raise `NotFound` when the patient is not on the
    clinician's list.
    """
    with work.aside():
        person = to_give(viewer, patient_id)
    held = records.hold([person.id])
    reader = reader_of(viewer)
    grants = grants_of(reader, [person.id]).get(person.id, Grants())
    shared = shown(reader, person, grants)
    today = moment_of(person).day
    days = (min([today, *(one.day for one in shared.items)]), today)
    on_page = {person.id: records.only(grants, relied_on(shared))}
    access_log.record(records.readings(viewer, on_page, kind, days, held), held.chains)
    return shared


def preview(patient: Viewer, reader: Reader, grants: Grants, shown: Shown[Shared]) -> Shared:
    """Return what a recipient would see of what was given to the patient: the same function, and no record.

    `grants` are those of that recipient, as `grants_of` gives them.
    """
    if reader.preview_of != patient.id:
        raise NotFound
    person = Named(patient.id, patient.name, zone=patient.zone, day_start_minutes=patient.day_start_minutes)
    return shown(reader, person, grants)
