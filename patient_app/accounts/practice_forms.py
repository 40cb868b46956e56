"""Forms for the practice: people, hours, telephone numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from flask_babel import lazy_gettext as _l
from wtforms import Field, StringField
from wtforms.validators import ValidationError

from patient_app.accounts.charts import ChartWords
from patient_app.accounts.number_kinds import KINDS
from patient_app.accounts.practice import WEEKDAYS, Hours
from patient_app.core import clock
from patient_app.core.forms import (
    OUT_OF_DATE,
    ChoiceField,
    DayField,
    Form,
    IdField,
    ListField,
    Needed,
    long_text,
    short_text,
    without_controls,
)
from patient_app.core.i18n import LANGUAGES
from patient_app.core.roles import Discipline, Role
from patient_app.core.times import as_field, as_sent, of_field

# One mailbox and nothing else: a comma makes two recipients of one, and so may an encoded word (=?...?=).
_EMAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/^_{|}~-]+@[^@\s.,;:<>()\[\]\\\"]+(\.[^@\s.,;:<>()\[\]\\\"]+)+")
PHONE = re.compile(r"\+?[0-9 ().-]*[0-9][0-9 ().-]*")
LONGEST_EMAIL = 254
EARLIEST_BIRTH = 1900
ADULT = 18

DISCIPLINES = {
    Discipline.PRESCRIBER: _l("Prescriber"),
    Discipline.THERAPIST: _l("Therapist"),
    Discipline.ADDICTION_SPECIALIST: _l("Addiction specialist"),
    Discipline.NURSE: _l("Nurse"),
    Discipline.CASE_MANAGER: _l("Case manager"),
    Discipline.PEER_SPECIALIST: _l("Peer specialist"),
}
WORK = {str(Role.ADMINISTRATOR): _l("Administrator"), **{str(each): name for each, name in DISCIPLINES.items()}}


def check_email(_form: object, field: Field) -> None:
    """Refuse what cannot be an e-mail address; whether somebody reads it, the invitation finds out."""
    text = field.data or ""
    hidden = any(not letter.isprintable() for letter in text)
    if text and (hidden or "=?" in text or len(text) > LONGEST_EMAIL or not _EMAIL.fullmatch(text)):
        raise ValidationError(_l("Use an e-mail address such as name@example.org."))


def sent_whole(form: Form) -> bool:
    """Whether every field was sent, if only empty; says so beside each that was not."""
    missing = [field.name for field in form if not field.raw_data and not field.errors]
    for name in missing:
        form.add_error(name, OUT_OF_DATE)
    return not missing


class StaffForm(Form):
    """Invites a member of the staff."""

    id = IdField()
    name = short_text(_l("Name"), needed=_l("Type a name."), render_kw={"autocomplete": "off"})
    email = short_text(
        _l("E-mail address"),
        needed=_l("Type an e-mail address. The invitation goes there."),
        render_kw={"type": "email", "autocomplete": "off"},
    )
    work = ListField(
        _l("Work"),
        choices=[("", _l("Pick one")), *WORK.items()],
        description=_l("An administrator looks after accounts and reads nothing that patients write."),
        validators=[Needed(_l("Pick what this person does."))],
    )

    def validate_email(self, field: Field) -> None:
        """Check the address."""
        check_email(self, field)

    @property
    def role(self) -> Role:
        """The role that the work belongs to."""
        return Role.ADMINISTRATOR if self.work.data == Role.ADMINISTRATOR else Role.CLINICIAN

    @property
    def discipline(self) -> Discipline | None:
        """The clinician's discipline."""
        return None if self.role is Role.ADMINISTRATOR else Discipline(self.work.data)


class _ChartFields(Form):
    """What the practice keeps about a patient."""

    name = short_text(_l("Name"), needed=_l("Type a name."), render_kw={"autocomplete": "off"})
    chart_number = short_text(
        _l("Chart number"), needed=_l("Type the chart number."), longest=40, render_kw={"autocomplete": "off"}
    )
    date_of_birth = DayField(_l("Date of birth"), validators=[Needed(_l("Type the date of birth."))])
    email = short_text(
        _l("E-mail address"),
        description=_l("The invitation goes there. Leave it empty to hand over a code instead."),
        render_kw={"type": "email", "autocomplete": "off"},
    )
    address = long_text(_l("Address"), longest=500)
    emergency_contact = long_text(
        _l("Emergency contact"), longest=500, description=_l("Name, phone, and who they are to this person.")
    )

    @property
    def born(self) -> date:
        """The date of birth; only after the form was found valid."""
        day: date | None = self.date_of_birth.day
        if day is None:
            raise ValueError("The date was not checked.")
        return day

    def validate_email(self, field: Field) -> None:
        """Check the address."""
        check_email(self, field)

    def validate_date_of_birth(self, field: DayField) -> None:
        """Refuse a date that is not an adult's."""
        born, today = field.day, clock.now().date()
        if born is None:
            return
        if born > today or born.year < EARLIEST_BIRTH:
            raise ValidationError(_l("Check the year. This date cannot be right."))
        if _age(born, today) < ADULT:
            raise ValidationError(_l("Accounts are for people who are 18 or older, for now."))


class PatientForm(_ChartFields):
    """Registers a patient."""

    id = IdField()
    language = ListField(
        _l("Language"),
        choices=list(LANGUAGES.items()),
        default="en",
        description=_l("The invitation is in it. They can pick another one at any time."),
    )


