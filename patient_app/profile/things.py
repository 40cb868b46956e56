"""What a person wants to keep an eye on: substances and behaviours, by kind, with names of their own.

A kind is what the rules after a check-in know; the name is what the person calls it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l


class Kind(StrEnum):
    """What something is, as far as the rules after a check-in need to know."""

    ALCOHOL = "alcohol"
    OPIOIDS = "opioids"
    STIMULANTS = "stimulants"
    CANNABIS = "cannabis"
    SEDATIVES = "sedatives"
    NICOTINE = "nicotine"
    GAMBLING = "gambling"
    OTHER = "other"


KIND_NAMES: dict[Kind, LazyString] = {
    Kind.ALCOHOL: _l("Alcohol"),
    Kind.OPIOIDS: _l("Opioids (pain pills, heroin, fentanyl)"),
    Kind.STIMULANTS: _l("Cocaine, meth or other stimulants"),
    Kind.CANNABIS: _l("Cannabis"),
    Kind.SEDATIVES: _l("Sedatives (such as Xanax or Valium)"),
    Kind.NICOTINE: _l("Smoking or vaping"),
    Kind.GAMBLING: _l("Gambling"),
    Kind.OTHER: _l("Something else"),
}


@dataclass(frozen=True, slots=True)
class Thing:
    """One substance or behaviour that a person named; `words` is their own name for it, or "" for the kind's."""

    id: str
    kind: Kind
    words: str = ""

    @property
    def name(self) -> LazyString | str:
        """What it is called where the person reads it."""
        return self.words or KIND_NAMES[self.kind]
