"""The form with which a clinician enters an appointment with a patient: whom it is with is not asked."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField

from patient_app.appointments.forms import AppointmentForm
from patient_app.appointments.said import Entered


class VisitForm(AppointmentForm):
    """When, where, how long: a visit with the clinician who enters it."""

    about_use = BooleanField(
        _l("This visit is about alcohol or drugs"),
        description=_l("Then others on the team see it only where the patient shares alcohol and drugs with them."),
    )

    @classmethod
    def blank(cls, **options: Any) -> VisitForm:
        """Return the form as it is sent first."""
        form = cls(**options)
        form.leave_out_whom()
        form.offer_lengths(None)
        return form

    @classmethod
    def filled(cls, one: Entered) -> VisitForm:
        """Return the form filled with a visit as it is now."""
        form = cls(**cls.data_of(one))
        form.leave_out_whom()
        form.offer_lengths(one.said.minutes)
        return form

    def leave_out_whom(self) -> None:
        """Ask neither with whom it is, nor for a name."""
        del self.with_whom, self.who
