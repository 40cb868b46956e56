"""The form of a check-in: every question can be left out, nothing is chosen beforehand."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, HiddenField

from patient_app.checkins.service import Answers
from patient_app.checkins.words import MOODS
from patient_app.core import clock
from patient_app.core.forms import ChoiceField, Form, IdField, ScaleField, long_text, without_controls

YES, NO = "yes", "no"


class CheckInForm(Form):
    """How are you, any pull, did you, a note."""

    id = IdField()
    zone = HiddenField(filters=[without_controls])
    mood = ChoiceField(_l("How are you now?"), list(MOODS.items()))
    craving = ScaleField(_l("Any pull to drink or use?"), description=_l("0 is none. 10 is the strongest ever."))
    use = ChoiceField(_l("Since last time, did you drink or use?"), [(NO, _l("No")), (YES, _l("Yes"))])
    note = long_text(_l("A note, if you like"), description=_l("Nobody reads notes unless you share them."))
    note_about_use = BooleanField(_l("This note is about alcohol or drugs"))
    private = BooleanField(_l("Keep this check-in to myself"))

    def answers(self) -> Answers:
        """Return what was said; only after the form was found valid."""
        return Answers(
            mood=self.mood.data,
            craving=self.craving.data,
            use=None if self.use.data is None else self.use.data == YES,
            note=self.note.data or "",
            note_about_use=bool(self.note.data) and bool(self.note_about_use.data),
            private=bool(self.private.data),
        )

    def zone_or(self, fallback: str) -> str:
        """Return the zone that the phone named, or the person's own when it named none that exists."""
        sent = self.zone.data or ""
        return sent if clock.find_zone(sent) else fallback


class PrivacyForm(Form):
    """Keep one check-in to oneself, or let consents open it again."""

    private = ChoiceField(_l("Who may see this check-in?"), [(NO, _l("Shared")), (YES, _l("Only me"))])
