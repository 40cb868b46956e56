"""Pages made simple, for a hard day: two taps, large letters, no drawings, three things that may help.

Only the person turns it on or off; an entry may be followed by the offer (`content/rules/after_entry.yaml`), and
nothing else speaks of it. The page itself can be used without that being turned on: so it is there without a network,
and what is said there of all pages waits on the phone.
"""

from __future__ import annotations

from flask import abort, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l

from patient_app.accounts import names, preferences
from patient_app.checkins.forms import CheckInForm
from patient_app.checkins.rules import hard
from patient_app.core import clock, not_now, notices, outbox
from patient_app.core.access import Permission, access
from patient_app.core.forms import ChoiceField, Form
from patient_app.core.identity import Viewer, viewer
from patient_app.core.keeping import kept_on_phone
from patient_app.core.outbox import Item, Refused, SaidAt
from patient_app.core.pages import render_page
from patient_app.home.blueprint import bp
from patient_app.medications import doses, regimen, unseen_pairs
from patient_app.profile import service as profiles
from patient_app.skills import figures, helping, library, service

ON, OFF = "on", "off"
MOST_OWN_WORDS = 3

notices.register(
    "home.today",
    simple_on=_l("Your pages stay like this until you say otherwise."),
    simple_off=_l("Everything is shown again."),
)


class SimpleForm(Form):
    """Whether pages are to be simple: the two buttons of the page."""

    simple = ChoiceField(_l("Show my pages"), [(ON, _l("Calm")), (OFF, _l("With everything"))])

    @property
    def is_on(self) -> bool:
        """Whether they are to be simple."""
        return bool(self.simple.data == ON)


def take_wish(patient: Viewer, item: Item) -> str:
    """Keep what the person wanted when there was no network, unless they said something else later."""
    form = SimpleForm(formdata=item.fields)
    if not form.validate():
        raise Refused.by(form)
    if form.simple.data is None:
        raise Refused([("simple", _l("This page was out of date. Please tap it again."))])
    if not preferences.was_wished(patient, item.id):
        preferences.show_simply(patient, wish=form.is_on, said=SaidAt.by(item))
    return _told(form)


def _told(form: SimpleForm) -> str:
    return url_for("home.today", done="simple-on" if form.is_on else "simple-off")


outbox.register("home.set_simple", take_wish)


@bp.get("/simple")
@access(Permission.TODAY_READ)
@kept_on_phone
def simple() -> ResponseReturnValue:
    """Show the simple page, with the offer to keep all pages so."""
    return simple_page(viewer())


@bp.post("/simple")
@access(Permission.TODAY_READ)
def set_simple() -> ResponseReturnValue:
    """Keep what the person wants; said twice it is the same."""
    form = SimpleForm()
    if not form.validate() or form.simple.data is None:  # Two buttons are all that the page offers.
        abort(400)
    preferences.show_simply(viewer(), wish=form.is_on)
    return redirect(_told(form), 303)


def simple_page(patient: Viewer) -> str:
    """Return the page: how are you, three things that may help, and what is due now, if anything is.

    Two medicines that do not go together are told of here as well: safety is left out of no page.
    """
    own, now = regimen.own_regimen(patient), clock.moment(clock.now(), patient.zone, patient.day_start_minutes)
    profile, known = profiles.profile_of(patient), library.all_exercises()
    runs = [run for run in service.own_runs(patient) if run.exercise in known]
    shown = library.offered(not_now.of(patient), asks_about_use=profile.asks_about_use).exercises
    return render_page(
        "home/simple.html",
        form=CheckInForm.blank(profile),
        hard=hard(),
        asks_about_use=profile.asks_about_use,
        called=names.address_of(patient).greeting(patient.name),
        helpful=helping.on_a_hard_day(shown, figures.groups_of(runs, known)),
        own_words=profile.helpers[-MOST_OWN_WORDS:],
        doses_due=len(doses.waiting(patient, now.occurred_at, own)),
        unseen_pair=next(iter(unseen_pairs.waiting(patient, own.medicines, now.local_date)), None),
    )
