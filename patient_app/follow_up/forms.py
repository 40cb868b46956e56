"""Forms of what is done when it gets quiet."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, Field, HiddenField
from wtforms.validators import StopValidation

from patient_app.consent.service import Recipient
from patient_app.consent.telling import Telling
from patient_app.core import clock
from patient_app.core.forms import ChoiceField, DayField, Form, IdField, Needed, Options, long_text, short_text
from patient_app.core.identity import Viewer
from patient_app.follow_up.service import DAYS, LONGEST_ASKS, LONGEST_AWAY, TELL_DAYS, Chosen

OPEN = "open"
_UNTIL = {"quarter": timedelta(days=91), "year": timedelta(days=365)}
_DAY_WORDS = {
    2: _l("2 days"),
    3: _l("3 days"),
    4: _l("4 days"),
    5: _l("5 days"),
    7: _l("1 week"),
    10: _l("10 days"),
    14: _l("2 weeks"),
    21: _l("3 weeks"),
    28: _l("4 weeks"),
}


class DaysForm(Form):
    """After how many days a word comes."""

    days = ChoiceField(
        _l("It comes after"),
        Options([(days, _DAY_WORDS[days]) for days in DAYS]),
        validators=[Needed(_l("Pick after how many days."))],
    )

    by_mail = BooleanField(
        _l("Send an e-mail if my phone cannot be reached"),
        description=_l("It says that you have a reminder, and not of what."),
    )

    @classmethod
    def of(cls, chosen: Chosen) -> DaysForm:
        """Return the form filled with what was chosen before, whatever was sent."""
        form = cls(formdata=None)
        form.days.data, form.by_mail.data = chosen.days, chosen.by_mail
        return form


class AwayForm(Form):
    """Until when somebody is away."""

    back_on = DayField(_l("I am back on"))

    def day(self, today: date) -> date | None:
        """Return the day that was chosen; None, with a message, for one that cannot be."""
        day = self.back_on.day
        if day is None or not today < day <= today + LONGEST_AWAY:
            self.add_error("back_on", _l("Choose a day after today, within half a year."))
            return None
        return day


class TellForm(Form):
    """After how many days one recipient is told, what they are asked for, until when, and the name as a signature."""

    id = IdField()
    # Whose names stood on the page: the words that are signed name them.
    recipient_id = HiddenField()
    days = ChoiceField(
        _l("They are told after"),
        Options([(days, _DAY_WORDS[days]) for days in TELL_DAYS]),
        validators=[Needed(_l("Pick after how many days."))],
    )
    asks = long_text(
        _l("What do you want them to do then?"),
        needed=_l("Type what you want them to do."),
        longest=LONGEST_ASKS,
        description=_l("They read this. For example: send me a text and ask how I am. If I do not answer, come by."),
    )
    until = ChoiceField(
        _l("Until when does this hold?"),
        Options([(OPEN, _l("Until I end it")), ("quarter", _l("For 3 months")), ("year", _l("For a year"))]),
        validators=[Needed(_l("Pick until when. You can end it sooner at any time."))],
    )
    signature = short_text(_l("Your name"), needed=_l("Type your name to sign."), render_kw={"autocomplete": "name"})

    def __init__(self, patient: Viewer, recipient: Recipient) -> None:
        """Ask for one recipient; nothing is chosen beforehand."""
        super().__init__()
        self.signature.description = _l(
            "Typing your name here is your signature. Your name here is: %(name)s.", name=patient.name
        )
        self.names = recipient.fingerprint
        self.sent_names, self.recipient_id.data = self.recipient_id.data, self.names

    def validate_recipient_id(self, field: Field) -> None:
        """Refuse where somebody has come to the team, or left it, since the page was made."""
        if self.sent_names != self.names:
            raise StopValidation(_l("Your team has changed. Look at the names above, then sign again."))

    def telling(self, patient: Viewer) -> Telling:
        """Return what was chosen; only after the form was found valid."""
        return Telling(self.days.data, self.asks.data, self._ends_at(patient.zone))

    def _ends_at(self, zone: str) -> datetime | None:
        if self.until.data == OPEN:
            return None
        place = clock.find_zone(zone) or UTC
        last = clock.now().astimezone(place).date() + _UNTIL[self.until.data]
        # That day still belongs to it, so the end is its last second.
        return datetime.combine(last, time(23, 59, 59), place)
