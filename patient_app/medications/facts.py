"""What a row of content/medicines/ is, once it was read and checked: plain, frozen, typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Generic, TypeVar

from patient_app.profile.things import Kind


class State(StrEnum):
    """How far a fact may be trusted."""

    NOT_REVIEWED = "not_reviewed"
    VERIFIED = "verified"
    SIGNED = "signed"


class Severity(StrEnum):
    """How much a card asks of the reader; the order is the order of danger."""

    STOP_AND_CALL = "stop_and_call"
    ASK_FIRST = "ask_first"
    KNOW = "know"


class ForSubstanceUse(StrEnum):
    """What is known beforehand of the question that every medicine asks, "is this for alcohol or drugs?".

    `ALWAYS`: it is, and belongs to the category of substance use whatever is answered. `ASK`: it can be for either, so
    nothing may be presumed. `NOT_USUAL`: it is mostly for something else; who says otherwise is right.
    """

    ALWAYS = "always"
    ASK = "ask"
    NOT_USUAL = "not_usual"


class Call(StrEnum):
    """Whom a red flag asks to call."""

    EMERGENCY = "emergency"
    TODAY = "today"


@dataclass(frozen=True, slots=True)
class Review:
    """Where a fact comes from, when somebody last looked at it, and who stands for it."""

    source: str
    reviewed_on: date
    state: State
    signed_by: str = ""

    @property
    def reviewed(self) -> bool:
        """Whether it was checked against its source, or signed by a clinician."""
        return self.state is not State.NOT_REVIEWED


@dataclass(frozen=True, slots=True)
class Words:
    """What people read: a name or title, and up to a few lines."""

    name: str
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """One row with words of its own."""

    id: str
    review: Review
    words: Mapping[str, Words]

    def read(self, language: str = "en") -> Words:
        """Return the words in a language, or in English where they have not been written in that language yet."""
        return self.words.get(language) or self.words["en"]


@dataclass(frozen=True, slots=True)
class MedicineClass(Entry):
    """A kind of medicine: the technical word, and the groups that cards speak of."""

    technical: str
    groups: frozenset[str]


@dataclass(frozen=True, slots=True)
class Form(Entry):
    """A form; `next_due` where one speaks of the next date and not of each day."""

    next_due: bool


@dataclass(frozen=True, slots=True)
class Raised:
    """From how strong on (1 to 3) a side effect is raised for the team, where its medicine has the red flag itself."""

    severity: int
    review: Review


@dataclass(frozen=True, slots=True)
class SideEffect(Entry):
    """Something a person may notice; `opens` names the red flag that can stand behind it, or is empty.

    `raised` is there where it opens one.
    """

    common: bool
    opens: str
    raised: Raised | None


@dataclass(frozen=True, slots=True)
class RedFlag(Entry):
    """A sign that cannot wait; `crisis` asks for the two numbers in full."""

    call: Call
    everyone: bool
    crisis: bool


@dataclass(frozen=True, slots=True)
class Stretch(Entry):
    """Some days, counted from the start or the change; without a last day it is open."""

    first_day: int
    last_day: int | None

    def covers(self, day: int) -> bool:
        """Whether a day lies in it."""
        return self.first_day <= day and (self.last_day is None or day <= self.last_day)


@dataclass(frozen=True, slots=True)
class Rhythm:
    """When questions are offered (days), and when a measure is proposed to the team (weeks), after a change."""

    question_days: tuple[int, ...]
    young_days: tuple[int, ...]
    measure_weeks: tuple[int, ...]
    review: Review


@dataclass(frozen=True, slots=True)
class Claim:
    """What is said of one medicine, as codes with a review of their own."""

    codes: tuple[str, ...]
    review: Review


@dataclass(frozen=True, slots=True)
class Code:
    """The RxNorm code of one ingredient."""

    of: str
    rxcui: str
    review: Review


@dataclass(frozen=True, slots=True)
class Medicine:
    """One medicine. Its claims are codes: what may be read of them to a patient is decided in catalogue.py."""

    key: str
    name: str
    names: Mapping[str, str]
    brands: tuple[str, ...]
    also: tuple[str, ...]
    medicine_class: MedicineClass
    for_substance_use: ForSubstanceUse
    forms: tuple[str, ...]
    clinic_dosed: bool
    ingredients: tuple[str, ...]
    codes: tuple[Code, ...]
    review: Review
    claims: Mapping[str, Claim]

    @property
    def every_name(self) -> tuple[str, ...]:
        """All it can be called, in every language."""
        return (self.name, *self.names.values(), *self.brands, *self.also)

    def also_called(self, language: str) -> str:
        """Return its generic name in a language, where that is another word than on a label in the United States."""
        return self.names.get(language, "")

    def claimed(self, about: str) -> tuple[str, ...]:
        """Return the codes of a claim (`onset`, `cautions` ...), or none where nothing is known."""
        claim = self.claims.get(about)
        return claim.codes if claim else ()

    def is_reviewed(self, about: str) -> bool:
        """Whether a claim is there and was reviewed."""
        claim = self.claims.get(about)
        return claim is not None and claim.review.reviewed

    @property
    def never_stop_suddenly(self) -> bool:
        """Whether stopping it all at once can be dangerous, as far as is known."""
        return "never_suddenly" in self.claimed("stopping")

    @property
    def may_be_long_acting(self) -> bool:
        """Whether it is known to be given as a long-acting injection."""
        return "long_acting_injection" in self.forms

    @property
    def rxcuis(self) -> tuple[str, ...]:
        """Return the codes that may leave the application: reviewed, and one for each ingredient; else none."""
        known = {code.of: code.rxcui for code in self.codes if code.review.reviewed}
        return tuple(known[name] for name in self.ingredients) if known.keys() >= set(self.ingredients) else ()


@dataclass(frozen=True, slots=True)
class Which:
    """Which medicines a card is about: those of a kind, of a group, with a caution, of a form, or by their keys."""

    classes: frozenset[str]
    groups: frozenset[str]
    cautions: frozenset[str]
    forms: frozenset[str]
    keys: frozenset[str]

    def named(self, medicine: Medicine) -> bool:
        """Whether the card itself names this medicine, alone or by its kind."""
        kind = medicine.medicine_class
        return medicine.key in self.keys or kind.id in self.classes or bool(kind.groups & self.groups)

    def holds(self, medicine: Medicine) -> bool:
        """Whether it is one of them; the form is asked apart, since it is the person's and not the medicine's."""
        return self.named(medicine) or bool(self.cautions & set(medicine.claimed("cautions")))


@dataclass(frozen=True, slots=True)
class Card(Entry):
    """General words on one subject. `forms`: only for these, where any are named."""

    severity: Severity
    crisis: bool
    forms: frozenset[str]


@dataclass(frozen=True, slots=True)
class SubstanceCard(Card):
    """A substance beside a medicine. For the same medicine the cards in `instead_of` are then left out."""

    substance: Kind
    medicines: Which
    instead_of: frozenset[str]


@dataclass(frozen=True, slots=True)
class PairCard(Card):
    """Two medicines at once. For the same pair the cards in `instead_of` are then left out."""

    one: Which
    other: Which
    instead_of: frozenset[str]


@dataclass(frozen=True, slots=True)
class Fitting(Entry):
    """The questionnaire that is proposed to the team for some medicines."""

    medicines: Which


@dataclass(frozen=True, slots=True)
class GapCard(Entry):
    """What is said when doses were left out, from so many days on."""

    medicines: Which
    after_days: int


E_co = TypeVar("E_co", bound=Entry, covariant=True)


@dataclass(frozen=True, slots=True)
class Told(Generic[E_co]):
    """Words that may be shown, and the keys of the medicines they are shown for.

    Where `reviewed` is false the notice `not_reviewed` stands beside them: general, not yet reviewed by your clinic.
    """

    entry: E_co
    medicines: tuple[str, ...]
    reviewed: bool
