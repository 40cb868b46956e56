"""What the patient's own pages of medicines show, made of services; plain data for the templates."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from datetime import date
from hashlib import sha256

from flask_babel import gettext

from patient_app.core import clock
from patient_app.core.clock import Moment, moment
from patient_app.core.identity import Viewer
from patient_app.medications import catalogue, holding, regimen, words
from patient_app.medications.authors import prescribers
from patient_app.medications.facts import Entry, Medicine, Told
from patient_app.medications.forms import AS_BEFORE, MEANWHILE
from patient_app.medications.models import Answer, Change
from patient_app.medications.regimen import OwnMedicine, OwnRegimen, OwnVersion, Standing
from patient_app.medications.schedule import Hours, Paused


@dataclass(frozen=True, slots=True)
class Listed:
    """A medicine as the list shows it. `later` says from when on something else holds, and what."""

    id: uuid.UUID
    name: str
    line: str
    when: list[str]
    later: tuple[str, list[str]] | None
    private: bool
    prescriber: str


@dataclass(frozen=True, slots=True)
class Version:
    """One version as the history shows it."""

    what: str
    since: str
    who: str
    said: str
    when: list[str]
    reason: str
    answer: Answer | None
    overtaken: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """A change that a prescriber entered, with what it says before and after.

    `from_a_minute`: it holds from a minute of its first day on; what was due before that minute stays as it was.
    """

    version_id: uuid.UUID
    medicine_id: uuid.UUID
    name: str
    who: str
    what: str
    since: str
    before: list[str]
    after: list[str]
    reason: str
    from_a_minute: bool = False


@dataclass(frozen=True, slots=True)
class Regimen:
    """The list of medicines, in the groups of its page."""

    taken: list[Listed]
    paused: list[Listed]
    ended: list[Listed]
    asked: list[Asked]

    @property
    def is_empty(self) -> bool:
        """Whether nothing was ever entered."""
        return not (self.taken or self.paused or self.ended)


def now_of(patient: Viewer) -> Moment:
    """Return this moment as it is for the patient."""
    return moment(clock.now(), patient.zone, patient.day_start_minutes)


def list_of(patient: Viewer, own: OwnRegimen) -> Regimen:
    """Return the patient's medicines as the list shows them."""
    medicines, hours, today = own.medicines, own.hours, now_of(patient).local_date
    names = prescribers(medicines)
    groups: dict[Standing, list[Listed]] = {standing: [] for standing in Standing}
    for medicine in medicines:
        groups[medicine.standing(today)].append(_listed(medicine, today, hours, names))
    asked = [asked_of(medicine, hours, names) for medicine in medicines if medicine.newest.waits_for_answer]
    return Regimen(
        taken=groups[Standing.TAKEN] + groups[Standing.NOT_YET],
        paused=groups[Standing.PAUSED],
        ended=groups[Standing.STOPPED] + groups[Standing.ENDED],
        asked=asked,
    )


def asked_of(medicine: OwnMedicine, hours: Hours, names: dict[uuid.UUID, str]) -> Asked:
    """Return a prescriber's change, which is the newest version of a medicine."""
    newest = medicine.newest
    earlier = medicine.versions[-2] if len(medicine.versions) > 1 else None
    return Asked(
        version_id=newest.id,
        medicine_id=medicine.id,
        name=medicine.name,
        who=names.get(newest.author_id, ""),
        what=str(words.CHANGES[newest.change]),
        since=words.day_words(newest.since),
        before=_lines(earlier, hours) if earlier else [],
        after=_lines(newest, hours),
        reason=newest.reason,
        from_a_minute=earlier is not None and newest.minute > 0,
    )


@dataclass(frozen=True, slots=True)
class One:
    """One medicine as its own page shows it."""

    listed: Listed
    standing: Standing
    what_for: str
    prescriber: str
    about_use: bool
    asked: Asked | None
    end: str


def one_of(patient: Viewer, medicine: OwnMedicine, hours: Hours) -> One:
    """Return one medicine as its own page shows it."""
    today = now_of(patient).local_date
    names, said = prescribers([medicine]), medicine.newest.said
    return One(
        listed=_listed(medicine, today, hours, names),
        standing=medicine.standing(today),
        what_for=said.what_for,
        prescriber=said.prescriber,
        about_use=medicine.about_use,
        asked=asked_of(medicine, hours, names) if medicine.newest.waits_for_answer else None,
        end=words.end_line(medicine.planned.schedule),
    )


