"""Which cards stand beside what a person takes: on substances, on two medicines at once, and on one by itself.

Which cards there are is the catalogue's; here they are put together with what a person takes, in their names for it.
It is for the patient alone, whatever they share, and informs: no card tells anybody to start, stop or change a dose.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from patient_app.core.clock import moment, now
from patient_app.core.identity import Viewer
from patient_app.medications import catalogue
from patient_app.medications.due import held_between
from patient_app.medications.facts import Card, Entry, Severity, Told
from patient_app.medications.files import SUBSTANCES
from patient_app.medications.regimen import OwnMedicine, due_versions, own_medicines
from patient_app.medications.schedule import Paused

CONTENT = Path(__file__).resolve().parents[1] / "content"
RULES = CONTENT / "rules" / "after_entry.yaml"
# So many cards stand open beside a check-in; more are one tap away.
MOST_OPEN = 2


@dataclass(frozen=True, slots=True)
class Shown:
    """One card as a page shows it.

    `heading` says how much it asks of the reader, "" where it stands for itself. `names` are the medicines it is about,
    as the person calls them. Where `reviewed` is false the notice `not_reviewed` stands beside it. `crisis`: the two
    numbers belong beside it. `if_days`: it holds only if so many days were left out, which is not known, and the page
    says so before it; 0 for a dose, None for a card that holds as it stands.
    """

    id: str
    title: str
    lines: tuple[str, ...]
    heading: str = ""
    severity: str = ""
    names: tuple[str, ...] = ()
    reviewed: bool = True
    crisis: bool = False
    # Parts of the help page, with what the link says.
    links: tuple[tuple[str, str], ...] = ()
    if_days: int | None = None


@dataclass(frozen=True, slots=True)
class Notices:
    """The plain words that stand beside cards."""

    not_reviewed: str
    not_complete: str


@dataclass(frozen=True, slots=True)
class BesideUse:
    """The cards beside what was used, and what stands beside cards."""

    cards: tuple[Shown, ...]
    notices: Notices


@dataclass(frozen=True, slots=True)
class OfMedicine:
    """All that is said beside one medicine: with others, with substances, by itself, and before it is stopped."""

    together: tuple[Shown, ...]
    substances: tuple[Shown, ...]
    alone: tuple[Shown, ...]
    stopping: Shown

    @property
    def pressing(self) -> tuple[Shown, ...]:
        """What is shown at once when a medicine was added or changed: whatever asks to call or to ask first."""
        return tuple(card for card in (*self.together, *self.substances) if card.severity != "know")

    @property
    def others(self) -> tuple[Shown, ...]:
        """What else there is to know; a tap away."""
        return tuple(card for card in (*self.together, *self.substances) if card.severity == "know") + self.alone


def of_medicine(medicine: OwnMedicine, medicines: Iterable[OwnMedicine], day: date, language: str) -> OfMedicine:
    """Return the cards of one medicine of the person's, who takes these medicines (it may be among them).

    `day` is the civil date on which that is asked. What was stopped lately counts beside it; a medicine in own words
    has no cards but that one asks before it is stopped.
    """
    others = [one for one in medicines if one.id != medicine.id and taken_lately(one, day)]
    names = _names([*others, medicine])
    key = medicine.catalogue
    together = catalogue.cards_together(names, new=key) if key else ()
    return OfMedicine(
        together=_all_shown(together, names, language),
        substances=_all_shown(catalogue.cards_for([key]) if key else (), names, language),
        alone=_all_shown(catalogue.cards_of(key, medicine.newest.said.form), names, language),
        stopping=shown(catalogue.stopping(key), {key or "": medicine.name}, language),
    )


def beside_use(patient: Viewer, kinds: Iterable[str], language: str) -> BesideUse | None:
    """Return the cards on these kinds of substances beside what the patient takes, the most careful first.

    What was stopped lately counts as well: alcohol reacts with disulfiram for two weeks after the last of it.
    None where no card speaks of them, or for kinds that are no substance. Asks for the medicines only when a kind
    may have a card.
    """
    substances = [kind for kind in SUBSTANCES if kind in set(kinds)]
    if not substances:
        return None
    day = moment(now(), patient.zone, patient.day_start_minutes).local_date
    names = _names(one for one in own_medicines(patient) if taken_lately(one, day))
    found = [told for kind in substances for told in catalogue.cards_for(names, kind)]
    found.sort(key=lambda told: _DANGER[told.entry.severity])
    return BesideUse(_all_shown(found, names, language), notices(language)) if found else None


def notices(language: str) -> Notices:
    """Return what stands beside cards: that they are not reviewed yet, and that they are not all there is."""
    return Notices(_line("not_reviewed", language), _line("not_complete", language))


def taken_lately(medicine: OwnMedicine, day: date) -> bool:
    """Whether a medicine is part of the plan, or was until a few days ago (content/rules/after_entry.yaml)."""
    since = day - timedelta(days=stopped_lately_days(medicine.catalogue))
    return _held(medicine, since, day) or _is_to_come(medicine, day)


@lru_cache(maxsize=1)
def rules_file() -> dict[str, Any]:
    """Return what content/rules/after_entry.yaml says of medicines, as it stands there.

    Raise for a medicine that does not exist.
    """
    read: dict[str, Any] = yaml.safe_load(RULES.read_text(encoding="utf-8"))["medicines"]
    unknown = [key for key in read["stopped_lately"]["longer"] if catalogue.get(key) is None]
    if unknown:
        raise ValueError(f"Medicines that do not exist count for longer: {unknown}.")
    return read


def stopped_lately_days(key: str | None) -> int:
    """Return for how many days a stopped medicine, by its key, still counts beside others."""
    said = rules_file()["stopped_lately"]
    return int(said["longer"].get(key, said["days"]))


def shown(told: Told[Any], names: dict[str, str], language: str, *, heading: str = "", crisis: bool = False) -> Shown:
    """Return words of the catalogue as a page shows them."""
    entry: Entry = told.entry
    words = entry.read(language)
    return Shown(
        id=entry.id,
        title=words.name,
        lines=words.lines,
        heading=heading,
        names=tuple(names[key] for key in told.medicines if key in names),
        reviewed=told.reviewed,
        crisis=crisis,
    )


def _all_shown(cards: Sequence[Told[Any]], names: dict[str, str], language: str) -> tuple[Shown, ...]:
    return tuple(_card(told, names, language) for told in cards)


def _card(told: Told[Card], names: dict[str, str], language: str) -> Shown:
    entry = told.entry
    words = entry.read(language)
    return Shown(
        id=entry.id,
        title=words.name,
        lines=words.lines,
        heading=catalogue.severity_words(entry.severity).read(language).name,
        severity=entry.severity.value,
        names=tuple(names[key] for key in told.medicines if key in names),
        reviewed=told.reviewed,
        crisis=entry.crisis,
    )


_DANGER = {severity: number for number, severity in enumerate(Severity)}


def _names(medicines: Iterable[OwnMedicine]) -> dict[str, str]:
    """Return how the person calls each medicine that the catalogue knows, by its key."""
    return {one.catalogue: one.name for one in medicines if one.catalogue}


def _held(medicine: OwnMedicine, first: date, last: date) -> bool:
    """Whether any version that makes the medicine part of the plan holds on any date of a range."""
    for version, begins, ends in held_between(due_versions([medicine]), first, last):
        schedule = version.schedule
        if isinstance(schedule.plan, Paused):
            continue
        if max(begins, schedule.start) <= min(ends, schedule.end or ends):
            return True
    return False


def _is_to_come(medicine: OwnMedicine, day: date) -> bool:
    """Whether it is to begin later: two medicines of which one begins next week are met in the plan already."""
    newest = medicine.newest
    return newest.since > day and not isinstance(newest.schedule.plan, Paused)


def _line(name: str, language: str) -> str:
    return " ".join(catalogue.notice(name).read(language).lines)
