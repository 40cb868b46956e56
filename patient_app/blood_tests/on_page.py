"""The part of a medicine's page that tells the patient of its blood tests."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from flask_babel import get_locale

from patient_app.blood_tests import service
from patient_app.core.identity import Viewer
from patient_app.medications import cards, catalogue
from patient_app.medications.cards import Shown
from patient_app.medications.regimen import OwnMedicine


@dataclass(frozen=True, slots=True)
class Line:
    """One test as the page shows it."""

    name: str
    due_on: date
    done_on: date | None
    author: str


@dataclass(frozen=True, slots=True)
class OnPage:
    """The tests that were entered, and which ones belong to the medicine; `not_reviewed` stands beside those words."""

    tests: tuple[Line, ...]
    known: tuple[Shown, ...]
    not_reviewed: str


def on_page(patient: Viewer, medicine: OwnMedicine, _today: date) -> OnPage:
    """Return what is shown of one medicine's blood tests. One statement."""
    language, key = str(get_locale()), medicine.catalogue
    tests = [
        Line(test.planned.what.name(key, language), test.planned.due_on, test.planned.done_on, test.author)
        for test in service.own_tests(patient, medicine.id)
    ]
    known = [cards.shown(told, {}, language) for told in catalogue.blood_tests(key)]
    return OnPage(tuple(tests), tuple(known), cards.notices(language).not_reviewed)
