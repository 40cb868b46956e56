"""A patient's safety plan, as far as a clinician may see it: each step as it is now, or not at all."""

from __future__ import annotations

import uuid
from functools import lru_cache

from sqlalchemy import bindparam, or_, select

from patient_app.consent.categories import Category, Level
from patient_app.consent.decisions import Asker, Grants, Reader, asked_by, asker, open_days
from patient_app.core.prepared import Statement
from patient_app.core.roles import Role
from patient_app.reading.people import plain_rows
from patient_app.safety.models import PlanStep, Step
from patient_app.safety.plan import IS_NEWEST, Written, as_written

PLAN, USE = Category.SAFETY_PLAN, Category.SUBSTANCE_USE


def steps_of(reader: Reader, patient_id: uuid.UUID, grants: Grants) -> tuple[Written, ...]:
    """Return the steps that are open to a clinician, in their order; none to a supporter, whatever a consent says.

    What a step said before is nobody's but its author's: one that is closed as it is now is left out.
    """
    if reader.role is not Role.CLINICIAN or grants.level(PLAN) is not Level.DETAIL:
        return ()
    asked = {"patient_id": patient_id, "consent_ids": grants.consent_ids, "level": Level.DETAIL}
    rows = plain_rows(_query(asker(reader)), {**asked_by(reader), **asked})
    steps = {Step(row.step): as_written(row) for row in rows}
    return tuple(steps[step] for step in Step if step in steps)


@lru_cache(maxsize=32)
def _query(kind: Asker) -> Statement:
    opened = open_days(kind, (PLAN, USE))
    return (
        select(
            PlanStep.id,
            PlanStep.patient_id,
            PlanStep.step,
            PlanStep.version,
            PlanStep.day,
            PlanStep.recorded_at,
            PlanStep.recorded_seq,
            PlanStep.about_use,
            PlanStep.words_sealed,
        )
        .join(opened, opened.c.patient_id == PlanStep.patient_id)
        .where(
            PlanStep.patient_id == bindparam("patient_id"),
            IS_NEWEST,
            PlanStep.words_sealed.is_not(None),
            opened.c[PLAN] <= PlanStep.day,
            or_(PlanStep.about_use.is_(False), opened.c[USE] <= PlanStep.day),
        )
    )
