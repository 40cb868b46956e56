"""Imports the tables of every feature, so that migrations and tests see all of them."""

from patient_app.access_log import models as access_log
from patient_app.accounts import models as accounts
from patient_app.appointments import models as appointments
from patient_app.blood_tests import models as blood_tests
from patient_app.checkins import models as checkins
from patient_app.consent import models as consent
from patient_app.effects import models as effects
from patient_app.follow_up import models as follow_up
from patient_app.learn import models as learn
from patient_app.medications import models as medications
from patient_app.profile import models as profile
from patient_app.push import models as push
from patient_app.refills import models as refills
from patient_app.reminders import models as reminders
from patient_app.safety import models as safety
from patient_app.skills import models as skills
from patient_app.teamwork import models as teamwork
from patient_app.worries import models as worries

__all__ = [
    "access_log",
    "accounts",
    "appointments",
    "blood_tests",
    "checkins",
    "consent",
    "effects",
    "follow_up",
    "learn",
    "medications",
    "profile",
    "push",
    "refills",
    "reminders",
    "safety",
    "skills",
    "teamwork",
    "worries",
]
