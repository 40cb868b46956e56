"""What is said when doses were left out: ask, the few special cards, and what opioids do after a gap.

Never computed advice. Which special cards there are is content/medicines/missed_doses.yaml; which are added for what is
known of opioids is content/rules/after_entry.yaml. Where it is not known how many days were left out, every special
card is shown, so that this adds care, and each says from how many days on it holds: a gap that nobody knows of is no
fact.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

import yaml
from sqlalchemy import and_, bindparam, func, select

from patient_app.core.identity import Viewer
from patient_app.core.work import connection
from patient_app.medications import catalogue
from patient_app.medications.cards import CONTENT, Shown, rules_file, shown
from patient_app.medications.due import due_doses
from patient_app.medications.facts import GapCard, Told
from patient_app.medications.models import Dose, DoseState, DoseVersion, Medicine
from patient_app.medications.regimen import OWN, OwnMedicine, asked_by, due_versions

CARDS = CONTENT / "cards" / "medicine_left_out.yaml"
# A gap that began before this is as long as any that a rule asks for.
LOOK_BACK = timedelta(days=90)
_CONDITIONS = frozenset({"medicines", "days_at_least"})

_LAST_TAKEN = (
    select(Dose.medicine_id, func.max(Dose.plan_date).label("last"))
    .join(Medicine, Medicine.id == Dose.medicine_id)
    .join(DoseVersion, and_(DoseVersion.dose_id == Dose.id, DoseVersion.version == Dose.shown_version))
    .where(
        OWN,
        Dose.patient_id == bindparam("patient_id"),
        Dose.medicine_id.in_(bindparam("medicine_ids", expanding=True)),
        Dose.plan_date <= bindparam("on"),
        Dose.plan_date >= bindparam("since"),
        DoseVersion.state == DoseState.TAKEN,
    )
    .group_by(Dose.medicine_id)
)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule as the file states it."""

    id: str
    medicines: frozenset[str]
    days_at_least: int
    shows: str
    instead_of: frozenset[str]
    status: str
    source: str

    def holds(self, key: str | None, days: int | None) -> bool:
        """Whether it holds for a medicine of which so many days were left out; None: not known how many."""
        return key in self.medicines and (days is None or days >= self.days_at_least)


def cards_after_skip(patient: Viewer, medicine: OwnMedicine, on: date, language: str) -> tuple[Shown, ...]:
    """Return the cards for a dose of the patient's that was left out on a civil date; one statement is asked.

    The special ones first, and last the one that holds for every medicine: ask your pharmacist or prescriber.
    """
    return cards_for(medicine, days_without(patient, medicine, on), language, was_left_out=True)


def cards_after_skips(
    patient: Viewer, skipped: Iterable[tuple[OwnMedicine, date]], language: str
) -> dict[uuid.UUID, tuple[Shown, ...]]:
    """Return, by medicine, the cards for doses of several that were left out, each on a civil date; one statement."""
    by_id = {medicine.id: (medicine, on) for medicine, on in skipped}
    if not by_id:
        return {}
    last = _last_taken_of(patient, by_id, max(on for _, on in by_id.values()))
    return {
        medicine_id: cards_for(medicine, _days_since(medicine, last.get(medicine_id), on), language, was_left_out=True)
        for medicine_id, (medicine, on) in by_id.items()
    }


def cards_for(
    medicine: OwnMedicine, days: int | None, language: str, *, was_left_out: bool = False
) -> tuple[Shown, ...]:
    """Return the cards for a medicine of which so many days in a row were left out, None where that is not known.

    Where it is not, each special card says from how many days on it holds; one that holds from the first dose on says
    so too, unless a dose `was_left_out`.
    """

    def told(card: Shown, from_days: int) -> Shown:
        is_fact = days is not None or (was_left_out and from_days == 0)
        return card if is_fact else replace(card, if_days=from_days)

    key, form, names = medicine.catalogue, medicine.newest.said.form, {medicine.catalogue or "": medicine.name}
    holding, special, ask = _that_hold(key, form, days)
    return (
        *(told(replace(_card(rule.shows, language), names=(medicine.name,)), rule.days_at_least) for rule in holding),
        *(told(shown(gap, names, language), gap.entry.after_days) for gap in special),
        shown(ask, names, language),
    )


