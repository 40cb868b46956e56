"""The forms about sharing. Nothing is chosen beforehand but what the person chose before: a change begins with that.

Not choosing shares nothing.
"""

from __future__ import annotations

import calendar
from datetime import UTC, date, datetime, time
from typing import Any

from flask_babel import LazyString, gettext
from flask_babel import lazy_gettext as _l
from wtforms import Field, HiddenField
from wtforms.validators import StopValidation

from patient_app.accounts.practice_forms import check_email
from patient_app.accounts.seen_as import Names, Way
from patient_app.consent.categories import OFFERED, Category, Level
from patient_app.consent.service import ConsentSummary, Recipient, Terms
from patient_app.consent.words import CATEGORY_HINTS, CATEGORY_NAMES, HINTS_WITHOUT_USE
from patient_app.core import clock
from patient_app.core.clock import moment
from patient_app.core.forms import ChoiceField, DayField, Form, IdField, Needed, long_text, short_text
from patient_app.core.identity import Viewer

NO, BEFORE, NOW, SAME, OPEN, CHOSEN = "no", "before", "now", "same", "open", "day"
MONTHS = {"month": 1, "quarter": 3, "year": 12}
LONGEST_YEARS = 10
INSTRUCTIONS = 2000

_LEVELS = [
    (NO, _l("Don't share")),
    (str(Level.SUMMARY), _l("A summary of each week")),
    (str(Level.DETAIL), _l("Each check-in")),
]
_WHOLE = [(NO, _l("Don't share")), (str(Level.DETAIL), _l("Share"))]


def _question(category: Category, choices: list[tuple[str, LazyString]]) -> ChoiceField:
    return ChoiceField(CATEGORY_NAMES[category], choices, description=CATEGORY_HINTS[category])


class ConsentForm(Form):
    """What to share, from when, until when, and the name typed as a signature."""

    id = IdField()
    # Whose names stood on the page: the words that are signed name them.
    recipient_id = HiddenField()
    mood = _question(Category.MOOD, _LEVELS)
    substance_use = _question(Category.SUBSTANCE_USE, _LEVELS)
    medications = _question(Category.MEDICATIONS, _WHOLE)
    notes = _question(Category.NOTES, _WHOLE)
    skills = _question(Category.SKILLS, _WHOLE)
    plan = _question(Category.PLAN, _WHOLE)
    safety_plan = _question(Category.SAFETY_PLAN, _WHOLE)
    since = ChoiceField(
        _l("From when?"),
        [
            (BEFORE, _l("Also what I wrote before")),
            (SAME, _l("From the same day on as now")),
            (NOW, _l("Only from today on")),
        ],
        validators=[Needed(_l("Pick from when they may see it."))],
    )
    until = ChoiceField(
        _l("Until when?"),
        [
            (OPEN, _l("Until I end it")),
            ("month", _l("1 month")),
            ("quarter", _l("3 months")),
            ("year", _l("1 year")),
            (CHOSEN, _l("Until a day I choose")),
        ],
        validators=[Needed(_l("Pick until when. You can end it sooner at any time."))],
    )
    until_day = DayField(_l("The last day"), description=_l("Only if you chose a day above."))
    signature = short_text(
        _l("Your name"),
        needed=_l("Type your name to sign."),
        render_kw={"autocomplete": "name"},
    )

    def __init__(
        self, patient: Viewer, recipient: Recipient, before: ConsentSummary | None, *, asks_about_use: bool
    ) -> None:
        """Begin with what is shared with this recipient now, if anything is.

        For whom alcohol and drugs play no part the form does not speak of them, unless they are shared now.
        """
        super().__init__(data=_as_chosen(before, patient.zone) if before else None)
        self.signature.description = _l(
            "Typing your name here is your signature. Your name here is: %(name)s.", name=patient.name
        )
        self.before = before
        speaks_of_use = asks_about_use or (before is not None and Category.SUBSTANCE_USE in dict(before.grants))
        self.offered = tuple(one for one in recipient.offered if speaks_of_use or one is not Category.SUBSTANCE_USE)
        if not speaks_of_use:
            for category in self.offered:
                self[category].description = HINTS_WITHOUT_USE[category]
        self.names = recipient.fingerprint
        self.sent_names, self.recipient_id.data = self.recipient_id.data, self.names
        if before is None or before.entries_from is None:
            self.since.choices = [choice for choice in self.since.choices if choice.value != SAME]

    def validate_recipient_id(self, field: Field) -> None:
        """Refuse where somebody has come to the team, or left it, since the page was made."""
        if self.sent_names != self.names:
            raise StopValidation(_l("Your team has changed. Look at the names above, then sign again."))

    def validate_since(self, field: Field) -> None:
        """Refuse the day of before where there is none."""
        if field.data == SAME and (self.before is None or self.before.entries_from is None):
            raise StopValidation(field.unknown())

    def validate_until_day(self, field: Field) -> None:
        """Ask for the day where one is to be chosen, and for one that can be meant."""
        if self.until.data != CHOSEN:
            if field.data and self.until.data:
                raise StopValidation(_l("You chose something else above. Choose “Until a day I choose”, or clear it."))
            return
        if not field.data:
            raise StopValidation(_l("Pick the day on which sharing ends."))
        if date.fromisoformat(field.data).year > clock.now().year + LONGEST_YEARS:
            raise StopValidation(_l("Pick a day in the next 10 years, or choose “Until I end it”."))

    def terms(self, patient: Viewer) -> Terms:
        """Return what was chosen; only after the form was found valid."""
        today = moment(clock.now(), patient.zone).local_date
        chosen = {category: self[category].data for category in self.offered}
        same = self.before.entries_from if self.before else None
        return Terms(
            grants={category: Level(level) for category, level in chosen.items() if level not in {None, NO}},
            ends_at=self._ends_at(today, patient.zone),
            entries_from={NOW: today, SAME: same}.get(self.since.data),
        )

    def _ends_at(self, today: date, zone: str) -> datetime | None:
        if self.until.data == OPEN:
            return None
        last = self.until_day.day if self.until.data == CHOSEN else _months_after(today, MONTHS[self.until.data])
        # The chosen day still belongs to it, so the end is its last second.
        return None if last is None else datetime.combine(last, time(23, 59, 59), clock.find_zone(zone) or UTC)


