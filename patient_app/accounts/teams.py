"""Care teams: which clinicians are on a patient's team. Nobody assigns themselves.

Being on a team opens nothing by itself: the patient's consent does. Under a team consent a new member reads only after
the patient was shown the name, or `READS_AFTER_NOTICE` after notice: a message about it that was handed over to the
mail server, or a page of the patient's that told of it. Without either, nothing opens.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import CursorResult, Select, bindparam, exists, select, update

from patient_app.access_log import service as access_log
from patient_app.access_log.models import AccessKind
from patient_app.accounts import mail, names
from patient_app.accounts.models import MailMessage, Patient, Person, PersonState, TeamMembership
from patient_app.accounts.registry import FOR_CHANGE, Actor
from patient_app.core import clock
from patient_app.core.errors import NotFound
from patient_app.core.ids import new_id
from patient_app.core.prepared import Prepared
from patient_app.core.roles import Discipline, Role
from patient_app.core.work import connection, db, unit, vault

READS_AFTER_NOTICE = timedelta(hours=72)


class OneselfRefused(Exception):
    """Nobody puts themselves on a team."""


@dataclass(frozen=True, slots=True)
class TeamMember:
    """A clinician on a patient's team now.

    `name` is that by which they are shown. `noticed_at` is when the patient had notice of it, and `shown_at` when the
    patient said to have seen the name.
    """

    membership_id: uuid.UUID
    clinician_id: uuid.UUID
    name: str
    pronouns: str
    discipline: Discipline
    assigned_at: datetime
    noticed_at: datetime | None
    shown_at: datetime | None

    @property
    def introduced(self) -> str:
        """Return the name, with the pronouns behind it if they gave any."""
        return names.introduced(self.name, self.pronouns)

    @property
    def reads_from(self) -> datetime | None:
        """When a team consent opens to this member without the patient's OK; None while nobody told the patient."""
        return None if self.noticed_at is None else self.noticed_at + READS_AFTER_NOTICE

    @property
    def reads(self) -> bool:
        """Whether a team consent opens to this member now (the same rule as `consent.decisions.name_known`)."""
        return self.shown_at is not None or (self.reads_from is not None and self.reads_from <= clock.now())


def assign(viewer: Actor, patient_id: uuid.UUID, clinician_id: uuid.UUID) -> TeamMembership:
    """Put a clinician on a patient's team; the patient has notice by mail and in the access records.

    Raise `OneselfRefused` for oneself, and `NotFound` for anybody who is not a clinician, or not a patient, of the
    caller's practice. Assigned twice is assigned once.
    """
    if clinician_id == viewer.id:
        raise OneselfRefused
    patient = _patient_of(viewer, patient_id)
    clinician = db().get(Person, clinician_id, with_for_update=FOR_CHANGE)
    if clinician is None or clinician.practice_id != viewer.practice_id:
        raise NotFound
    if clinician.role != Role.CLINICIAN or clinician.state == PersonState.CLOSED:
        raise NotFound
    # One at a time for each patient, so that two requests cannot both find no membership.
    db().execute(select(Patient.person_id).where(Patient.person_id == patient_id).with_for_update())
    found = db().scalar(_open(patient_id).where(TeamMembership.clinician_id == clinician_id))
    if found is not None:
        return found
    membership = TeamMembership(
        id=new_id(),
        practice_id=viewer.practice_id,
        patient_id=patient_id,
        clinician_id=clinician_id,
        assigned_by=viewer.id,
        assigned_at=clock.now(),
    )
    db().add(membership)
    message = _tell(patient, clinician, AccessKind.TEAM_JOINED)
    if message is not None:
        message.membership_id = membership.id
    return membership


def unassign(viewer: Actor, patient_id: uuid.UUID, membership_id: uuid.UUID) -> None:
    """Take a clinician off a patient's team, from the next request on; raise `NotFound`. Ended twice is ended."""
    patient = _patient_of(viewer, patient_id)
    membership = db().get(TeamMembership, membership_id, with_for_update=True)
    if membership is None or membership.patient_id != patient_id:
        raise NotFound
    if membership.ended_at is None:
        _end(patient, membership)


def leave_all(viewer: Actor, clinician_id: uuid.UUID) -> None:
    """Take a clinician whose account closes off every team."""
    query = select(TeamMembership, Person).join(Person, Person.id == TeamMembership.patient_id)
    query = query.where(TeamMembership.clinician_id == clinician_id, TeamMembership.ended_at.is_(None))
    rows = [(membership, patient) for membership, patient in db().execute(query.order_by(Person.id))]
    gone = vault().preload(patient.id for _, patient in rows)
    for membership, patient in rows:
        if patient.id in gone:  # Nobody is there to be told.
            membership.ended_at = clock.now()
        elif membership.practice_id == viewer.practice_id:
            _end(patient, membership)


def _end(patient: Person, membership: TeamMembership) -> None:
    membership.ended_at = clock.now()
    _tell(patient, db().get_one(Person, membership.clinician_id), AccessKind.TEAM_LEFT)


def _tell(patient: Person, clinician: Person, kind: AccessKind) -> MailMessage | None:
    """Record the change in the patient's access records, under the clinician it is about, and send a notice."""
    db().flush()
    access_log.record(
        [
            access_log.Reading(
                practice_id=patient.practice_id,
                patient_id=patient.id,
                viewer_id=clinician.id,
                viewer_role=str(clinician.role),
                kind=kind,
            )
        ]
    )
    return mail.tell(patient, "account_news")


def _patient_of(viewer: Actor, patient_id: uuid.UUID) -> Person:
    patient = db().get(Person, patient_id)
    if patient is None or patient.practice_id != viewer.practice_id or patient.role != Role.PATIENT:
        raise NotFound
    return patient


