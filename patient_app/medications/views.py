"""The patient's own pages of what they take: the list, one medicine with its history, and what a prescriber changed."""

from __future__ import annotations

import uuid

from flask import abort, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_babel import lazy_gettext as _l

from patient_app.consent.privacy_form import PrivacyForm
from patient_app.consent.words import CATEGORY_NAMES
from patient_app.core import notices
from patient_app.core.access import Permission, access
from patient_app.core.errors import NotFound
from patient_app.core.identity import viewer
from patient_app.core.keeping import kept_on_phone
from patient_app.core.pages import render_page
from patient_app.medications import (
    adding_views,
    beside,
    cards,
    changing,
    changing_views,
    dose_pages,
    dose_words,
    left_out,
    not_recorded,
    pages,
    regimen,
    unseen_pairs,
    unseen_views,
    who_sees,
)
from patient_app.medications.blueprint import bp
from patient_app.medications.forms import AnswerForm, HoursForm
from patient_app.medications.models import Answer
from patient_app.medications.pages import now_of

__all__ = ["adding_views", "bp", "changing_views", "unseen_views"]

# After these, what asks to call or to ask first stands open at once.
_SHOWS_CARDS = frozenset({"medicine-added", "medicine-changed", "medicine-resumed"})

notices.register(
    medicine_added=_l("Added to what you take."),
    medicine_changed=_l("Changed. What it said before is kept."),
    medicine_stopped=_l("It is off your list now. What you logged is kept."),
    medicine_paused=_l("Paused. Nothing is due until you take it again."),
    medicine_resumed=_l("It is on your list again."),
    medicine_private=_l("Only you can see this medicine now."),
    medicine_not_private=_l("People you share your medicines with can see this one again."),
    medicine_back=_l("It is back, as it was."),
    change_seen=_l("Thank you. Your prescriber can see that you have read it."),
    change_talk=_l("Written down. Your prescriber sees it when they next look. It does not call anyone."),
    hours_saved=_l("Saved. Doses that go with your day follow these hours."),
)


@bp.get("/medications")
@access(Permission.MEDICATIONS_MANAGE)
@kept_on_phone
def show_list() -> ResponseReturnValue:
    """Show what the patient takes, and on top what a prescriber changed."""
    patient = viewer()
    own, today, language = regimen.own_regimen(patient), now_of(patient).local_date, str(get_locale())
    return render_page(
        "medications/list.html",
        listed=pages.list_of(patient, own),
        part=dose_pages.today_part(patient, own),
        words=dose_words,
        closed_until=patient.entries_closed_until,
        beside=beside.on_list(patient, own.medicines, today),
        unwritten=not_recorded.not_recorded(patient, own.medicines, today, language),
        card_notices=cards.notices(language),
    )


@bp.get("/medications/<uuid:medicine_id>")
@access(Permission.MEDICATIONS_MANAGE)
def show_medicine(medicine_id: uuid.UUID) -> ResponseReturnValue:
    """Show one medicine: as it is, what it said before, and who can see it."""
    patient = viewer()
    own = regimen.own_regimen(patient)
    medicines, hours = own.medicines, own.hours
    medicine = next((one for one in medicines if one.id == medicine_id), None)
    if medicine is None:
        raise NotFound
    today, language = now_of(patient).local_date, str(get_locale())
    return render_page(
        "medications/medicine.html",
        one=pages.one_of(patient, medicine, hours),
        history=pages.history_of(medicine, hours),
        who=who_sees.of_medicine(patient, medicine),
        unwritten=not_recorded.not_recorded(patient, [medicine], today, language),
        closed_until=patient.entries_closed_until,
        medicine=medicine,
        cards=cards.of_medicine(medicine, medicines, today, language),
        gap_cards=left_out.cards_for(medicine, None, language),
        card_notices=cards.notices(language),
        just_changed=request.args.get("done") in _SHOWS_CARDS,
        beside=beside.on_page(patient, medicine, today),
        unseen=unseen_pairs.of_medicine(unseen_pairs.unseen_pairs(patient, medicines, today), medicine_id),
        category_names=CATEGORY_NAMES,
    )


@bp.post("/medications/changes/<uuid:version_id>")
@access(Permission.MEDICATIONS_MANAGE)
def answer_change(version_id: uuid.UUID) -> ResponseReturnValue:
    """Keep what the patient says to a change by a prescriber."""
    form = AnswerForm()
    if not form.validate() or form.answer.data is None:
        abort(400)
    patient, answer = viewer(), Answer(form.answer.data)
    changing.answer_change(patient, version_id, answer, moment=now_of(patient))
    return redirect(url_for("medications.show_list", done=f"change-{answer}"), 303)


@bp.post("/medications/<uuid:medicine_id>/private")
@access(Permission.MEDICATIONS_MANAGE)
def keep_private(medicine_id: uuid.UUID) -> ResponseReturnValue:
    """Keep one medicine to oneself, or share it again."""
    private = PrivacyForm().wish()
    if private is None:
        abort(400)
    changing.set_private(viewer(), medicine_id, private=private)
    done = "medicine-private" if private else "medicine-not-private"
    return redirect(url_for("medications.show_medicine", medicine_id=medicine_id, done=done), 303)


@bp.post("/medications/<uuid:medicine_id>/remove")
@access(Permission.MEDICATIONS_MANAGE)
def remove(medicine_id: uuid.UUID) -> ResponseReturnValue:
    """Take away a medicine that was entered by mistake; done twice it stays away."""
    changing.remove(viewer(), medicine_id)
    return redirect(url_for("medications.removed", medicine_id=medicine_id), 303)


@bp.get("/medications/<uuid:medicine_id>/removed")
@access(Permission.MEDICATIONS_MANAGE)
def removed(medicine_id: uuid.UUID) -> ResponseReturnValue:
    """Say that it is gone, and offer to bring it back."""
    changing.was_removed(viewer(), medicine_id)
    return render_page("medications/removed.html", medicine_id=medicine_id)


@bp.post("/medications/<uuid:medicine_id>/bring-back")
@access(Permission.MEDICATIONS_MANAGE)
def bring_back(medicine_id: uuid.UUID) -> ResponseReturnValue:
    """Undo taking it away."""
    changing.bring_back(viewer(), medicine_id)
    return redirect(url_for("medications.show_medicine", medicine_id=medicine_id, done="medicine-back"), 303)


@bp.get("/medications/hours")
@access(Permission.MEDICATIONS_MANAGE)
def hours() -> ResponseReturnValue:
    """Show at which hours the patient wakes, eats and goes to bed."""
    patient = viewer()
    form = HoursForm.of(regimen.hours_of(patient))
    return render_page("medications/hours.html", form=form, closed_until=patient.entries_closed_until)


@bp.post("/medications/hours")
@access(Permission.MEDICATIONS_MANAGE)
def save_hours() -> ResponseReturnValue:
    """Keep these hours."""
    patient, form = viewer(), HoursForm()
    found = form.hours() if form.validate() else None
    if found is None:
        return render_page("medications/hours.html", form=form, closed_until=patient.entries_closed_until), 422
    changing.set_hours(patient, found)
    return redirect(url_for("medications.show_list", done="hours-saved"), 303)
