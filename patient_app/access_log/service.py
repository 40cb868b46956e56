"""Adds access records and verifies their chains.

A record's digest is an HMAC over the digest before it and the record's own canonical form, under a key that is not in
the main database. The ends of the chains are anchored in the key store, so that cutting off the last records shows.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import cast

from sqlalchemy import ScalarResult, Select, Table, Update, bindparam, insert, select, update

from patient_app.access_log.models import AccessChain, AccessKind, AccessRecord
from patient_app.core import clock
from patient_app.core.ids import new_id
from patient_app.core.keys import AccessAnchor
from patient_app.core.logs import logger
from patient_app.core.work import Store, connection, db, unit, vault

CHAIN_PURPOSE = "access records"
BATCH = 2000


class NotWriting(RuntimeError):
    """A reading was to be recorded in a unit of work that keeps nothing: its view did not say `records`."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What is to be recorded: who, of whom, under which consent, what, and over which days."""

    practice_id: uuid.UUID
    patient_id: uuid.UUID
    viewer_id: uuid.UUID
    viewer_role: str
    kind: AccessKind
    consent_id: uuid.UUID | None = None
    categories: tuple[str, ...] = ()
    from_day: date | None = None
    to_day: date | None = None
    highest_seq: int = 0
    notice_version: str = ""


@dataclass(slots=True)
class Verification:
    """What checking the chains found; each fault is one plain sentence with ids only."""

    patients: int = 0
    records: int = 0
    faults: list[str] = field(default_factory=list)


@dataclass(slots=True)
class ChainEnd:
    """The number and the digest of the last record of a patient's chain."""

    seq: int
    digest: bytes


# The ends of patients' chains, held until the end of the unit of work.
Chains = dict[uuid.UUID, ChainEnd]


def lock_chains(patients: Iterable[uuid.UUID]) -> Chains:
    """Hold the chains of these patients, so that what is decided next is true when it is recorded.

    Taken in one fixed order, so that two writers cannot wait for each other; whoever also holds rows of `patient` takes
    those first. Raise `NotWriting` in a unit of work that keeps nothing.
    """
    must_be_writing()
    held = connection().execute(_ends(), {"patient_ids": list(set(patients))})
    return {patient_id: ChainEnd(seq, digest) for patient_id, seq, digest in held}


def must_be_writing() -> None:
    """Raise `NotWriting` in a unit of work that keeps nothing."""
    if not unit().writes:
        raise NotWriting


@lru_cache(maxsize=1)
def _ends() -> Select[uuid.UUID, int, bytes]:
    # Made at its first use, as are all statements here: before, the tables that they take their types from may not be
    # there.
    return (
        select(AccessChain.patient_id, AccessChain.seq, AccessChain.digest)
        .where(AccessChain.patient_id.in_(bindparam("patient_ids", expanding=True)))
        .order_by(AccessChain.patient_id)
        .with_for_update()
    )


def record(readings: Sequence[Reading], chains: Chains | None = None) -> None:
    """Add records to their patients' chains (held already, if given), in this unit of work."""
    if chains is None:
        chains = lock_chains(reading.patient_id for reading in readings)
    _add(readings, chains)


def record_once_a_day(readings: Sequence[Reading], chains: Chains) -> None:
    """Add those records of lists that their viewer does not have today, under chains that are held.

    Two requests at the same moment so add one record: the second asks when the first is done.
    """
    today = clock.now().date()
    relied_on: dict[uuid.UUID, set[uuid.UUID]] = {}
    for reading in readings:
        if reading.consent_id is not None:
            relied_on.setdefault(reading.viewer_id, set()).add(reading.consent_id)
    known = {viewer_id: recorded_in_list(viewer_id, today, consents) for viewer_id, consents in relied_on.items()}
    _add([one for one in readings if one.consent_id not in known.get(one.viewer_id, ())], chains)


