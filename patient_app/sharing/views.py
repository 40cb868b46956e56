"""The patient's pages about sharing."""

from __future__ import annotations

import uuid

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from patient_app.accounts import people, teams
from patient_app.consent import service as consents
from patient_app.consent.categories import OFFERED
from patient_app.consent.service import ConsentRefused, Recipient
from patient_app.consent.words import DISCIPLINE_NAMES
from patient_app.core import notices
from patient_app.core.access import Permission, access
from patient_app.core.identity import Viewer, viewer
from patient_app.core.pages import render_page
from patient_app.reading import service as reading
from patient_app.reading import words
from patient_app.sharing import service
from patient_app.sharing.forms import ConsentForm, InstructionsForm, SupporterForm

bp = Blueprint("sharing", __name__)

notices.register(
    consent_given=_l("Signed. It holds from now on. You can pause or end it at any time."),
    sharing_paused=_l("Paused. They see nothing from now on, and they are not told."),
    sharing_resumed=_l("Sharing goes on."),
    sharing_ended=_l("Ended. They see nothing from now on, and they are not told."),
    all_paused=_l("Everything is paused. Nobody sees what you write, and nobody is told."),
    member_shown=_l("Thank you. They can now read what you share with people of this kind on your team."),
    supporter_invited=_l("The invitation is on its way. Tell them to look for it."),
    supporter_confirmed=_l("Confirmed. They see nothing yet but what helps you. You choose what to share."),
    supporter_ended=_l("Done. They see nothing of you from now on."),
    instructions_saved=_l("Saved. This is what they read first."),
)

CLOSED = _l(
    "A new password was chosen on a new device. Sharing more has to wait until the time shown above. "
    "Pausing and ending work now."
)
# Beside which field a refusal is shown, and in which words.
REFUSALS: dict[str, tuple[str, LazyString]] = {
    "nothing-chosen": ("mood", _l("Pick at least one thing to share, or choose “Not now”.")),
    "not-offered": ("mood", _l("Pick from the answers on this page.")),
    "ends-in-past": ("until_day", _l("This day is over. Pick today or a later day.")),
    "entries-closed": ("signature", CLOSED),
}


@bp.get("/sharing")
@access(Permission.SHARING_MANAGE)
def overview() -> ResponseReturnValue:
    """Show who sees what now."""
    return _overview(viewer())


def _overview(patient: Viewer, problem: LazyString | None = None) -> str:
    return render_page(
        "sharing/overview.html",
        page=service.overview(patient),
        disciplines=DISCIPLINE_NAMES,
        problem=problem,
        closed_until=_closed_until(patient),
    )


def _closed_until(patient: Viewer) -> object:
    until = patient.entries_closed_until
    return None if until is None else service.wall_clock(until, patient.zone)


# --- Giving a consent -------------------------------------------------------------------------------------------------


@bp.get("/sharing/new")
@access(Permission.SHARING_MANAGE)
def new_consent() -> ResponseReturnValue:
    """Ask what to share with one recipient, with nothing chosen beforehand."""
    patient = viewer()
    recipient = consents.find_recipient(patient, request.args.get("to", ""))
    return _consent_page(patient, recipient, ConsentForm())


@bp.post("/sharing/new")
@access(Permission.SHARING_MANAGE)
def give_consent() -> ResponseReturnValue:
    """Store a signed consent; the same one sent again is stored once."""
    form, patient = ConsentForm(), viewer()
    recipient = consents.find_recipient(patient, request.args.get("to", ""))
    if form.validate():
        try:
            consents.give_consent(patient, form.id.value, recipient, form.terms(patient), signature=form.signature.data)
            return redirect(url_for("sharing.overview", done="consent-given"), 303)
        except ConsentRefused as refused:
            _show_refusal(form, refused.reason)
    return _consent_page(patient, recipient, form), 422


def _show_refusal(form: ConsentForm, reason: str) -> None:
    if reason in REFUSALS:
        form.add_error(*REFUSALS[reason])
    else:  # The id was used for other words.
        form.renew_id()


def _consent_page(patient: Viewer, recipient: Recipient, form: ConsentForm) -> str:
    return render_page(
        "sharing/consent.html",
        form=form,
        recipient=recipient,
        questions=[form[category] for category in OFFERED],
        form_words=consents.preview_text(patient, recipient),
        closed_until=_closed_until(patient),
    )


@bp.get("/sharing/consents/<uuid:consent_id>")
@access(Permission.SHARING_MANAGE)
def signed_consent(consent_id: uuid.UUID) -> ResponseReturnValue:
    """Show a copy of the words as they were signed."""
    return render_page("sharing/signed.html", copy=service.signed_copy(viewer(), consent_id))


# --- Pausing, resuming, ending ----------------------------------------------------------------------------------------


@bp.post("/sharing/<uuid:consent_id>/pause")
@access(Permission.SHARING_MANAGE)
def pause(consent_id: uuid.UUID) -> ResponseReturnValue:
    """Close what one consent opened, until it is resumed."""
    consents.pause_consent(viewer(), consent_id)
    return redirect(url_for("sharing.overview", done="sharing-paused"), 303)


