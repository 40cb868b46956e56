"""Where an administrator brings in the clinic's list of appointments: looked at first, then taken."""

from __future__ import annotations

from contextlib import closing

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from patient_app.accounts import practice
from patient_app.appointments import clinic_list, list_service, words
from patient_app.appointments.clinic_list import NoList
from patient_app.appointments.list_forms import ListForm
from patient_app.appointments.list_service import Looked
from patient_app.core import notices
from patient_app.core.access import Permission, access
from patient_app.core.identity import viewer
from patient_app.core.pages import render_page

bp = Blueprint("appointment_list", __name__)

_NOTHING = _l("Pick a file, or paste the list.")

notices.register(
    "appointment_list.show",
    list_taken=_l("The list is taken. Patients and clinicians see it on their pages."),
    good_rows_taken=_l("The good rows are taken. Mend the others in your program, and bring the list in again."),
)


@bp.get("/practice/appointments")
@access(Permission.PRACTICE_MANAGE)
def show() -> ResponseReturnValue:
    """Show how to bring in a list."""
    return _page(ListForm())


@bp.post("/practice/appointments")
@access(Permission.PRACTICE_MANAGE, reads=True)
def look() -> ResponseReturnValue:
    """Show what each row of a list would do, and what is wrong with it; stores nothing."""
    form = ListForm()
    try:
        text = _text_sent(form)
        return _page(form, list_service.look(viewer(), text), text)
    except NoList as refused:
        return _refused(form, refused.reason), 422


@bp.post("/practice/appointments/take")
@access(Permission.PRACTICE_MANAGE)
def take() -> ResponseReturnValue:
    """Store the list that was looked at; where a row is wrong, only by the button that says so."""
    form, only_good = ListForm(), request.form.get("rows") == "good"
    try:
        text = _text_sent(form)
        found = list_service.take(viewer(), text, only_good=only_good)
    except NoList as refused:
        return _refused(form, refused.reason), 422
    if not found.good or (found.wrong and not only_good):
        return _page(form, found, text), 422
    return redirect(url_for(".show", done="good-rows-taken" if found.wrong else "list-taken"), 303)


def _text_sent(form: ListForm) -> str:
    """Return the list that was sent, the file before what was pasted; raise `NoList` where neither is one."""
    sent = request.files.get("file")
    if sent is not None and sent.filename:
        with closing(sent):
            return clinic_list.text_of(sent.read(clinic_list.MOST_BYTES + 1))
    if not form.validate():
        raise NoList(form.text.errors[0])
    if not form.text.data:
        raise NoList(_NOTHING)
    return str(form.text.data)


def _refused(form: ListForm, reason: LazyString) -> str:
    form.text.errors = []
    form.add_error("text", reason)
    return _page(form)


def _page(form: ListForm, found: Looked | None = None, text: str = "") -> str:
    return render_page(
        "appointments/list.html",
        form=form,
        found=found,
        text=text,
        what_words=words.WHAT_WORDS,
        problem_words=list_service.problem_words,
        zone=practice.zone_of(viewer()),
        needed=clinic_list.NEEDED,
        most_rows=clinic_list.MOST_ROWS,
    )
