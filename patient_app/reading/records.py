"""How a reading is recorded: what stands still meanwhile, and what the record says."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from sqlalchemy import bindparam, select

from patient_app.access_log import service as access_log
from patient_app.access_log.models import AccessChain, AccessKind
from patient_app.accounts.models import Patient
from patient_app.consent.categories import Category
from patient_app.consent.decisions import Grants
from patient_app.core.identity import Viewer
from patient_app.core.prepared import Statement
from patient_app.reading.fields import USE
from patient_app.reading.people import plain_rows

NOTICE_VERSION = "42cfr2.32-2024"


@dataclass(frozen=True, slots=True)
class Held:
    """What stands still until the end of the unit of work: patients' chains, and their highest `recorded_seq`."""

    chains: access_log.Chains
    highest: dict[uuid.UUID, int]


def hold(patients: Collection[uuid.UUID]) -> Held:
    """Wait for whoever writes about these patients, before anything is decided about reading.

    Raise `access_log.NotWriting` in a unit of work that keeps nothing.
    """
    access_log.must_be_writing()
    rows = plain_rows(_held(), {"patient_ids": list(patients)})
    chains = {patient_id: access_log.ChainEnd(seq, digest) for patient_id, _, seq, digest in rows}
    return Held(chains, {patient_id: highest for patient_id, highest, _, _ in rows})


@lru_cache(maxsize=1)
def _held() -> Statement:
    # SQLite has one writer at a time; elsewhere this keeps entries from being written between the record and the
    # reading, and holds the chains, as `access_log.lock_chains` does. In one fixed order: patient by patient, and of
    # each the patient's row before the chain's.
    return (
        select(Patient.person_id, Patient.entry_seq, AccessChain.seq, AccessChain.digest)
        .join(AccessChain, AccessChain.patient_id == Patient.person_id)
        .where(Patient.person_id.in_(bindparam("patient_ids", expanding=True)))
        .order_by(Patient.person_id)
        .with_for_update(key_share=True)
    )


def only(grants: Grants, categories: Collection[Category]) -> Grants:
    """Return what of the grants a page can show: a record names nothing that did not stand there."""
    return Grants(tuple(grant for grant in grants.items if grant.category in categories))


def readings(
    viewer: Viewer, grants: Mapping[uuid.UUID, Grants], kind: AccessKind, period: tuple[date, date], held: Held
) -> list[access_log.Reading]:
    """Return what is to be recorded of each patient: once a consent, or once without where nothing is shared."""
    return [
        _reading(
            viewer,
            patient_id,
            consent_id,
            grants=found,
            kind=kind,
            period=period,
            highest=held.highest.get(patient_id, 0),
        )
        for patient_id, found in grants.items()
        for consent_id in found.consent_ids or (None,)
    ]


def _reading(
    viewer: Viewer,
    patient_id: uuid.UUID,
    consent_id: uuid.UUID | None,
    *,
    grants: Grants,
    kind: AccessKind,
    period: tuple[date, date],
    highest: int,
) -> access_log.Reading:
    categories = tuple(grant.category for grant in grants.items if grant.consent_id == consent_id)
    return access_log.Reading(
        practice_id=viewer.practice_id,
        patient_id=patient_id,
        viewer_id=viewer.id,
        viewer_role=str(viewer.discipline or viewer.role),
        kind=kind,
        consent_id=consent_id,
        categories=categories,
        from_day=period[0],
        to_day=period[1],
        highest_seq=highest,
        notice_version=NOTICE_VERSION if USE in categories else "",
    )
