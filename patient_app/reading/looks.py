"""What a clinician read of a patient before, by their own access records: so that what is new can stand first.

An entry was seen when, under each consent that opens it now, the clinician read a page with its day on which stood what
it says now. A consent given since opens more of an entry, so that entry is new again.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache

from sqlalchemy import bindparam, func, select, type_coerce, union_all
from sqlalchemy.types import NullType

from patient_app.access_log.models import AccessKind, AccessRecord
from patient_app.consent.categories import Category, Level
from patient_app.consent.decisions import FIRST_DAY, Grants
from patient_app.core import clock, kept
from patient_app.core.kept import as_kept
from patient_app.core.prepared import Statement
from patient_app.reading.people import plain_rows

# What was read longer ago is not asked about: a page of a patient is 14 days.
LOOKS_DAYS = 30


@dataclass(frozen=True, slots=True)
class Look:
    """A page that was read: its days, the highest `recorded_seq` at the time, and when last."""

    first_day: date
    last_day: date
    highest_seq: int
    at: datetime


Looks = Mapping[uuid.UUID, list[Look]]


@dataclass(frozen=True, slots=True)
class Before:
    """What a clinician's records say under some consents: pages read, and which are recorded in their list today."""

    looks: Looks
    in_list: frozenset[uuid.UUID]


def read_before(
    viewer_id: uuid.UUID, consent_ids: Collection[uuid.UUID], until: datetime | None = None, days: int = LOOKS_DAYS
) -> Before:
    """Return this clinician's readings of patients' pages (up to a moment) and list, under each of these consents.

    As far back as `days`: what was written since then was not read before.
    """
    if not consent_ids:
        return Before({}, frozenset())
    now = clock.now()
    asked = {
        "viewer_id": viewer_id,
        "today": now.date(),
        "days": [now.date() - timedelta(days=ago) for ago in range(days + 1)],
        "consent_ids": list(consent_ids),
        "until": until or now,
    }
    found: dict[uuid.UUID, list[Look]] = {}
    in_list = set()
    # As the database keeps them: of most rows, those of the list, only the consent is wanted.
    for kind, consent_id, first_day, last_day, highest_seq, at in plain_rows(_records(), asked):
        consent = kept.id_of(consent_id)
        if kind == AccessKind.CASELOAD:
            in_list.add(consent)
        else:
            days_read = kept.day_of(first_day), kept.day_of(last_day)
            found.setdefault(consent, []).append(Look(*days_read, highest_seq, kept.moment_of(at)))
    return Before(found, frozenset(in_list))


@lru_cache(maxsize=1)
def _records() -> Statement:
    # Made at its first use, as all statements about access records are. By kind and day, as the index has them: who
    # has read for years is not to wait longer.
    page = (AccessRecord.kind, AccessRecord.consent_id, AccessRecord.from_day, AccessRecord.to_day)
    newest = type_coerce(func.max(AccessRecord.recorded_at), NullType())
    shown = (*map(as_kept, page), func.max(AccessRecord.highest_seq), newest)
    in_list = select(*shown).where(
        AccessRecord.viewer_id == bindparam("viewer_id"),
        AccessRecord.on_day == bindparam("today"),
        AccessRecord.kind == AccessKind.CASELOAD,
    )
    looks = select(*shown).where(
        AccessRecord.viewer_id == bindparam("viewer_id"),
        AccessRecord.on_day.in_(bindparam("days", expanding=True)),
        AccessRecord.kind == AccessKind.DETAIL,
        AccessRecord.consent_id.in_(bindparam("consent_ids", expanding=True)),
        AccessRecord.recorded_at <= bindparam("until"),
    )
    return union_all(*(one.group_by(*page) for one in (in_list, looks)))


class Seen:
    """Tells what is new of one patient's entries: what the clinician read before, under the consents that open them."""

    def __init__(self, grants: Grants, looks: Looks, categories: Collection[Category]) -> None:
        opened = {
            grant.consent_id: grant.entries_from or FIRST_DAY
            for grant in grants.items
            if grant.level is Level.DETAIL and grant.category in categories
        }
        self._opening = [(since, looks.get(consent_id, ())) for consent_id, since in opened.items()]
        # From here on all is new: under one of the consents nothing was read yet.
        self._unread_from = min((since for since, found in self._opening if not found), default=date.max)

    def is_new(self, day: date, seq: int) -> bool:
        """Whether an entry of that day says something new; `seq` is the `recorded_seq` of what it says now."""
        return day >= self._unread_from or any(
            since <= day and not _was_read(found, day, seq) for since, found in self._opening
        )


def _was_read(found: Collection[Look], day: date, seq: int) -> bool:
    return any(look.highest_seq >= seq and look.first_day <= day <= look.last_day for look in found)


def last_look(looks: Looks) -> datetime | None:
    """Return when the clinician last looked, as far back as is asked about."""
    return max((look.at for found in looks.values() for look in found), default=None)
