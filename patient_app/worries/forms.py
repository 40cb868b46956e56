"""The forms of a worry: what a supporter writes, and until when a clinician keeps a sender aside."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import Field
from wtforms.validators import StopValidation, ValidationError

from patient_app.core.forms import DayField, Form, IdField, ListField, Needed, list_choices, long_text, short_text
from patient_app.core.ids import parse_id
from patient_app.worries.service import Supported, Told, last_muted_day

LONGEST_WORDS = 2000


class PersonField(ListField):
    """One of the people whom the sender supports, or somebody else; leaving it out means somebody else."""

    def pre_validate(self, form: Any) -> None:
        """Refuse whom the sender does not support: one who is known here and one who is not get the same words."""
        if self.data:
            super().pre_validate(form)


class WorryForm(Form):
    """Who it is about, and what worries the sender."""

    id = IdField()
    patient = PersonField(_l("Who is it about?"))
    about = short_text(_l("Their name"), description=_l("For somebody else. A first name is enough."))
    words = long_text(
        _l("What worries you?"),
        needed=_l("Write what worries you. A few words are enough."),
        longest=LONGEST_WORDS,
        description=_l(
            "What you saw or heard, and when. If they may call you back, add your number. Up to 2000 letters."
        ),
    )

    @classmethod
    def for_people(cls, people: list[Supported], chosen: str | None = None) -> WorryForm:
        """Return the form of a sender; `chosen` picks one of the people, when it is one.

        Not for what was sent: there nobody is picked but by the sender.
        """
        form = cls(patient=chosen)
        if not people:
            del form.patient
            form.about.label.text = _l("Who is it about?")
            form.about.description = _l("A first name is enough.")
            return form
        form.patient.choices = list_choices([*((str(one.id), one.name) for one in people), ("", _l("Somebody else"))])
        return form

    @property
    def patient_id(self) -> uuid.UUID | None:
        """The person who was picked; None for somebody else."""
        return parse_id(self.patient.data) if "patient" in self else None

    @property
    def _is_left_out(self) -> bool:
        """Whether there was a choice, and none was made."""
        return "patient" in self and not self.patient.raw_data

    def validate_patient(self, field: Field) -> None:
        """Ask for the choice where neither it nor a name says who it is about."""
        if self._is_left_out and not self.about.data:
            raise ValidationError(_l("Pick who it is about."))

    def validate_about(self, field: Field) -> None:
        """Ask who it is about, when nobody on the list was picked."""
        if self.patient_id is None and not field.data and not self._is_left_out:
            raise ValidationError(_l("Say who it is about. A first name is enough."))

    def told(self) -> Told:
        """Return what was written; only after the form was found valid."""
        return Told(self.patient_id, self.about.data or "", self.words.data)


class MuteForm(Form):
    """Until when what a sender writes is kept aside."""

    until = DayField(_l("Until the end of this day"))

    @classmethod
    def starting(cls, today: date, shown: date | None = None) -> MuteForm:
        """Return the form; `shown` is the day that stands in it at first."""
        form = cls(until=None if shown is None else shown.isoformat())
        form.until.validators = [Needed(_l("Pick a day.")), _Between(today)]
        return form


class _Between:
    """Takes a day from today on, up to the longest mute."""

    def __init__(self, today: date) -> None:
        self.today = today

    def __call__(self, _form: object, field: Any) -> None:
        """Raise a message that says which days are possible."""
        if not self.today <= field.day <= last_muted_day(self.today):
            raise StopValidation(_l("Pick a day from today on, at most half a year ahead."))
