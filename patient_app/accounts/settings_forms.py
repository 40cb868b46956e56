"""Forms of the settings."""

from __future__ import annotations

from functools import lru_cache
from importlib import resources

from flask_babel import lazy_gettext as _l

from patient_app.accounts.names import LONGEST_CALLED, LONGEST_PRONOUNS, Address
from patient_app.accounts.preferences import LATEST_DAY_START, Preferences
from patient_app.accounts.sign_in_forms import app_code
from patient_app.core import clock
from patient_app.core.forms import Form, ListField, list_choices, secret_text, short_text
from patient_app.core.i18n import LANGUAGES, lazy_time
from patient_app.core.identity import Viewer
from patient_app.core.zone_words import zones_in_order

# The zones of the United States first.
_FIRST = (
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Phoenix",
    "America/Los_Angeles",
    "America/Anchorage",
    "Pacific/Honolulu",
    "America/Puerto_Rico",
)
_AREAS = ("Africa/", "America/", "Asia/", "Atlantic/", "Australia/", "Europe/", "Indian/", "Pacific/")


@lru_cache(maxsize=1)
def _other_zones() -> tuple[str, ...]:
    """Return the other zones; those of the table have no second, older name on the list."""
    table = resources.files("tzdata").joinpath("zoneinfo/zone.tab").read_text(encoding="utf-8")
    named = {line.split("\t")[2] for line in table.splitlines() if not line.startswith("#")}
    found = named & clock.zone_names() - set(_FIRST)
    return (*(name for name in found if name.startswith(_AREAS)), "UTC")


class PasswordForm(Form):
    """The password of now, and the new one."""

    current_password = secret_text(
        _l("Password you have now"), needed=_l("Type the password you have now."), autocomplete="current-password"
    )
    new_password = secret_text(_l("New password"), needed=_l("Choose a password."), autocomplete="new-password")
    code = app_code()


class CalledForm(Form):
    """How somebody on the staff, or a supporter, wants to be called. All of it can be left out."""

    called = short_text(
        _l("What would you like to be called?"),
        longest=LONGEST_CALLED,
        description=_l("As you like it, like Sam or Dr. Rivera. If you leave it out, we show %(name)s."),
    )
    pronouns = short_text(_l("Your pronouns"), longest=LONGEST_PRONOUNS)

    @classmethod
    def of(cls, viewer: Viewer, address: Address) -> CalledForm:
        """Return the form with what the caller said before."""
        form = cls(called=address.called, pronouns=address.pronouns)
        form.called.description = form.called.description % {"name": viewer.name}
        return form

    def address(self) -> Address:
        """Return what was said; only after the form was found valid."""
        return Address(self.called.data or "", self.pronouns.data or "")


class PreferencesForm(Form):
    """Language, time zone, and the hour at which a day starts."""

    language = ListField(_l("Language"), choices=list(LANGUAGES.items()))
    zone = ListField(_l("Time zone"))
    day_start = ListField(
        _l("Your day starts at"),
        choices=[(str(minutes), lazy_time(minutes)) for minutes in range(0, LATEST_DAY_START + 1, 60)],
        description=_l("What you write at night before this hour counts for the day before."),
    )

    @classmethod
    def of(cls, viewer: Viewer) -> PreferencesForm:
        """Return the form for a person. While it is in question who signed in it asks for the language alone.

        Whoever that is would else move the person's reminders into the night.
        """
        form = cls()
        if viewer.entries_closed_from is not None:
            del form.zone, form.day_start
        else:
            form.offer_zones(viewer.zone)
        return form

    def offer_zones(self, now: str) -> None:
        """Fill the list of zones; the one that a person has now is always on it."""
        others = _other_zones()
        own = () if now in _FIRST or now in others else (now,)
        self.zone.choices = list_choices(zones_in_order(_FIRST, (*others, *own)))

    def show(self, viewer: Viewer) -> None:
        """Show what a person chose before."""
        self.language.data = viewer.language
        if self.zone:
            self.zone.data, self.day_start.data = viewer.zone, str(viewer.day_start_minutes)

    def to_preferences(self, viewer: Viewer) -> Preferences:
        """Return what was chosen, and for what was not asked what is true now; only after the form was found valid."""
        if not self.zone:
            return Preferences(self.language.data, viewer.zone, viewer.day_start_minutes)
        return Preferences(self.language.data, self.zone.data, int(self.day_start.data))
