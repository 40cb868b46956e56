"""The patient's pages about sharing."""

from __future__ import annotations

import uuid

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from patient_app.accounts import people, seen_as, teams
from patient_app.consent import service as consents
from patient_app.consent.service import ConsentRefused, Recipient
from patient_app.consent.words import DISCIPLINE_NAMES
from patient_app.core import notices
from patient_app.core.access import Permission, access
from patient_app.core.identity import Viewer, viewer
from patient_app.core.ids import parse_id
from patient_app.core.pages import render_page
from patient_app.profile import service as profiles
from patient_app.reading import appointments as visits
from patient_app.reading import (
    assignments,
    effect_words,
    effects,
    lessons,
    medicine_words,
    medicines,
    skill_words,
    skills,
    supplies,
    visit_words,
    words,
)
from patient_app.reading import service as reading
from patient_app.reading.words import category_words
from patient_app.sharing import name_views, names, service
from patient_app.sharing.blueprint import bp
from patient_app.sharing.forms import ConsentForm, InstructionsForm, SupporterForm
from patient_app.sharing.log_days import by_day
from patient_app.skills.words import OFTEN

__all__ = ["bp", "name_views"]

notices.register(
    consent_given=_l("Signed. It holds from now on. You can pause or end it at any time."),
    all_paused=_l(
        "Everything is paused. Nobody sees what you write. They get no message. "
        "They can see that nothing is shared now."
    ),
    all_resumed=_l("Everything that was paused is shared again."),
    member_shown=_l("Thank you. They can now read what you share with people of this kind on your team."),
    supporter_invited=_l("The invitation is on its way. Tell them to look for it."),
    supporter_confirmed=_l("Confirmed. They see nothing yet but what helps you. You choose what to share."),
    instructions_saved=_l("Saved. This is what they read first."),
    instructions_gone=_l("Saved. They read nothing first now."),
)

# While older entries are closed after a reset, whoever came in may only take away: all other pages are closed too.
OPEN_WHILE_CLOSED = frozenset({"sharing.overview", "sharing.pause", "sharing.end", "sharing.pause_all"})
# Beside which field a refusal is shown, and in which words.
REFUSALS: dict[str, tuple[str, LazyString]] = {
    "nothing-chosen": ("mood", _l("Pick at least one thing to share, or choose “Not now”.")),
    "not-offered": ("mood", _l("Pick from the answers on this page.")),
    "ends-in-past": ("until_day", _l("This day is over. Pick today or a later day.")),
    "ended-since": (
        "id",
        _l("You ended what you signed here, so nothing is shared by it. To share again, look it over and send it."),
    ),
}


@bp.before_request
def stay_closed() -> ResponseReturnValue | None:
    """Refuse all but pausing and ending while entries are closed: who looks may not be who they say."""
    patient = viewer()
    if patient.entries_closed_until is None or request.endpoint in OPEN_WHILE_CLOSED:
        return None
    status = 200 if request.method in {"GET", "HEAD"} else 422
    return render_page("sharing/closed.html", closed_until=patient.entries_closed_until), status


@bp.get("/sharing")
@access(Permission.SHARING_MANAGE)
def overview() -> ResponseReturnValue:
    """Show who sees what now; while entries are closed, only what can be paused and ended."""
    patient, asked = viewer(), request.args
    if patient.entries_closed_until is not None:
        live, until = consents.own_consents(patient), patient.entries_closed_until
        return render_page(
            "sharing/overview_closed.html", consents=live, disciplines=DISCIPLINE_NAMES, closed_until=until
        )
    of = parse_id(asked.get("of"))
    profile = profiles.profile_of(patient)
    return render_page(
        "sharing/overview.html",
        page=service.overview(patient, asks_about_use=profile.asks_about_use),
        done=service.just_done(patient, asked.get("now"), of) or names.just_chosen(patient, asked.get("now"), of),
        has_names=seen_as.names_of(patient).is_choice,
        seen_words=names.seen_words,
        removed=service.name_of_tie(patient, of) if asked.get("now") == "removed" else None,
        disciplines=DISCIPLINE_NAMES,
        help_is_next=profile.sees_help_next,
    )


def _to_card(patient: Viewer, consent_id: uuid.UUID, word: str) -> ResponseReturnValue:
    """Lead back to the card of a consent, which says what was done."""
    place = service.anchor_of(patient, consent_id)
    return redirect(url_for("sharing.overview", now=word, of=consent_id, _anchor=place), 303)


# --- Giving a consent -------------------------------------------------------------------------------------------------


