"""What other features show on the pages of medicines: gathered by whoever registered; medicines know none of them.

A feature above registers, by a name, what its part of a page needs (`register`); the views hand it to their templates
as `beside.<name>`, where the feature's own include draws it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from patient_app.core.identity import Viewer
from patient_app.medications.regimen import OwnMedicine

# Each gets who asks, one medicine or all that are listed, and the patient's civil date.
OnPage = Callable[[Viewer, OwnMedicine, date], Any]
OnList = Callable[[Viewer, Sequence[OwnMedicine], date], Any]

_ON_PAGE: dict[str, OnPage] = {}
_ON_LIST: dict[str, OnList] = {}


def register(name: str, *, on_page: OnPage | None = None, on_list: OnList | None = None) -> None:
    """Let a feature's part stand on the page of a medicine, or in the list of them."""
    if on_page is not None:
        _ON_PAGE[name] = on_page
    if on_list is not None:
        _ON_LIST[name] = on_list


def on_page(patient: Viewer, medicine: OwnMedicine, today: date) -> dict[str, Any]:
    """Return what the parts on the page of one medicine need, by their names."""
    return {name: gather(patient, medicine, today) for name, gather in _ON_PAGE.items()}


def on_list(patient: Viewer, medicines: Sequence[OwnMedicine], today: date) -> dict[str, Any]:
    """Return what the parts in the list of medicines need, by their names; each asks at most a statement or two."""
    return {name: gather(patient, medicines, today) for name, gather in _ON_LIST.items()}