@lru_cache(maxsize=1024)
def _that_hold(
    key: str | None, form: str | None, days: int | None
) -> tuple[tuple[Rule, ...], tuple[Told[GapCard], ...], Told[GapCard]]:
    """Return the rules and special cards of a kind of medicine, and the card for every one: always the same."""
    holding = tuple(rule for rule in rules() if rule.holds(key, days))
    said = frozenset().union(*(rule.instead_of for rule in holding))
    *special, ask = (gap for gap in catalogue.gaps(key, form, days) if gap.entry.id not in said)
    return holding, tuple(special), ask


def has_special_cards(medicine: OwnMedicine) -> bool:
    """Whether there is a card for a medicine beside the one that holds for every medicine."""
    holding, special, _ask = _that_hold(medicine.catalogue, medicine.newest.said.form, None)
    return bool(holding or special)


def if_left_out(medicine: OwnMedicine, days: int | None, language: str) -> tuple[Shown, ...]:
    """Return the special cards of a medicine of which nothing is known for so many days, each as an "if".

    None where there is no card but the one that holds for every medicine.
    """
    *special, _ask = cards_for(medicine, days, language)
    unknown = {card.id: card.if_days for card in cards_for(medicine, None, language)}
    return tuple(replace(card, if_days=unknown.get(card.id)) for card in special)


def before_stopping(medicine: OwnMedicine, language: str) -> Shown | None:
    """Return what is said of a medicine that must not be stopped all at once; None where that is not known of it."""
    found = catalogue.get(medicine.catalogue)
    if found is None or not found.never_stop_suddenly:
        return None
    return shown(catalogue.stopping(found.key), {found.key: medicine.name}, language)


def days_without(patient: Viewer, medicine: OwnMedicine, on: date) -> int | None:
    """Return for how many days, up to a civil date and with it, no dose is known to have been taken that was due.

    Counted from the first date with a dose due after the last that was taken; 0 where a dose of the date itself was
    taken. None where no dose of the last months is known to have been taken, so that it cannot be said.
    """
    return _days_since(medicine, _last_taken_of(patient, [medicine.id], on).get(medicine.id), on)


def _days_since(medicine: OwnMedicine, last: date | None, on: date) -> int | None:
    if last is None:
        return None
    if last >= on:
        return 0
    due = due_doses(due_versions([medicine]), last + timedelta(days=1), on)
    return (on - due[0].local_date).days + 1 if due else 0


def _last_taken_of(patient: Viewer, medicine_ids: Iterable[uuid.UUID], on: date) -> dict[uuid.UUID, date]:
    """Return, by medicine, the last civil date, up to one, of whose plan a dose of the patient's own was taken."""
    asked = {**asked_by(patient), "medicine_ids": list(medicine_ids), "on": on, "since": on - LOOK_BACK}
    return {row.medicine_id: row.last for row in connection().execute(_LAST_TAKEN, asked)}


@lru_cache(maxsize=1)
def rules() -> tuple[Rule, ...]:
    """Return the rules in their order; raise at start for a condition, medicine or card that does not exist."""
    found = []
    for entry in rules_file()["left_out"]:
        asked: Mapping[str, Any] = entry["when"]
        keys = frozenset(asked["medicines"])
        if (
            not set(asked) <= _CONDITIONS
            or entry["shows"] not in _card_file()
            or any(not catalogue.get(k) for k in keys)
        ):
            raise ValueError(f"Rule {entry['id']!r} names a condition, a medicine or a card that does not exist.")
        found.append(
            Rule(
                id=entry["id"],
                medicines=keys,
                days_at_least=int(asked.get("days_at_least", 0)),
                shows=entry["shows"],
                instead_of=frozenset(entry.get("instead_of", ())),
                status=entry["status"],
                source=entry["source"],
            )
        )
    return tuple(found)


@lru_cache(maxsize=1)
def _card_file() -> dict[str, dict[str, Any]]:
    cards: Sequence[dict[str, Any]] = yaml.safe_load(CARDS.read_text(encoding="utf-8"))["cards"]
    return {card["id"]: card for card in cards}


@lru_cache(maxsize=64)
def _card(name: str, language: str) -> Shown:
    entry = _card_file()[name]
    words = entry["words"].get(language) or entry["words"]["en"]
    links = tuple((link["to"], label) for link, label in zip(entry["links"], words["links"], strict=True))
    # The numbers are a proposal: the notice says that nobody of the clinic has looked at it yet.
    return Shown(name, words["title"], tuple(words["lines"]), reviewed=False, crisis=entry["crisis"], links=links)