class ChartForm(_ChartFields):
    """Changes what the practice keeps about a patient; the page says what becomes of the e-mail address."""

    def validate(self, extra_validators: object = None) -> bool:
        """Check each field; what was not sent at all is not taken for empty, which would remove what is kept."""
        return all([super().validate(extra_validators), sent_whole(self)])

    def words(self) -> ChartWords:
        """Return what was typed; only after the form was found valid."""
        return ChartWords(
            name=self.name.data,
            chart_number=self.chart_number.data,
            date_of_birth=self.born,
            address=self.address.data or "",
            emergency_contact=self.emergency_contact.data or "",
            email=self.email.data or "",
        )


def _age(born: date, today: date) -> int:
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


class FindForm(Form):
    """Looks for patients."""

    words = short_text(
        _l("Find by name or chart number"),
        needed=_l("Type a name or a chart number."),
        longest=80,
        render_kw={"type": "search", "autocomplete": "off"},
    )


class AssignForm(Form):
    """Puts a clinician on a team."""

    clinician_id = ListField(
        _l("Add to the care team"), choices=[], validators=[Needed(_l("Pick a person from the list."))]
    )


class CodeIssueForm(Form):
    """Issues a code."""

    id = IdField()


class NumberForm(Form):
    """Adds a telephone number."""

    id = IdField()
    kind = ChoiceField(_l("What it is for"), [("", _l("Pick one, or type it below")), *KINDS.items()])
    label = short_text(
        _l("In your own words"),
        description=_l("Only if nothing on the list fits. Everybody reads the list in their own language."),
        longest=80,
    )
    phone = short_text(_l("Phone number"), needed=_l("Type a phone number."), longest=40, render_kw={"type": "tel"})
    note = short_text(_l("A short note"), description=_l("For example: ask for the nurse."))

    @property
    def said(self) -> str:
        """What it is for: own words before one of the list."""
        return self.label.data or self.kind.data or ""

    def validate_label(self, _field: Field) -> None:
        """Ask for words where nothing was picked."""
        if not self.said:
            raise ValidationError(_l("Pick what this number is for, or type it."))

    def validate_phone(self, field: Field) -> None:
        """Refuse what a phone could not call."""
        if not PHONE.fullmatch(field.data or ""):
            raise ValidationError(_l("Use a number such as 555 0100 or +1 555 0100."))


class TimeField(StringField):  # type: ignore[misc]  # WTForms has no types.
    """A time of day in the form that browsers send (HH:MM), or nothing."""

    def __init__(self, label: object, weekday: int, **options: object) -> None:
        super().__init__(label, filters=[_tidy_time], **options)
        self.weekday = WEEKDAYS[weekday]

    @property
    def minutes(self) -> int | None:
        """Minutes after midnight; None when it was left empty."""
        return of_field(self.data) if self.data else None

    def show(self, minutes: int) -> None:
        """Put a stored time into the field."""
        self.data = as_field(minutes)

    def pre_validate(self, _form: object) -> None:
        """Refuse what is no time."""
        if self.data and of_field(self.data) is None:
            raise ValidationError(_l("%(day)s: use a time such as 9:00 AM.", day=self.weekday))


def _tidy_time(text: str | None) -> str | None:
    """Drop spaces, hidden signs, and the seconds that some browsers add."""
    tidy = without_controls(text).strip()
    return as_sent(tidy[:5] if re.fullmatch(r"[0-9:]{8}", tidy) else tidy)


class HoursForm(Form):
    """The opening hours of a week; a day without times is closed."""

    opens_0, closes_0 = TimeField(_l("Opens"), 0), TimeField(_l("Closes"), 0)
    opens_1, closes_1 = TimeField(_l("Opens"), 1), TimeField(_l("Closes"), 1)
    opens_2, closes_2 = TimeField(_l("Opens"), 2), TimeField(_l("Closes"), 2)
    opens_3, closes_3 = TimeField(_l("Opens"), 3), TimeField(_l("Closes"), 3)
    opens_4, closes_4 = TimeField(_l("Opens"), 4), TimeField(_l("Closes"), 4)
    opens_5, closes_5 = TimeField(_l("Opens"), 5), TimeField(_l("Closes"), 5)
    opens_6, closes_6 = TimeField(_l("Opens"), 6), TimeField(_l("Closes"), 6)

    def days(self) -> Iterator[tuple[str, TimeField, TimeField]]:
        """Give each weekday's name and fields, Monday first."""
        for weekday, name in enumerate(WEEKDAYS):
            yield str(name), self[f"opens_{weekday}"], self[f"closes_{weekday}"]

    def show(self, hours: list[Hours]) -> None:
        """Put the stored hours into the fields."""
        for day in hours:
            self[f"opens_{day.weekday}"].show(day.opens)
            self[f"closes_{day.weekday}"].show(day.closes)

    def validate(self, extra_validators: object = None) -> bool:
        """Check each time, then that each day has both or none, in order."""
        if not all([super().validate(extra_validators), sent_whole(self)]):
            return False
        for day, opens, closes in self.days():
            if (opens.minutes is None) != (closes.minutes is None):
                missing = closes if closes.minutes is None else opens
                self.add_error(missing.name, _l("%(day)s: add this time too, or leave both empty.", day=day))
            elif opens.minutes is not None and opens.minutes >= (closes.minutes or 0):
                self.add_error(closes.name, _l("%(day)s: use a time later than the opening time.", day=day))
        return not self.errors

    def hours(self) -> dict[int, tuple[int, int]]:
        """Return the hours by weekday; only after the form was found valid."""
        return {
            weekday: (opens.minutes, closes.minutes)
            for weekday, (_name, opens, closes) in enumerate(self.days())
            if opens.minutes is not None and closes.minutes is not None
        }