@bp.get("/sharing/new")
@access(Permission.SHARING_MANAGE, step_up=True)
def new_consent() -> ResponseReturnValue:
    """Ask what to share with one recipient, beginning with what is shared now."""
    patient = viewer()
    recipient = consents.find_recipient(patient, request.args.get("to", ""))
    return _consent_page(patient, recipient, _consent_form(patient, recipient))


def _consent_form(patient: Viewer, recipient: Recipient) -> ConsentForm:
    asks_about_use = profiles.profile_of(patient).asks_about_use
    return ConsentForm(patient, recipient, consents.shared_now(patient, recipient), asks_about_use=asks_about_use)


@bp.post("/sharing/new")
@access(Permission.SHARING_MANAGE, step_up=True, takes_time=True)
def give_consent() -> ResponseReturnValue:
    """Store a signed consent; the same one sent again is stored once."""
    patient = viewer()
    recipient = consents.find_recipient(patient, request.args.get("to", ""))
    form = _consent_form(patient, recipient)
    if form.validate():
        try:
            consents.give_consent(patient, form.id.value, recipient, form.terms(patient), signature=form.signature.data)
            return redirect(url_for("sharing.overview", done="consent-given"), 303)
        except ConsentRefused as refused:
            _show_refusal(form, refused.reason, patient.name)
    return _consent_page(patient, recipient, form), 422


def _show_refusal(form: ConsentForm, reason: str, name: str) -> None:
    if reason in {"signed-before", "ended-since"}:  # The id was used.
        form.renew_id()
    if reason == "ended-since":
        form["id"].errors = []
    if reason == "other-name":
        form.add_error("signature", _l("Type your own name to sign: %(name)s.", name=name))
    elif reason in REFUSALS:
        form.add_error(*REFUSALS[reason])


