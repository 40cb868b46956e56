"""The clinicians' pages. Every reading goes through `reading`, which decides and records."""

from __future__ import annotations

import uuid

from flask import Blueprint, make_response, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from patient_app.accounts import identity
from patient_app.care_team import list_rows
from patient_app.care_team.forms import NoteForm, ReviewForm
from patient_app.consent.categories import Category
from patient_app.consent.words import CATEGORY_NAMES, DISCIPLINE_NAMES
from patient_app.core import notices
from patient_app.core.access import Permission, access
from patient_app.core.identity import viewer
from patient_app.core.pages import render_page
from patient_app.reading import appointments, concerns, silence, team, words
from patient_app.reading import caseload as lists
from patient_app.reading import service as reading
from patient_app.teamwork import service as teamwork

bp = Blueprint("care_team", __name__)

notices.register(
    "care_team.patient_page",
    "care_team.own_notes",
    reviewed=_l("Marked as reviewed. The rest of the team can see that."),
    note_kept=_l("Saved. Those on the team who may see all that it touches on can read it."),
    note_taken_back=_l("Taken back. From now on only you see it."),
)


@bp.get("/team")
@access(Permission.TEAM_READ, records=True)
def caseload() -> ResponseReturnValue:
    """List the clinician's patients, each with the newest check-in of which anything is shared.

    The order that is chosen here is the one in which the list opens from then on, on this device.
    """
    chosen = _order(request.args.get("order"))
    order = chosen or _order(identity.list_order()) or lists.Order.HARD
    found = lists.caseload(viewer(), request.args.get("page", 1, type=int), order)
    waiting = concerns.waiting(viewer(), found.rows)
    page = render_page(
        "care_team/caseload.html",
        found=found,
        order=order,
        waiting=waiting,
        chart_words=words.chart_words,
        told=found.told,
        protected=words.holds_substance_use(found.rows) or any(one.about_use for one in waiting),
        # Put into words while the page is, when no writer waits for this reading any more.
        caseload_lines=words.caseload_lines,
        list_rows=list_rows.drawn,
        caseload_scope=words.caseload_scope,
    )
    response = make_response(page)
    if chosen is not None:
        identity.keep_list_order(response, chosen)
    return response


@bp.get("/team/told")
@access(Permission.TEAM_READ, records=True)
def told() -> ResponseReturnValue:
    """Show what this clinician was told when a patient did not check in, because that person asked for it."""
    return render_page(
        "follow_up/told.html",
        found=silence.told_to(viewer()),
        page="care_team.patient_page",
        back=url_for("care_team.caseload"),
        back_label=_("My patients"),
    )


def _order(word: str | None) -> lists.Order | None:
    return lists.Order(word) if word in set(lists.Order) else None


@bp.get("/team/<uuid:patient_id>")
@access(Permission.TEAM_READ, records=True)
def patient_page(patient_id: uuid.UUID) -> ResponseReturnValue:
    """Show what one patient shares with this clinician, and what the team left for each other."""
    return _page(patient_id, NoteForm())


@bp.post("/team/<uuid:patient_id>/reviewed")
@access(Permission.TEAM_WRITE)
def mark_reviewed(patient_id: uuid.UUID) -> ResponseReturnValue:
    """Keep that what was shown is reviewed; the same form sent again changes nothing."""
    form = ReviewForm(prefix="review")
    if form.validate():
        try:
            done = "reviewed" if team.mark_reviewed(viewer(), patient_id, form["id"].value) else None
            return redirect(url_for(".patient_page", patient_id=patient_id, done=done), 303)
        except teamwork.IdTaken:
            form.renew_id()
    team.stands(viewer(), patient_id)
    return _page(patient_id, NoteForm(formdata=None), form), 422


@bp.post("/team/<uuid:patient_id>/notes")
@access(Permission.TEAM_WRITE)
def leave_note(patient_id: uuid.UUID) -> ResponseReturnValue:
    """Keep a note to the team; the same one sent again is stored once."""
    form = NoteForm()
    if form.validate():
        try:
            team.leave_note(viewer(), patient_id, form["id"].value, form.words.data, form.categories)
            return redirect(url_for(".patient_page", patient_id=patient_id, done="note-kept"), 303)
        except teamwork.IdTaken:
            form.renew_id()
    team.stands(viewer(), patient_id)
    return _page(patient_id, form), 422


@bp.post("/team/<uuid:patient_id>/notes/<uuid:note_id>/take-back")
@access(Permission.TEAM_WRITE)
def take_back_note(patient_id: uuid.UUID, note_id: uuid.UUID) -> ResponseReturnValue:
    """Let nobody else read one's own note any more."""
    teamwork.take_back(viewer(), patient_id, note_id)
    if not team.is_listed(viewer(), patient_id):
        return redirect(url_for(".own_notes", done="note-taken-back"), 303)
    return redirect(url_for(".patient_page", patient_id=patient_id, done="note-taken-back"), 303)


@bp.get("/team/notes")
@access(Permission.TEAM_READ)
def own_notes() -> ResponseReturnValue:
    """Show the notes that this clinician wrote, also to teams that they left since."""
    found = team.own_notes(viewer(), request.args.get("page", 1, type=int))
    protected = any(Category.SUBSTANCE_USE in note.categories for note in found.notes)
    return render_page("care_team/own_notes.html", found=found, protected=protected, categories=CATEGORY_NAMES)


def _page(patient_id: uuid.UUID, form: NoteForm, review: ReviewForm | None = None) -> str:
    """Draw a patient's page; a reading like any other, also where a note was refused."""
    shared = reading.read_patient(viewer(), patient_id, until=words.until_of(request.args.get("until")))
    return render_page(
        "care_team/patient.html",
        ("content", "aside", "notice"),
        form=form,
        review=review or ReviewForm(prefix="review", formdata=None),
        identity=words.identity_words(shared.person),
        visits=appointments.visits(viewer(), patient_id) if shared.period.is_newest else None,
        disciplines=DISCIPLINE_NAMES,
        categories=CATEGORY_NAMES,
        **words.page_words(shared),
    )