def now_and_to_come(patient: Viewer, medicine: OwnMedicine) -> tuple[list[str], list[tuple[str, list[str]]]]:
    """Return what holds today, empty before the first day, and what holds from which later day on.

    For the page on which a medicine is changed; of one that is paused or stopped, what held before.
    """
    today, hours = now_of(patient).local_date, regimen.hours_of(patient)
    if medicine.newest.change in regimen.HOLDS:
        return _all_lines(medicine.planned, hours), []
    held = medicine.on(today)
    return _all_lines(held, hours) if held else [], [
        (words.day_words(one.since), _all_lines(one, hours)) for one in medicine.in_effect if one.since > today
    ]


@dataclass(frozen=True, slots=True)
class GoesOn:
    """What a medicine can be taken again with: lines of each, by the day it is from for what comes later.

    `before` and `meanwhile` are empty where it cannot be gone on with that; `meanwhile_from` is the day on which it was
    to begin. `new_steps`: there were steps, which nobody but the prescriber moves.
    """

    before: list[str]
    meanwhile: list[str]
    meanwhile_from: str
    to_come: list[tuple[str, list[str]]]
    new_steps: bool

    @property
    def asks(self) -> bool:
        """Whether there are two to choose from."""
        return bool(self.before and self.meanwhile)

    @property
    def only(self) -> str | None:
        """The one that there is; None for two, and for none."""
        return None if self.asks else AS_BEFORE if self.before else MEANWHILE if self.meanwhile else None


def goes_on_with(patient: Viewer, medicine: OwnMedicine) -> GoesOn:
    """Return what a medicine that was paused or stopped can be taken again with."""
    today, hours = now_of(patient).local_date, regimen.hours_of(patient)
    found = holding.going_on(medicine.versions, today)
    meanwhile = None if found.are_new_steps else found.meanwhile
    return GoesOn(
        before=[] if found.are_steps_over else _going(found.held, today, hours),
        meanwhile=_going(meanwhile, today, hours) if meanwhile else [],
        meanwhile_from=words.day_words(found.meanwhile.since) if found.meanwhile else "",
        to_come=[(words.day_words(one.since), _all_lines(one, hours)) for one in found.to_come],
        new_steps=found.are_steps_over or found.are_new_steps,
    )


def _going(version: OwnVersion, today: date, hours: Hours) -> list[str]:
    """Return the lines of what is gone on with; an end that has passed is left out, as it will be."""
    end = version.schedule.end
    ended = end is not None and end < today
    return _all_lines(replace(version, schedule=replace(version.schedule, end=None)) if ended else version, hours)


def history_of(medicine: OwnMedicine, hours: Hours) -> list[Version]:
    """Return the versions of a medicine, the newest first."""
    names, kept = prescribers([medicine]), {one.id for one in medicine.in_effect}
    return [
        Version(
            what=str(words.CHANGES[one.change]),
            since=words.day_words(one.since),
            who=names.get(one.author_id, "") if one.by_prescriber else gettext("you"),
            said=words.said_line(one.said),
            when=_lines(one, hours),
            reason=one.reason,
            answer=one.answer,
            overtaken=one.id not in kept,
        )
        for one in reversed(medicine.versions)
    ]


def before(change: Change, medicine: OwnMedicine) -> list[Told[Entry]]:
    """Return what to know before a medicine is stopped, paused or taken again."""
    if change is not Change.RESUMED:
        return [catalogue.stopping(medicine.catalogue)]
    return list(catalogue.gaps(medicine.catalogue, medicine.newest.said.form))


def code_of(medicine: Medicine) -> str:
    """Return a word for a medicine of the catalogue that can stand in an address: it names nothing to who reads it."""
    return sha256(f"medicine {medicine.key}".encode()).hexdigest()[:8]


def by_code(code: str | None) -> Medicine | None:
    """Return the medicine of an address, or None."""
    return _BY_CODE.get(code or "")


_BY_CODE = {code_of(medicine): medicine for medicine in catalogue.every()}


def _listed(medicine: OwnMedicine, today: date, hours: Hours, names: dict[uuid.UUID, str]) -> Listed:
    newest = medicine.newest
    holding = medicine.on(today) or newest
    later = None
    if newest.since > today and newest is not holding:
        later = (words.day_words(newest.since), _lines(newest, hours))
    elif newest.since > today:
        later = (words.day_words(newest.since), [])
    return Listed(
        id=medicine.id,
        name=medicine.name,
        line=words.said_line(holding.said),
        when=_lines(medicine.planned if isinstance(holding.schedule.plan, Paused) else holding, hours),
        later=later,
        private=medicine.private,
        prescriber=names.get(holding.author_id, "") if holding.by_prescriber else "",
    )


def _all_lines(version: OwnVersion, hours: Hours) -> list[str]:
    said = words.said_line(version.said)
    return [*([said] if said else []), *_lines(version, hours)]


def _lines(version: OwnVersion, hours: Hours) -> list[str]:
    end = words.end_line(version.schedule)
    return [*words.schedule_lines(version.schedule, hours), *([end] if end else [])]
