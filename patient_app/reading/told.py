"""Which rows tell that somebody was told of a patient's silence, for as long as that can be read (`silence`).

How many there are is asked with a clinician's list of patients, and so stands below it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Select, bindparam, func, select

from patient_app.consent.decisions import Asker, Reader, asked_by, open_consents
from patient_app.consent.models import Consent
from patient_app.core import clock
from patient_app.core.identity import Viewer
from patient_app.follow_up.models import FollowUpTold

# So long what was told can be read; then it says nothing of now any more.
STANDS = timedelta(days=14)


def reader_of(viewer: Viewer) -> Reader:
    """Return the signed-in person as a reader."""
    return Reader(viewer.id, viewer.practice_id, viewer.role, viewer.discipline)


def asked(viewer: Viewer) -> dict[str, Any]:
    """Return what is bound to both queries."""
    return {**asked_by(reader_of(viewer)), "told_since": clock.now() - STANDS}


def count(kind: Asker) -> Select[int]:
    """Return the query of how much there is to read; of whom is not said."""
    return rows(kind, (func.count(func.distinct(Consent.id)),))


def rows(kind: Asker, columns: Sequence[Any]) -> Select[Any]:
    """Return the query of what was told, by consents that are active and reach the reader now."""
    return (
        select(*columns)
        .select_from(FollowUpTold)
        .join(Consent, Consent.id == FollowUpTold.consent_id)
        .where(
            open_consents(kind),
            Consent.tells_after.is_not(None),
            FollowUpTold.told_at > bindparam("told_since"),
        )
    )