def _open(patient_id: uuid.UUID) -> Select[TeamMembership]:
    return select(TeamMembership).where(TeamMembership.patient_id == patient_id, TeamMembership.ended_at.is_(None))


_TEAM = (
    select(
        TeamMembership.id,
        TeamMembership.clinician_id,
        TeamMembership.assigned_at,
        TeamMembership.noticed_at,
        TeamMembership.shown_at,
        *names.WITH_PRONOUNS,
        Person.discipline,
    )
    .join(Person, Person.id == TeamMembership.clinician_id)
    .where(TeamMembership.patient_id == bindparam("patient_id"), TeamMembership.ended_at.is_(None))
    .order_by(TeamMembership.assigned_at, TeamMembership.id)
)
_NEW_ON_TEAM = Prepared(_TEAM.where(TeamMembership.shown_at.is_(None)))
_ON_TEAM = Prepared(_TEAM)


def show_all_again() -> int:
    """Take back that anybody on a team was shown to their patient (after a restore: some may have left since).

    Nobody reads by a team consent until the patient says again that they have seen the name. Return how many.
    """
    there = update(TeamMembership).where(TeamMembership.ended_at.is_(None))
    result = db().execute(there.values(shown_at=None, noticed_at=None))
    assert isinstance(result, CursorResult)  # noqa: S101 - narrows the type that `execute` declares.
    return int(result.rowcount)


def team_of(patient_id: uuid.UUID) -> list[TeamMember]:
    """Return who is on a patient's team now, in the order of joining."""
    return _members(_ON_TEAM, patient_id)


def _members(query: Prepared, patient_id: uuid.UUID) -> list[TeamMember]:
    rows = query.all(connection(), {"patient_id": patient_id})
    gone = vault().preload([row.clinician_id for row in rows])
    return [
        TeamMember(
            membership_id=row.id,
            clinician_id=row.clinician_id,
            name=names.shown_in(row.clinician_id, row),
            pronouns=names.pronouns_in(row.clinician_id, row),
            discipline=Discipline(row.discipline or ""),
            assigned_at=row.assigned_at,
            noticed_at=row.noticed_at,
            shown_at=row.shown_at,
        )
        for row in rows
        if row.clinician_id not in gone
    ]


def is_on_team(clinician_id: uuid.UUID, patient_id: uuid.UUID) -> bool:
    """Whether a clinician is on a patient's team now."""
    return db().scalar(_open(patient_id).where(TeamMembership.clinician_id == clinician_id)) is not None


def patients_with(clinician_id: uuid.UUID) -> Select[uuid.UUID]:
    """Return the query of the patients on whose team a clinician is now."""
    return select(TeamMembership.patient_id).where(
        TeamMembership.clinician_id == clinician_id, TeamMembership.ended_at.is_(None)
    )


def new_members_for(patient_id: uuid.UUID) -> list[TeamMember]:
    """Return the members of a patient's team whose names the patient was not shown yet.

    A page that tells of them says so with `count_as_notice`.
    """
    return _members(_NEW_ON_TEAM, patient_id)


def count_as_notice(patient_id: uuid.UUID, told_of: Sequence[TeamMember]) -> list[TeamMember]:
    """Keep at once that a page in front of the patient tells of these members, and return them as they are now.

    Only those whom the page names: who found no room on it was not told of. Nothing counts while entries are closed
    after a reset, when it may be somebody else who looks.
    """
    untold = [member.membership_id for member in told_of if member.noticed_at is None]
    if not untold:
        return list(told_of)
    moment = clock.now()
    if unit().writes:
        kept = _keep_notice(patient_id, untold, moment)
    else:
        with unit().store.work(writes=True):
            kept = _keep_notice(patient_id, untold, moment)
    return [replace(one, noticed_at=one.noticed_at or moment) for one in told_of] if kept else list(told_of)


def _keep_notice(patient_id: uuid.UUID, membership_ids: Sequence[uuid.UUID], moment: datetime) -> bool:
    """Count the patient's notice of new members from this moment; return whether it counts."""
    is_closed = exists().where(Person.id == patient_id, Person.entries_closed_until > moment)
    untold = update(TeamMembership).where(
        TeamMembership.patient_id == patient_id,
        TeamMembership.id.in_(membership_ids),
        TeamMembership.ended_at.is_(None),
        TeamMembership.noticed_at.is_(None),
        TeamMembership.shown_at.is_(None),
        ~is_closed,
    )
    result = db().execute(untold.values(noticed_at=moment))
    assert isinstance(result, CursorResult)  # noqa: S101 - narrows the type that `execute` declares.
    return bool(result.rowcount)


def mark_named(patient_id: uuid.UUID, clinician_ids: Sequence[uuid.UUID]) -> None:
    """Keep that the patient was shown the names of these members of their team: a consent named them.

    Nobody else of their discipline: who came while the consent was being signed was not named.
    """
    shown = update(TeamMembership).where(
        TeamMembership.patient_id == patient_id,
        TeamMembership.clinician_id.in_(clinician_ids),
        TeamMembership.ended_at.is_(None),
        TeamMembership.shown_at.is_(None),
    )
    db().execute(shown.values(shown_at=clock.now()))


def mark_shown(viewer: Actor, membership_id: uuid.UUID) -> None:
    """Keep that the calling patient was shown a member's name; raise `NotFound` for another's team."""
    membership = db().get(TeamMembership, membership_id)
    if membership is None or membership.patient_id != viewer.id:
        raise NotFound
    if membership.shown_at is None:
        membership.shown_at = clock.now()