def _consent_page(patient: Viewer, recipient: Recipient, form: ConsentForm) -> str:
    return render_page(
        "sharing/consent.html",
        form=form,
        recipient=recipient,
        questions=[form[category] for category in form.offered],
        form_words=consents.preview_text(patient, recipient),
        before=category_words(form.before.grants) if form.before else (),
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
    return _to_card(viewer(), consent_id, "paused")


@bp.get("/sharing/<uuid:consent_id>/resume")
@access(Permission.SHARING_MANAGE, step_up=True)
def ask_to_resume(consent_id: uuid.UUID) -> ResponseReturnValue:
    """Ask before opening a paused consent again: where the password leads to."""
    return render_page("sharing/resume.html", cards=service.paused_cards(viewer(), consent_id), consent_id=consent_id)


@bp.post("/sharing/<uuid:consent_id>/resume")
@access(Permission.SHARING_MANAGE, step_up=True)
def resume(consent_id: uuid.UUID) -> ResponseReturnValue:
    """Open a paused consent again."""
    consents.resume_consent(viewer(), consent_id)
    return _to_card(viewer(), consent_id, "resumed")


@bp.post("/sharing/<uuid:consent_id>/end")
@access(Permission.SHARING_MANAGE)
def end(consent_id: uuid.UUID) -> ResponseReturnValue:
    """Revoke one consent."""
    consents.end_consent(viewer(), consent_id)
    return _to_card(viewer(), consent_id, "ended")


@bp.post("/sharing/pause-all")
@access(Permission.SHARING_MANAGE)
def pause_all() -> ResponseReturnValue:
    """Close everything at once."""
    consents.pause_everything(viewer())
    return redirect(url_for("sharing.overview", done="all-paused"), 303)


@bp.get("/sharing/resume-all")
@access(Permission.SHARING_MANAGE, step_up=True)
def ask_to_resume_all() -> ResponseReturnValue:
    """Ask before opening again all that is paused."""
    return render_page("sharing/resume.html", cards=service.paused_cards(viewer()), consent_id=None)


@bp.post("/sharing/resume-all")
@access(Permission.SHARING_MANAGE, step_up=True)
def resume_all() -> ResponseReturnValue:
    """Open again all that is paused."""
    consents.resume_everything(viewer())
    return redirect(url_for("sharing.overview", done="all-resumed"), 303)


# --- The team, and supporters -----------------------------------------------------------------------------------------


@bp.post("/sharing/team/<uuid:membership_id>/shown")
@access(Permission.SHARING_MANAGE)
def shown(membership_id: uuid.UUID) -> ResponseReturnValue:
    """Keep that the patient saw the name of a new member of the team."""
    teams.mark_shown(viewer(), membership_id)
    return redirect(url_for("sharing.overview", done="member-shown"), 303)


@bp.get("/sharing/supporters/new")
@access(Permission.SHARING_MANAGE, step_up=True)
def new_supporter() -> ResponseReturnValue:
    """Ask whom to invite."""
    return render_page("sharing/supporter.html", form=SupporterForm(seen_as.names_of(viewer())))


@bp.post("/sharing/supporters/new")
@access(Permission.SHARING_MANAGE, step_up=True, takes_time=True)
def invite_supporter() -> ResponseReturnValue:
    """Invite a supporter; the same form sent again invites once."""
    patient = viewer()
    form = SupporterForm(seen_as.names_of(patient))
    if form.validate():
        try:
            people.invite_supporter(
                patient, form.id.value, form.name.data, form.email.data, form.instructions.data or "", way=form.way
            )
            return redirect(url_for("sharing.overview", done="supporter-invited"), 303)
        except people.IdInUse:
            form.renew_id()
        except seen_as.NotOffered:  # Changed at this very moment.
            form.add_error("sees", _l("What you are called has changed. Look at the names here, then save again."))
        except people.TooManyInvitations:
            form.add_error("email", _l("You have 10 open invitations. Cancel one first."))
    return render_page("sharing/supporter.html", form=form), 422


@bp.get("/sharing/supporters/<uuid:link_id>/confirm")
@access(Permission.SHARING_MANAGE, step_up=True)
def ask_to_confirm(link_id: uuid.UUID) -> ResponseReturnValue:
    """Ask whether the person who accepted is the right one: where the password leads to."""
    patient = viewer()
    row, names_there = service.own_supporter(patient, link_id), seen_as.names_of(patient)
    return render_page("sharing/confirm.html", row=row, seen=names.seen_words(row) if names_there.is_choice else "")


@bp.post("/sharing/supporters/<uuid:link_id>/confirm")
@access(Permission.SHARING_MANAGE, step_up=True)
def confirm_supporter(link_id: uuid.UUID) -> ResponseReturnValue:
    """Confirm that the person who accepted is the right one; nothing is shared by that alone."""
    service.confirm_supporter(viewer(), link_id)
    return redirect(url_for("sharing.overview", done="supporter-confirmed"), 303)


@bp.post("/sharing/supporters/<uuid:link_id>/end")
@access(Permission.SHARING_MANAGE)
def end_supporter(link_id: uuid.UUID) -> ResponseReturnValue:
    """End a support, refuse a person, or take an invitation back, with every consent for them."""
    service.end_support(viewer(), link_id)
    return redirect(url_for("sharing.overview", now="removed", of=link_id), 303)


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
        word = "instructions-saved" if form.instructions.data else "instructions-gone"
        return redirect(url_for("sharing.overview", done=word), 303)
    supporter = service.own_supporter(patient, link_id)
    return render_page("sharing/instructions.html", form=form, supporter=supporter), 422


# --- Seeing it as they do, and who has looked -------------------------------------------------------------------------


@bp.get("/sharing/preview")
@access(Permission.SHARING_MANAGE)
def preview() -> ResponseReturnValue:
    """Show what one recipient sees, drawn by the same functions and the same template as theirs."""
    patient = viewer()
    recipient = consents.find_recipient(patient, request.args.get("to", ""))
    until = words.until_of(request.args.get("until"))
    whose = service.picture_of(patient, recipient, request.args.get("of"))
    picture = whose.reader
    shared = reading.preview(patient, picture, until=until)
    of_medicines, of_effects, of_visits, given = None, None, None, None
    of_lessons = None
    if recipient.discipline:
        seen = medicines.preview(patient, picture, shared.grants)
        of_medicines = medicine_words.page_words(seen) | supplies.page_words(picture, seen)
        of_effects = effect_words.page_words(effects.preview(patient, picture, shared.grants))
        of_visits = visit_words.page_words(visits.preview(patient, picture, shared.grants))
        given = assignments.preview(patient, picture, shared.grants)
        of_lessons = lessons.preview(patient, picture, shared.grants)
    of_skills = skill_words.page_words(skills.preview(patient, picture, shared.grants))
    return render_page(
        "sharing/preview.html",
        recipient=recipient,
        whose=whose,
        waiting=service.cannot_read_yet(patient, recipient),
        of_medicines=of_medicines,
        of_effects=of_effects,
        of_skills=of_skills,
        of_visits=of_visits,
        given=given,
        of_lessons=of_lessons,
        often=OFTEN,
        **words.page_words(shared),
    )


@bp.get("/sharing/access-log")
@access(Permission.SHARING_MANAGE)
def access_log() -> ResponseReturnValue:
    """Show who has looked, in plain words, newest first."""
    lines, earlier = service.who_looked(viewer(), request.args.get("before", type=int))
    return render_page("sharing/access_log.html", log=by_day(lines), earlier=earlier, paged="before" in request.args)