def _add(readings: Sequence[Reading], chains: Chains) -> None:
    moment = clock.now()
    records: list[dict[str, object]] = []
    ends: dict[uuid.UUID, dict[str, object]] = {}
    for reading in sorted(readings, key=lambda reading: reading.patient_id):
        chain = chains[reading.patient_id]
        made = AccessRecord(
            id=new_id(),
            practice_id=reading.practice_id,
            patient_id=reading.patient_id,
            seq=chain.seq + 1,
            recorded_at=moment,
            on_day=moment.date(),
            kind=reading.kind,
            viewer_id=reading.viewer_id,
            viewer_role=reading.viewer_role,
            consent_id=reading.consent_id,
            categories=sorted(reading.categories),
            from_day=reading.from_day,
            to_day=reading.to_day,
            highest_seq=reading.highest_seq,
            notice_version=reading.notice_version,
        )
        made.digest = _digest(chain.digest, made)
        chain.seq, chain.digest = made.seq, made.digest
        records.append({column: getattr(made, column) for column in _COLUMNS})
        ends[reading.patient_id] = {"chain_of": reading.patient_id, "seq": chain.seq, "digest": chain.digest}
    if records:
        # Past the ORM: every page for somebody else writes these. They stand or fall with the reading that follows.
        connection().execute(_INSERT, records)
        connection().execute(_move_end(), list(ends.values()))


_RECORDS, _CHAINS = cast(Table, AccessRecord.__table__), cast(Table, AccessChain.__table__)
_COLUMNS = _RECORDS.columns.keys()
_INSERT = insert(_RECORDS)


@lru_cache(maxsize=1)
def _move_end() -> Update:
    return update(_CHAINS).where(_CHAINS.c.patient_id == bindparam("chain_of"))


def start_chain(patient_id: uuid.UUID) -> None:
    """Begin the chain of a new patient."""
    db().add(AccessChain(patient_id=patient_id, seq=0, digest=patient_id.bytes))


def recorded_in_list(viewer_id: uuid.UUID, on_day: date, consents: Iterable[uuid.UUID]) -> set[uuid.UUID]:
    """Return those of these consents for which this viewer's list was recorded on that UTC day."""
    asked = {"viewer_id": viewer_id, "on_day": on_day, "consent_ids": list(consents)}
    return {consent_id for consent_id in connection().scalars(_in_list(), asked) if consent_id is not None}


@lru_cache(maxsize=1)
def _in_list() -> Select[uuid.UUID | None]:
    return select(AccessRecord.consent_id).where(
        AccessRecord.viewer_id == bindparam("viewer_id"),
        AccessRecord.on_day == bindparam("on_day"),
        AccessRecord.kind == AccessKind.CASELOAD,
        AccessRecord.consent_id.in_(bindparam("consent_ids", expanding=True)),
    )


def records_of(patient_id: uuid.UUID, *, most: int = 200) -> list[AccessRecord]:
    """Return the newest records of a patient, newest first."""
    query = select(AccessRecord).where(AccessRecord.patient_id == patient_id)
    return list(db().scalars(query.order_by(AccessRecord.seq.desc()).limit(most)))


def _digest(before: bytes, made: AccessRecord) -> bytes:
    canonical = json.dumps(
        [
            str(made.id),
            str(made.practice_id),
            str(made.patient_id),
            made.seq,
            made.recorded_at.isoformat(),
            made.on_day.isoformat(),
            str(made.kind),
            str(made.viewer_id),
            made.viewer_role,
            str(made.consent_id),
            made.categories,
            str(made.from_day),
            str(made.to_day),
            made.highest_seq,
            made.notice_version,
        ],
        separators=(",", ":"),
    )
    return vault().keyed_hash(CHAIN_PURPOSE, before + canonical.encode())


def anchor(store: Store) -> int:
    """Copy the ends of all chains that grew into the key store; return how many. The worker calls this.

    An end is taken only where the records since the end that was kept lead to it. Else somebody could cut records off,
    wait until others come after, and have the new end kept; such a chain is logged, and `verify` names it.
    """
    with store.keys.database.session(writes=False) as session:
        known = {row.patient_id: (row.seq, row.digest) for row in session.scalars(select(AccessAnchor))}
    with store.work(writes=False):
        grown = {}
        for chain in db().scalars(select(AccessChain)):
            kept = known.get(chain.patient_id)
            if kept == (chain.seq, chain.digest):
                continue
            if _leads_on(chain, *(kept or (0, chain.patient_id.bytes))):
                grown[chain.patient_id] = (chain.seq, chain.digest)
            else:
                logger().error("access records broken", patient_id=str(chain.patient_id))
    with store.keys.database.session(writes=True) as session:
        for patient_id, (seq, digest) in grown.items():
            session.merge(AccessAnchor(patient_id=patient_id, seq=seq, digest=digest, anchored_at=clock.now()))
        session.commit()
    return len(grown)


