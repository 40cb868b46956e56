"""What a version says of a medicine in words: its name and all that is not its schedule."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cache

from patient_app.medications import catalogue
from patient_app.medications.facts import ForSubstanceUse, Medicine
from patient_app.medications.names import plain

_BUPRENORPHINE = "buprenorphine"


@dataclass(frozen=True, slots=True)
class Said:
    """A medicine in words. `catalogue` and `form` are keys of the catalogue, None for a person's own words.

    `what_for` is the reason in the patient's words, `prescriber` who prescribed it; "" where nobody told.
    """

    name: str
    catalogue: str | None = None
    strength: str = ""
    form: str | None = None
    what_for: str = ""
    prescriber: str = ""

    @property
    def always_about_use(self) -> bool:
        """Whether it is for alcohol or drugs whatever anybody answers: by its key, or by a name in own words."""
        return self._is_one_of(_for_use)

    @property
    def is_buprenorphine(self) -> bool:
        """Whether it is buprenorphine, alone or with another: by its key, or by a name in own words."""
        return self._is_one_of(_with_buprenorphine)

    def _is_one_of(self, which: Callable[[Medicine], bool]) -> bool:
        found = catalogue.get(self.catalogue)
        if found is not None and which(found):
            return True
        words = f" {plain(self.name)} "
        return any(f" {name} " in words for name in _names_of(which))


def to_json(said: Said) -> str:
    """Return what is sealed."""
    return json.dumps(asdict(said))


def from_json(text: str) -> Said:
    """Return what was sealed."""
    return Said(**json.loads(text))


def _for_use(medicine: Medicine) -> bool:
    return medicine.for_substance_use is ForSubstanceUse.ALWAYS


def _with_buprenorphine(medicine: Medicine) -> bool:
    return _BUPRENORPHINE in medicine.ingredients


@cache
def _names_of(which: Callable[[Medicine], bool]) -> frozenset[str]:
    """Return every name of some medicines of the catalogue, as `plain` writes them."""
    return frozenset(
        plain(name) for medicine in catalogue.every() if which(medicine) for name in medicine.every_name
    )