def _as_chosen(before: ConsentSummary, zone: str) -> dict[str, str]:
    """Return what is shared now as answers of the form."""
    levels = dict(before.grants)
    answers = {str(category): str(levels.get(category, NO)) for category in OFFERED}
    answers["since"] = BEFORE if before.entries_from is None else SAME
    answers["until"] = OPEN if before.ends_at is None else CHOSEN
    if before.ends_at is not None:
        answers["until_day"] = moment(before.ends_at, zone).local_date.isoformat()
    return answers


def _months_after(day: date, months: int) -> date:
    """Return the same day of a later month, or that month's last day where it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def _instructions_field() -> Any:
    return long_text(
        _l("What helps when I am having a hard time"),
        longest=INSTRUCTIONS,
        description=_l("They read this first. For example: call me, come by, let me talk, or give me some time."),
    )


class NameForm(Form):
    """By which name one supporter sees the patient; asks nothing of who did not say what they like to be called."""

    sees = ChoiceField(
        _l("Which name do they see?"),
        [
            (Way.CHART, _l("The name in my chart")),
            (Way.CALLED, _l("What I like to be called")),
            (Way.CALLED_AND_PRONOUNS, _l("What I like to be called, and my pronouns")),
        ],
        description=_l("A name or pronouns can tell something about you. You choose for each person."),
        validators=[Needed(_l("Pick which name they see."))],
    )
    # Which names stood on the page: whoever picks one means those.
    names = HiddenField()

    def __init__(self, names: Names, now: Way = Way.CHART) -> None:
        """Offer the names that there are, beginning with the way it is now."""
        super().__init__(data={"sees": now})
        self.offered = names
        self.sent_names, self.names.data = self.names.data, names.fingerprint
        self.sees.choices = [choice for choice in self.sees.choices if choice.value in names.ways]
        if not names.is_choice:
            del self.sees, self.names

    def validate_sees(self, field: Field) -> None:
        """Refuse what is not offered, and a name that stood on no page: nobody picked it."""
        if field.data not in self.offered.ways:
            raise StopValidation(field.unknown())
        if field.data != Way.CHART and self.sent_names != self.offered.fingerprint:
            field.data = None  # What was picked means something else now: it is not to be sent by mere habit.
            raise StopValidation(_l("What you are called has changed. Look at the names here, then save again."))

    @property
    def words(self) -> dict[Way, str]:
        """What the supporter would read, by answer."""
        return {
            way: gettext("“%(name)s”, %(pronouns)s", name=seen.name, pronouns=seen.pronouns)
            if seen.pronouns
            else gettext("“%(name)s”", name=seen.name)
            for way, seen in self.offered.ways.items()
        }

    @property
    def way(self) -> Way:
        """What was picked; only after the form was found valid."""
        return Way(self.sees.data) if self.sees else Way.CHART


class SupporterForm(NameForm):
    """Invites somebody to support the patient."""

    id = IdField()
    name = short_text(
        _l("Their name"),
        needed=_l("Type a name. Only you see it."),
        description=_l("Any name by which you know them. Only you see it."),
        render_kw={"autocomplete": "off"},
    )
    email = short_text(
        _l("Their e-mail address"),
        needed=_l("Type an e-mail address. The invitation goes there."),
        description=_l(
            "The mail does not say your name, and not what this is about. Tell them that it comes from you."
        ),
        render_kw={"type": "email", "autocomplete": "off"},
    )
    instructions = _instructions_field()

    def validate_email(self, field: Field) -> None:
        """Check the address."""
        check_email(self, field)


class InstructionsForm(Form):
    """What the patient asks of a supporter; empty takes it back."""

    instructions = _instructions_field()
