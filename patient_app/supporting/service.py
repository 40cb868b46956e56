"""What a supporter's pages need to know beside what `reading` gives."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select

from patient_app.accounts.models import SupportLink, SupportState
from patient_app.consent.categories import Category
from patient_app.core.identity import Viewer
from patient_app.core.work import db
from patient_app.reading.service import SupportedPerson
from patient_app.reading.words import scope_sentences


def waits_for_confirmation(supporter: Viewer) -> bool:
    """Whether somebody has yet to confirm this supporter; who it is stays untold until then."""
    query = select(SupportLink.id).where(
        SupportLink.supporter_id == supporter.id,
        SupportLink.practice_id == supporter.practice_id,
        SupportLink.state == SupportState.ACCEPTED,
    )
    return db().scalar(query.limit(1)) is not None


def scope_of_substance_use(people: Iterable[SupportedPerson]) -> str:
    """Return who shares substance use and what they agreed to, for the notice of 42 CFR 2.32; empty without any."""
    return " · ".join(
        f"{one.person.name}: {'; '.join(scope_sentences(one.grants, one.person.zone))}"
        for one in people
        if Category.SUBSTANCE_USE in one.grants.categories
    )
