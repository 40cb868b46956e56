"""The three screens of a first visit, each of which can be left out, and what one told of oneself in the settings."""

from __future__ import annotations

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l

from patient_app.accounts import names, practice, preferences
from patient_app.core import notices, work
from patient_app.core.access import Permission, access
from patient_app.core.identity import viewer
from patient_app.core.pages import render_page
from patient_app.profile import service
from patient_app.profile.forms import AboutForm, ChipsForm

bp = Blueprint("profile", __name__)

notices.register(
    about_saved=_l("Saved. You can change this at any time."),
    about_saved_name_hidden=_l(
        "Saved. People who support you do not see this. They see the name in your chart. "
        "Under Sharing you choose for each of them."
    ),
    about_saved_pronouns_hidden=_l(
        "Saved. People who support you do not see your pronouns now. Under Sharing you choose for each of them."
    ),
)
# What to say after saving, by what some supporters see no more.
_SAVED = {
    service.Hidden.NOTHING: "about-saved",
    service.Hidden.NAME: "about-saved-name-hidden",
    service.Hidden.PRONOUNS: "about-saved-pronouns-hidden",
}

# While a reset by a clinic code is in question, these still work; the others hold what the person told before.
_OPEN_WHILE_CLOSED = frozenset({"profile.welcome_help", "profile.finish_welcome", "profile.choose_language"})


@bp.before_request
def _while_closed() -> ResponseReturnValue | None:
    """Show nothing of what was told before to whoever came in by a code, until it is known who that was."""
    patient = viewer()
    if patient.entries_closed_until is None or request.endpoint in _OPEN_WHILE_CLOSED:
        return None
    status = 200 if request.method in {"GET", "HEAD"} else 422
    return render_page("profile/closed.html", closed_until=patient.entries_closed_until), status


_TOO_MANY = _l("That is more than eight. Take one off first.")


@bp.get("/welcome")
@access(Permission.PROFILE_MANAGE)
def welcome() -> ResponseReturnValue:
    """Ask what the person wants from this."""
    return render_page("profile/welcome_about.html", form=_form())


@bp.post("/welcome")
@access(Permission.PROFILE_MANAGE)
def save_welcome() -> ResponseReturnValue:
    """Keep what was told and go on."""
    if "skip" in request.form:
        service.go_past(viewer(), 1)
        return redirect(url_for("profile.welcome_sharing"), 303)
    form = _form()
    if _keep(form) is not None:
        return redirect(url_for("profile.welcome_sharing"), 303)
    return render_page("profile/welcome_about.html", form=form), 422


@bp.post("/welcome/language")
@access(Permission.PROFILE_MANAGE)
def choose_language() -> ResponseReturnValue:
    """Go on in another language; one that does not exist changes nothing."""
    preferences.set_language(viewer(), request.form.get("language", ""))
    return redirect(url_for("profile.welcome"), 303)


@bp.get("/welcome/sharing")
@access(Permission.PROFILE_MANAGE)
def welcome_sharing() -> ResponseReturnValue:
    """Say who may see what: nobody, until the person chooses."""
    asks_about_use = service.profile_of(viewer()).asks_about_use
    return render_page("profile/welcome_sharing.html", asks_about_use=asks_about_use)


@bp.post("/welcome/sharing")
@access(Permission.PROFILE_MANAGE)
def leave_sharing() -> ResponseReturnValue:
    """Go on to where help is, or first to where one chooses; the next way to Today then leads past help, once."""
    service.go_past(viewer(), 2)
    return redirect(url_for("sharing.overview" if "choose" in request.form else "profile.welcome_help"), 303)


@bp.get("/welcome/help")
@access(Permission.PROFILE_MANAGE, records=True)
def welcome_help() -> ResponseReturnValue:
    """Show where help is; with that the first screens are gone through, wherever the person goes from here."""
    with work.reading():
        profile = service.profile_of(viewer())
    if profile.sees_help_next:
        service.finish_welcome(viewer())
    reachable = practice.reachable(viewer().practice_id)
    return render_page("profile/welcome_help.html", practice_name=reachable.name, numbers=reachable.numbers)


@bp.post("/welcome/done")
@access(Permission.PROFILE_MANAGE)
def finish_welcome() -> ResponseReturnValue:
    """Leave the first screens, wherever they were left; they do not come again by themselves."""
    service.finish_welcome(viewer())
    return redirect(url_for("home.today"), 303)


@bp.get("/settings/about-me")
@access(Permission.PROFILE_MANAGE)
def about_me() -> ResponseReturnValue:
    """Show what the person told of themselves, to be changed."""
    return _about_page(_form(), _chips_form(service.profile_of(viewer())))


@bp.post("/settings/about-me")
@access(Permission.PROFILE_MANAGE)
def save_about_me() -> ResponseReturnValue:
    """Keep the changes."""
    form = _form()
    hidden = _keep(form)
    if hidden is not None:
        return redirect(url_for("profile.about_me", done=_SAVED[hidden]), 303)
    return _about_page(form, _chips_form(service.profile_of(viewer()))), 422


@bp.post("/settings/about-me/words")
@access(Permission.PROFILE_MANAGE)
def save_words() -> ResponseReturnValue:
    """Keep the chips that stay ticked, and the wish to fold use away."""
    patient = viewer()
    profile = service.profile_of(patient)
    chips = _chips_form(profile)
    if chips.validate():
        # Not asked where use plays no part: then it stays as it was.
        fold_use = bool(chips.fold_use.data) if "fold_use" in chips else profile.fold_use
        service.change(patient, triggers=chips.triggers.data, helpers=chips.helpers.data, fold_use=fold_use)
        return redirect(url_for("profile.about_me", done="about-saved"), 303)
    return _about_page(_form(reads=False), chips), 422


def _about_page(form: AboutForm, chips: ChipsForm) -> str:
    return render_page("profile/about_me.html", form=form, chips=chips)


def _form(*, reads: bool = True) -> AboutForm:
    """Return the form with what was told before, and what was sent just now; `reads` false leaves that aside."""
    patient = viewer()
    told = (service.profile_of(patient), names.address_of(patient), patient.day_start_minutes)
    return AboutForm.of(*told) if reads else AboutForm.of(*told, formdata=None)


def _keep(form: AboutForm) -> service.Hidden | None:
    """Keep what a valid form says, and return what supporters see no more; None where it cannot be kept.

    The reason then stands beside a field.
    """
    if not form.validate():
        return None
    patient = viewer()
    try:
        known = service.profile_of(patient)
        service.change(patient, **form.answers(known), step=max(known.step, 2))
    except service.TooMany:
        form.add_error("own_thing", _TOO_MANY)
        return None
    return service.set_address(patient, form.address(), int(form.day_start.data))


def _chips_form(profile: service.Profile) -> ChipsForm:
    form = ChipsForm(triggers=profile.triggers, helpers=profile.helpers, fold_use=profile.fold_use)
    form.triggers.offer((words, words) for words in profile.triggers)
    form.helpers.offer((words, words) for words in profile.helpers)
    if not profile.asks_about_use:
        del form.fold_use
    return form
