"""The part of a medicine's page that tells what is left of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from patient_app.core.identity import Viewer
from patient_app.medications.regimen import OwnMedicine
from patient_app.refills import service
from patient_app.refills.counting import Coverage
from patient_app.refills.service import Supply


@dataclass(frozen=True, slots=True)
class OnPage:
    """What there is, and on how many of the last days what was filled was enough, as far as that can be said."""

    supply: Supply
    coverage: Coverage | None


def on_page(patient: Viewer, medicine: OwnMedicine, today: date) -> OnPage:
    """Return what is shown of one medicine's supply. One statement."""
    supply = service.own_supply(patient, medicine, today)
    return OnPage(supply, service.covered(supply))
