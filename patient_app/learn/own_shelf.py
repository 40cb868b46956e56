"""What a supporter saved of the lessons for family and friends: in their private space, for themselves alone.

No page of a patient, a clinician or an administrator asks for any of it. It is one sealed text under the supporter's
key.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import bindparam, select

from patient_app.accounts.registry import store_once
from patient_app.core import clock
from patient_app.core.identity import Viewer
from patient_app.core.prepared import Prepared
from patient_app.core.vault import Place
from patient_app.core.work import connection, db, vault
from patient_app.learn.facts import Lesson
from patient_app.learn.models import OwnShelf as Row

_BY_PERSON = Prepared(select(Row.kept_sealed).where(Row.person_id == bindparam("person_id")))


def saved(person: Viewer) -> list[str]:
    """Return which lessons a supporter saved, the last saved first; one statement."""
    row = _BY_PERSON.first(connection(), {"person_id": person.id})
    if row is None or row.kept_sealed is None:
        return []
    place = Place(Row.__tablename__, "kept_sealed", person.id, person.id)
    return _slugs(json.loads(vault().open(place, row.kept_sealed)))


def save(person: Viewer, lesson: Lesson, *, saved: bool) -> None:
    """Save a lesson for later, or not any more; said twice it is the same. Needs a writing unit."""
    query = select(Row).where(Row.person_id == person.id).with_for_update()
    row = db().scalar(query)
    if row is None:
        if not saved:
            return
        store_once(Row(person_id=person.id, practice_id=person.practice_id, changed_at=clock.now()))
        row = db().scalars(query).one()
    before = _slugs(json.loads(row.kept)) if row.kept else []
    if (lesson.slug in before) != saved:
        kept = [slug for slug in before if slug != lesson.slug]
        row.kept = json.dumps({"saved": [lesson.slug, *kept] if saved else kept})
        row.changed_at = clock.now()


def _slugs(kept: Mapping[str, Any]) -> list[str]:
    return [str(slug) for slug in kept["saved"]]