@bp.post("/sharing/<uuid:consent_id>/resume")
@access(Permission.SHARING_MANAGE)
def resume(consent_id: uuid.UUID) -> ResponseReturnValue:
    """Open a paused consent again."""
    patient = viewer()
    try:
        consents.resume_consent(patient, consent_id)
    except ConsentRefused:
        return _overview(patient, CLOSED), 422
    return redirect(url_for("sharing.overview", done="sharing-resumed"), 303)


@bp.post("/sharing/<uuid:consent_id>/end")
@access(Permission.SHARING_MANAGE)
def end(consent_id: uuid.UUID) -> ResponseReturnValue:
    """Revoke one consent."""
    consents.end_consent(viewer(), consent_id)
    return redirect(url_for("sharing.overview", done="sharing-ended"), 303)


@bp.post("/sharing/pause-all")
@access(Permission.SHARING_MANAGE)
def pause_all() -> ResponseReturnValue:
    """Close everything at once."""
    consents.pause_everything(viewer())
    return redirect(url_for("sharing.overview", done="all-paused"), 303)


# --- The team, and supporters -----------------------------------------------------------------------------------------


@bp.post("/sharing/team/<uuid:membership_id>/shown")
@access(Permission.SHARING_MANAGE)
def shown(membership_id: uuid.UUID) -> ResponseReturnValue:
    """Keep that the patient saw the name of a new member of the team."""
    teams.mark_shown(viewer(), membership_id)
    return redirect(url_for("sharing.overview", done="member-shown"), 303)


@bp.get("/sharing/supporters/new")
@access(Permission.SHARING_MANAGE)
def new_supporter() -> ResponseReturnValue:
    """Ask whom to invite."""
    return render_page("sharing/supporter.html", form=SupporterForm())


@bp.post("/sharing/supporters/new")
@access(Permission.SHARING_MANAGE)
def invite_supporter() -> ResponseReturnValue:
    """Invite a supporter; the same form sent again invites once."""
    form = SupporterForm()
    if form.validate():
        try:
            people.invite_supporter(
                viewer(), form.id.value, form.name.data, form.email.data, form.instructions.data or ""
            )
            return redirect(url_for("sharing.overview", done="supporter-invited"), 303)
        except people.IdInUse:
            form.renew_id()
        except people.TooManyInvitations:
            form.add_error("email", _l("You have 10 open invitations. Cancel one first."))
    return render_page("sharing/supporter.html", form=form), 422


@bp.post("/sharing/supporters/<uuid:link_id>/confirm")
@access(Permission.SHARING_MANAGE)
def confirm_supporter(link_id: uuid.UUID) -> ResponseReturnValue:
    """Confirm that the person who accepted is the right one; nothing is shared by that alone."""
    people.confirm_supporter(viewer(), link_id)
    return redirect(url_for("sharing.overview", done="supporter-confirmed"), 303)


@bp.post("/sharing/supporters/<uuid:link_id>/end")
@access(Permission.SHARING_MANAGE)
def end_supporter(link_id: uuid.UUID) -> ResponseReturnValue:
    """End a support, refuse a person, or take an invitation back, with every consent for them."""
    service.end_support(viewer(), link_id)
    return redirect(url_for("sharing.overview", done="supporter-ended"), 303)


@bp.get("/sharing/supporters/<uuid:link_id>/instructions")
@access(Permission.SHARING_MANAGE)
def instructions(link_id: uuid.UUID) -> ResponseReturnValue:
    """Show what a supporter reads first, to be changed."""
    supporter = service.own_supporter(viewer(), link_id)
    form = InstructionsForm(data={"instructions": supporter.instructions})
    return render_page("sharing/instructions.html", form=form, supporter=supporter)


@bp.post("/sharing/supporters/<uuid:link_id>/instructions")
@access(Permission.SHARING_MANAGE)
def save_instructions(link_id: uuid.UUID) -> ResponseReturnValue:
    """Keep what a supporter reads first."""
    form, patient = InstructionsForm(), viewer()
    if form.validate():
        people.set_instructions(patient, link_id, form.instructions.data or "")
        return redirect(url_for("sharing.overview", done="instructions-saved"), 303)
    supporter = service.own_supporter(patient, link_id)
    return render_page("sharing/instructions.html", form=form, supporter=supporter), 422


# --- Seeing it as they do, and who has looked -------------------------------------------------------------------------


@bp.get("/sharing/preview")
@access(Permission.SHARING_MANAGE)
def preview() -> ResponseReturnValue:
    """Show what one recipient sees, drawn by the same functions and the same template as theirs."""
    patient = viewer()
    recipient = consents.find_recipient(patient, request.args.get("to", ""))
    if patient.entries_closed_until is not None:
        return render_page("sharing/preview_closed.html", recipient=recipient, closed_until=_closed_until(patient))
    until = words.until_of(request.args.get("until"))
    shared = reading.preview(patient, service.picture_of(patient, recipient), until=until)
    return render_page("sharing/preview.html", recipient=recipient, **words.page_words(shared))


@bp.get("/sharing/access-log")
@access(Permission.SHARING_MANAGE)
def access_log() -> ResponseReturnValue:
    """Show who has looked, in plain words, newest first."""
    lines, earlier = service.who_looked(viewer(), request.args.get("before", type=int))
    return render_page("sharing/access_log.html", lines=lines, earlier=earlier, paged="before" in request.args)
