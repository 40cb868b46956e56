"""What somebody was told when a patient did not check in: for how long, and what the patient asks of them then.

Open only while the consent by which they were told is active, to the supporter or the members of the team whom it
reaches now, for some days. Nothing else of the patient is read; each reading is recorded.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Select

from patient_app.access_log import service as access_log
from patient_app.access_log.models import AccessKind
from patient_app.consent import seals
from patient_app.consent.decisions import Asker, asker
from patient_app.consent.models import Consent
from patient_app.core import work
from patient_app.core.identity import Viewer
from patient_app.core.roles import Role
from patient_app.follow_up.models import FollowUpTold
from patient_app.reading import people, told
from patient_app.reading.fields import open_text
from patient_app.reading.people import Named, plain_rows
from patient_app.reading.service import reader_of

MOST_SHOWN = 50


@dataclass(frozen=True, slots=True)
class ToldOf:
    """Of whom somebody was told, when (UTC), for how many days there was no check-in then, and what they are asked."""

    person: Named
    days: int
    asks: str
    told_at: datetime


def waiting(viewer: Viewer) -> int:
    """Return how much there is to read; of whom is not said, so nothing is recorded. One SQL statement.

    Takes no writer lock, since pages ask it each time that they are opened.
    """
    with work.aside():
        return int(plain_rows(_count(asker(reader_of(viewer))), told.asked(viewer))[0][0])


def told_to(viewer: Viewer) -> list[ToldOf]:
    """Return what the viewer was told in the last days, the newest first, and record that they read it.

    Needs a writing unit.
    """
    reader = reader_of(viewer)
    kind, asked = asker(reader), told.asked(viewer)
    patients = {row.patient_id for row in plain_rows(_rows(kind), asked)}
    if not patients:
        return []
    names = _names(viewer, patients)
    # What is decided next stands until it is recorded.
    chains = access_log.lock_chains(names.keys())
    rows = [row for row in plain_rows(_rows(kind), asked) if row.patient_id in names and _is_whole(row)]
    found: dict[uuid.UUID, Any] = {}
    for row in rows:
        found.setdefault(row.id, row)  # The newest by each consent.
    access_log.record([_reading(viewer, row) for row in found.values()], chains)
    return [
        ToldOf(
            names[row.patient_id],
            row.days,
            open_text(Consent.__tablename__, "asks_sealed", row.id, row.patient_id, row.asks_sealed),
            row.told_at,
        )
        for row in found.values()
    ]


def _names(viewer: Viewer, patients: set[uuid.UUID]) -> dict[uuid.UUID, Named]:
    if viewer.role is Role.CLINICIAN:
        return people.some_of_list(viewer, patients)
    return {person.id: person for person, _ in people.supported(viewer) if person.id in patients}


def _is_whole(row: Any) -> bool:
    facts = [getattr(row, column.key) for column in seals.FACTS]
    return seals.is_whole(facts, seals.telling(row.tells_after), row.seal)


def _reading(viewer: Viewer, row: Any) -> access_log.Reading:
    return access_log.Reading(
        practice_id=viewer.practice_id,
        patient_id=row.patient_id,
        viewer_id=viewer.id,
        viewer_role=str(viewer.discipline or viewer.role),
        kind=AccessKind.SILENCE,
        consent_id=row.id,
    )


@lru_cache(maxsize=32)
def _rows(kind: Asker) -> Select[Any]:
    columns = (Consent.tells_after, Consent.asks_sealed, Consent.seal, FollowUpTold.days, FollowUpTold.told_at)
    return told.rows(kind, (*seals.FACTS, *columns)).order_by(FollowUpTold.told_at.desc()).limit(MOST_SHOWN)


@lru_cache(maxsize=32)
def _count(kind: Asker) -> Select[int]:
    return told.count(kind)
