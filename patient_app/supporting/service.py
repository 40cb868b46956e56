"""What a supporter's pages need to know beside what `reading` gives."""

from __future__ import annotations

from sqlalchemy import select

from patient_app.accounts.models import SupportLink, SupportState
from patient_app.core.identity import Viewer
from patient_app.core.work import db


def waits_for_confirmation(supporter: Viewer) -> bool:
    """Whether somebody has yet to confirm this supporter; who it is stays untold until then."""
    query = select(SupportLink.id).where(
        SupportLink.supporter_id == supporter.id,
        SupportLink.practice_id == supporter.practice_id,
        SupportLink.state == SupportState.ACCEPTED,
    )
    return db().scalar(query.limit(1)) is not None
