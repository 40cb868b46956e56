"""The patient's page of three things to raise, and the same while there is no network."""

from __future__ import annotations

from flask import redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l

from patient_app.appointments import raising, service, words
from patient_app.appointments.blueprint import bp
from patient_app.appointments.forms import RaiseForm
from patient_app.appointments.raising import IdTaken, Listed, Stale
from patient_app.core import clock, notices, outbox
from patient_app.core.access import Permission, access
from patient_app.core.clock import moment
from patient_app.core.identity import Viewer, viewer
from patient_app.core.ids import parse_id
from patient_app.core.keeping import kept_on_phone
from patient_app.core.outbox import Item, Refused, id_cannot_be_used
from patient_app.core.pages import render_page
from patient_app.profile import service as profiles

_CLOSED = _l("This list is closed for now: somebody chose a new password on a new device. Send this again later.")
_STALE = _l("You changed this list on another device. Look at both, and save what is right.")

notices.register("appointments.overview", list_saved=_l("Saved. It stays on your list until you tick it off."))


@bp.get("/appointments/to-raise")
@access(Permission.APPOINTMENTS_MANAGE)
@kept_on_phone
def to_raise() -> ResponseReturnValue:
    """Show the list, on the next appointment or on none yet, and who reads it."""
    patient = viewer()
    if patient.entries_closed_from is not None:
        return _closed(patient)
    found, one = raising.own_list(patient), service.next_one(patient, clock.now())
    return _page(patient, RaiseForm.of(found, one), found)


@bp.post("/appointments/to-raise")
@access(Permission.APPOINTMENTS_MANAGE)
def save_to_raise() -> ResponseReturnValue:
    """Keep the list; one that was changed elsewhere meanwhile is shown beside it."""
    patient = viewer()
    if patient.entries_closed_from is not None:
        return _closed(patient), 422
    found, newer = raising.own_list(patient), None
    form = RaiseForm.of(found, service.next_one(patient, clock.now()))
    if form.validate():
        try:
            raising.save(patient, form["id"].value, form.wishes(), base=form.base_version())
            return redirect(url_for(".overview", done="list-saved"), 303)
        except Stale:
            newer, form.base.data = found, str(found.version if found else 0)
            if raising.is_kept(form["id"].value):
                form.renew_id()
                form["id"].errors = []
            form.add_error("one", _STALE)
        except IdTaken:
            form.renew_id()
    return _page(patient, form, found, newer), 422


def take_to_raise(patient: Viewer, item: Item) -> str:
    """Keep a list that waited on a phone; where it was changed elsewhere meanwhile it is refused, never merged."""
    if patient.entries_closed_from is not None:
        raise Refused([("", _CLOSED)])
    form = RaiseForm(formdata=item.fields)
    if not form.validate():
        raise Refused.by(form)
    address, wishes = url_for("appointments.overview", done="list-saved"), form.wishes()
    if raising.was_saved(patient, item.id, wishes):
        return address
    made = item.moment(patient)
    try:
        raising.save(
            patient,
            item.id,
            wishes,
            base=form.base_version(),
            day=made.day,
            recorded_at=item.made.received_at,
            device_seq=item.made.device_seq,
        )
    except Stale:
        raise Refused([("one", _STALE)]) from None
    except IdTaken:
        raise id_cannot_be_used() from None
    return address


outbox.register("appointments.save_to_raise", take_to_raise)


def _page(patient: Viewer, form: RaiseForm, found: Listed | None, newer: Listed | None = None) -> str:
    one = service.next_one(patient, clock.now())
    clinician = one.said.clinician_id if one else None
    if parse_id(form.reader.data) not in {None, clinician}:  # What was ticked was for somebody else.
        form.shares.data = False
    form.reader.data = str(clinician) if clinician else ""
    today = moment(clock.now(), patient.zone, patient.day_start_minutes).day
    asks_about_use = bool(found and found.about_use) or profiles.profile_of(patient).asks_about_use
    return render_page(
        "appointments/to_raise.html",
        form=form,
        one=one,
        with_words=words.with_words,
        newer=newer,
        readers=raising.readers(patient, found),
        can_be_read=clinician is not None and raising.may_read(patient, clinician, today, about_use=False),
        asks_about_use=asks_about_use,
    )


def _closed(patient: Viewer) -> str:
    return render_page("appointments/closed.html", closed_until=patient.entries_closed_until)