def _leads_on(chain: AccessChain, seq: int, digest: bytes) -> bool:
    """Whether the records after one that was kept lead to the end of a chain, with none missing or changed."""
    query = select(AccessRecord).where(
        AccessRecord.patient_id == chain.patient_id, AccessRecord.seq > seq, AccessRecord.seq <= chain.seq
    )
    with db().scalars(query.order_by(AccessRecord.seq).execution_options(yield_per=BATCH)) as found:
        for made in found:
            seq, digest = seq + 1, _digest(digest, made)
            if (made.seq, made.digest) != (seq, digest):
                return False
    return (chain.seq, chain.digest) == (seq, digest)


@dataclass(frozen=True, slots=True)
class Ends:
    """Where the chains of a restored database end before what was kept in the newest key store.

    `ends` holds each such patient's last record that is there; None for who is not there at all.
    """

    ends: dict[uuid.UUID, tuple[int, bytes] | None]
    lost: int


def shorter_chains(store: Store) -> Ends:
    """Compare a restored database with the newest key store: records after the backup are lost, and not by anybody."""
    ends: dict[uuid.UUID, tuple[int, bytes] | None] = {}
    lost = 0
    with store.keys.database.session(writes=False) as session, store.work(writes=False):
        chains = {chain.patient_id: (chain.seq, chain.digest) for chain in db().scalars(select(AccessChain))}
        for row in session.scalars(select(AccessAnchor)):
            end = chains.get(row.patient_id)
            there = end[0] if end else 0
            if end is None or row.seq > there:
                ends[row.patient_id] = end
                lost += row.seq - there
    return Ends(ends, lost)


def accept_ends(store: Store, shorter: Ends) -> None:
    """Keep these ends in the key store from now on, as a restore does once it knows that they are the backup's."""
    with store.keys.database.session(writes=True) as session:
        for patient_id, end in shorter.ends.items():
            row = session.get_one(AccessAnchor, patient_id)
            if end is None:
                session.delete(row)
            else:
                row.seq, row.digest = end
                row.anchored_at = clock.now()
        session.commit()


def tell_of_restore(practices: Mapping[uuid.UUID, uuid.UUID], from_day: date, to_day: date) -> int:
    """Add to the records of these patients (with their practices) that all went back to an earlier day."""
    chains = lock_chains(practices)
    _add(
        [
            Reading(
                practice_id=practice_id,
                patient_id=patient_id,
                viewer_id=patient_id,
                viewer_role="",
                kind=AccessKind.RESTORED,
                from_day=from_day,
                to_day=to_day,
            )
            for patient_id, practice_id in practices.items()
        ],
        chains,
    )
    return len(chains)


def verify(store: Store) -> Verification:
    """Check every chain from its start to its end, and its end against the anchor in the key store."""
    result = Verification()
    with store.keys.database.session(writes=False) as session:
        anchors = {row.patient_id: (row.seq, row.digest) for row in session.scalars(select(AccessAnchor))}
    with store.work(writes=False):
        chains = {chain.patient_id: chain for chain in db().scalars(select(AccessChain))}
        orphans = db().scalars(select(AccessRecord.patient_id).distinct())
        for patient_id in sorted(set(chains) | set(orphans) | set(anchors)):
            _verify_one(patient_id, chains.get(patient_id), anchors.get(patient_id), result)
    return result


def _verify_one(
    patient_id: uuid.UUID,
    chain: AccessChain | None,
    anchored: tuple[int, bytes] | None,
    result: Verification,
) -> None:
    result.patients += 1
    digest, seq = patient_id.bytes, 0
    anchor_met = anchored is None or anchored[0] == 0
    with _all_records(patient_id) as found:  # Closed also where a fault ends the check early.
        for made in found:
            result.records += 1
            seq += 1
            if made.seq != seq:
                result.faults.append(f"Patient {patient_id}: record {seq} is missing.")
                return
            if _digest(digest, made) != made.digest:
                result.faults.append(f"Patient {patient_id}: record {seq} was changed.")
                return
            digest = made.digest
            if anchored == (seq, digest):
                anchor_met = True
    if chain is None:
        result.faults.append(f"Patient {patient_id}: the end of the chain is missing.")
    elif (chain.seq, chain.digest) != (seq, digest):
        result.faults.append(f"Patient {patient_id}: records after {seq} are missing, or the end was changed.")
    if not anchor_met:
        result.faults.append(
            f"Patient {patient_id}: records up to {anchored[0] if anchored else 0} were kept, not all are here."
        )


def _all_records(patient_id: uuid.UUID) -> ScalarResult[AccessRecord]:
    query = select(AccessRecord).where(AccessRecord.patient_id == patient_id).order_by(AccessRecord.seq)
    return db().scalars(query.execution_options(yield_per=BATCH))
