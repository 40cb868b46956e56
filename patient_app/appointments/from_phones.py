"""Takes visits that a patient wrote down, or changed, while there was no network.

What was stored before is answered alike whatever has changed since: whoever it is with may be off the team, and the
phone's clock may have lost its time. What was changed elsewhere meanwhile is refused, never merged: both are shown.
"""

from __future__ import annotations

import uuid

from flask import url_for
from flask_babel import lazy_gettext as _l

from patient_app.appointments import service, writing
from patient_app.appointments.forms import AppointmentForm, version_of
from patient_app.appointments.said import Entered, Said
from patient_app.appointments.writing import Author, IdTaken, Stale
from patient_app.core import clock, outbox
from patient_app.core.identity import Viewer
from patient_app.core.outbox import Item, Refused, id_cannot_be_used

STALE = _l("This was changed meanwhile. Look at both, and save what is right.")
_OTHER_WORDS = _l("You saved this visit before, with other words. Look at your visits, and change it there.")
_CLOSED = _l("Visits are closed for now: somebody chose a new password on a new device. Send this again later.")


def take_new(patient: Viewer, item: Item) -> str:
    """Store a visit that was written down."""
    said, author = _said(patient, item, item.id)
    try:
        writing.enter(author, item.id, said)
    except Stale:
        raise Refused([("", _OTHER_WORDS)]) from None
    except IdTaken:
        raise id_cannot_be_used() from None
    return url_for("appointments.overview", done="appointment-saved")


def take_change(patient: Viewer, item: Item, *, appointment_id: uuid.UUID) -> str:
    """Store a change of a visit that the patient wrote."""
    if patient.entries_closed_from is not None:
        raise Refused([("", _CLOSED)])
    one = service.own_to_change(patient, appointment_id)
    said, author = _said(patient, item, appointment_id, one)
    try:
        writing.change(author, appointment_id, said, base=version_of(item.fields.get("base")))
    except Stale:
        raise Refused([("on", STALE)]) from None
    return url_for("appointments.overview", done="appointment-cancelled" if said.cancelled else "appointment-saved")


def _said(patient: Viewer, item: Item, appointment_id: uuid.UUID, one: Entered | None = None) -> tuple[Said, Author]:
    """Return what an item says, and who says it on which day; raise `Refused` for what cannot be stored."""
    if patient.entries_closed_from is not None:
        raise Refused([("", _CLOSED)])
    disciplines = writing.clinicians_before(patient.id, appointment_id)
    disciplines |= {member.clinician_id: member.discipline for member in service.clinicians_for(patient)}
    form = AppointmentForm.offering(
        [(clinician_id, "") for clinician_id in disciplines],
        kept=one.said.minutes if one else None,
        formdata=item.fields,
    )
    made = item.made
    written = made.received_at if made.clock_is_wrong else made.made_at
    today = clock.moment(written, patient.zone, patient.day_start_minutes).local_date
    zone = form.zone_or(one.said.start.zone if one else patient.zone)
    said = form.said(zone, today, disciplines) if form.validate() else None
    if said is None:
        raise Refused.by(form)
    if writing.was_said(patient.id, appointment_id, said):
        return said, Author.patient(patient)
    return said, Author.patient(patient, item.moment(patient).day)


outbox.register("appointments.save_new", take_new)
outbox.register("appointments.save_change", take_change)
