"""Fills an empty database with the demonstration practice, through the features' own services."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import delete, select, update

from patient_app.accounts import people, practice, registry
from patient_app.accounts.models import (
    Installation,
    InstallationKind,
    MailMessage,
    OneTimeLink,
    Person,
    Practice,
    SupportLink,
    TeamMembership,
)
from patient_app.accounts.passwords import hash_password
from patient_app.checkins.models import Source
from patient_app.checkins.recording import record_check_in
from patient_app.consent import seals
from patient_app.consent import service as consent
from patient_app.consent.models import Consent, ConsentEvent
from patient_app.core import clock
from patient_app.core.identity import Stage, Viewer
from patient_app.core.ids import new_id
from patient_app.core.roles import Discipline, Role
from patient_app.core.work import Store, db
from patient_app.demo import appointments, assigned, doses, effects, medicines, safety, skills, story, supplies
from patient_app.demo.people import (
    ACCOUNTS,
    AGREEMENTS,
    JOINED_DAYS_AGO,
    NUMBERS,
    OPENING_HOURS,
    PATIENTS,
    PRACTICE_NAME,
    PRACTICE_ZONE,
    SUPPORT,
    Account,
    Agreement,
)
from patient_app.demo.told import LIVES
from patient_app.profile import service as profiles
from patient_app.profile.service import Part
from patient_app.profile.things import Thing
from patient_app.safety.models import Step
from patient_app.safety.plan import save_step

Progress = Callable[[int], object]
ZONE = ZoneInfo(PRACTICE_ZONE)
_NOON = time(12)


class NotEmpty(Exception):
    """The database holds something already, so the demonstration does not go into it."""


def size() -> int:
    """Return how many steps filling takes, for a progress bar."""
    return len(ACCOUNTS) + sum(len(entries) for entries in _stories(clock.now()).values())


def fill(store: Store, password: str, progress: Progress) -> None:
    """Fill the database, all of it or nothing; raise `NotEmpty`. Needs an application context for the words."""
    with store.work(writes=False):
        kept_password = hash_password(password)
    with store.work(writes=True):
        if not _is_empty():
            raise NotEmpty
        db().add(Installation(id=1, kind=InstallationKind.DEMONSTRATION, created_at=clock.now()))
        _Filling(kept_password, progress).run()


def _is_empty() -> bool:
    return not any(db().scalar(select(table).limit(1)) for table in (Installation.id, Practice.id, Person.id))


def _stories(moment: datetime) -> Mapping[str, list[story.Entry]]:
    today = moment.astimezone(ZONE).date()
    return {
        account.email: [entry for entry in story.entries(account.email, today, ZONE) if entry.at < moment]
        for account in PATIENTS
    }


class _Filling:
    """One filling: makes the practice, its people, what ties them, what they agreed to, and what they wrote."""

    def __init__(self, password_hash: str, progress: Progress) -> None:
        self._password_hash = password_hash
        self._progress = progress
        self._now = clock.now()
        self._people: dict[str, Person] = {}

    def run(self) -> None:
        """Do all of it in the current unit of work."""
        made = people.create_practice(PRACTICE_NAME, PRACTICE_ZONE)
        made.created_at = self._ago(JOINED_DAYS_AGO)
        for account in ACCOUNTS:
            self._people[account.short] = self._make(account, made)
            self._progress(1)
        self._reachable()
        self._teams()
        for agreement in AGREEMENTS:
            self._agree(agreement)
        self._entries()
        self._safety_plan()
        self._medicines()
        self._appointments()
        for account in PATIENTS:
            skills.enter(
                account.short, self._viewer(account.short), lambda days: clock.moment(self._ago(days), PRACTICE_ZONE)
            )
        # Nobody is told of invitations that never were.
        db().execute(delete(MailMessage))
        db().execute(delete(OneTimeLink))

    def _ago(self, days: int) -> datetime:
        """Return noon in the practice so many days ago."""
        return datetime.combine(self._day(days), _NOON, ZONE).astimezone(UTC)

    def _day(self, days: int) -> date:
        return self._now.astimezone(ZONE).date() - timedelta(days=days)

    # ------------------------------------------------------------------------------------------------- people
    def _make(self, account: Account, made: Practice) -> Person:
        if account.role is Role.ADMINISTRATOR:
            person = registry.invite_administrator(made, account.name, account.email).person
        elif account.role is Role.CLINICIAN:
            person = people.invite_staff(
                self._people["admin"],
                new_id(),
                account.name,
                account.email,
                role=account.role,
                discipline=account.discipline,
            )
        elif account.role is Role.PATIENT:
            person = self._make_patient(account)
        else:
            person = self._make_supporter(account)
        people.activate(person, account.email, self._password_hash)
        joined = self._ago(JOINED_DAYS_AGO)
        person.created_at = person.password_changed_at = joined
        person.language, person.zone = account.language, PRACTICE_ZONE
        if account.role.is_staff:
            person.totp_secret, person.totp_confirmed_at = account.totp_secret, joined
        return person

    def _make_patient(self, account: Account) -> Person:
        assert account.chart is not None  # noqa: S101 - each patient of the list has one.
        return people.register_patient(
            self._people["admin"],
            new_id(),
            name=account.name,
            chart_number=account.chart.number,
            date_of_birth=account.chart.born,
            address=account.chart.address,
            emergency_contact=account.chart.emergency_contact,
            email=account.email,
        )

    def _make_supporter(self, account: Account) -> Person:
        support = next(support for support in SUPPORT if support.supporter == account.short)
        patient = self._people[support.patient]
        tie = people.invite_supporter(patient, new_id(), account.name, account.email, support.instructions)
        person = registry.new_supporter(patient.practice_id, account.name, account.email)
        people.accept_supporter(tie.id, person)
        self._backdate(people.confirm_supporter(patient, tie.id))
        return person

    def _backdate(self, tie: SupportLink) -> None:
        tie.invited_at, tie.accepted_at, tie.confirmed_at = self._ago(84), self._ago(83), self._ago(82)

    def _reachable(self) -> None:
        admin = self._people["admin"]
        practice.set_hours(admin, {weekday: (opens, closes) for weekday, opens, closes in OPENING_HOURS})
        for label, phone, note in NUMBERS:
            practice.add_number(admin, new_id(), label, phone, note)

    def _teams(self) -> None:
        # As rows: the service would record, and send word of, joining the team today.
        joined = self._ago(JOINED_DAYS_AGO)
        for account in PATIENTS:
            patient = self._people[account.short]
            for clinician in account.team:
                db().add(
                    TeamMembership(
                        id=new_id(),
                        practice_id=patient.practice_id,
                        patient_id=patient.id,
                        clinician_id=self._people[clinician].id,
                        assigned_by=self._people["admin"].id,
                        assigned_at=joined,
                        shown_at=joined,
                    )
                )
        db().flush()

    # ------------------------------------------------------------------------------------- consents and entries
    def _agree(self, agreement: Agreement) -> None:
        patient = self._viewer(agreement.patient)
        since = agreement.entries_from_days_ago
        terms = consent.Terms(
            grants=agreement.grants,
            ends_at=None if agreement.ends_in_days is None else self._ago(-agreement.ends_in_days),
            entries_from=None if since is None else self._day(since),
        )
        recipient = consent.find_recipient(patient, self._recipient_key(agreement.recipient))
        given = consent.give_consent(patient, new_id(), recipient, terms, signature=patient.name)
        self._date(given, "given", self._ago(agreement.given_days_ago))
        if agreement.paused_days_ago is not None:
            consent.pause_consent(patient, given.id)
            self._date(given, "paused", self._ago(agreement.paused_days_ago))
        if agreement.ended_days_ago is not None:
            consent.end_consent(patient, given.id)
            self._date(given, "ended", self._ago(agreement.ended_days_ago))

    def _recipient_key(self, recipient: Discipline | str) -> str:
        if isinstance(recipient, Discipline):
            return f"team:{recipient}"
        return f"person:{self._people[recipient].id}"

    def _date(self, given: Consent, event: str, moment: datetime) -> None:
        """Put what was just done to a consent where it belongs in the story."""
        if event == "given":
            given.signed_at = given.starts_at = moment
            seals.seal(given)
        elif event == "paused":
            given.paused_at = moment
        else:
            given.revoked_at = moment
        db().flush()
        db().execute(
            update(ConsentEvent)
            .where(ConsentEvent.consent_id == given.id, ConsentEvent.event == event)
            .values(happened_at=moment)
        )

    def _entries(self) -> None:
        for email, entries in _stories(self._now).items():
            patient = self._viewer(email.partition("@")[0])
            kind = LIVES[email].thing
            profiles.change(patient, part=Part.YES, things=(Thing(kind, kind),))
            profiles.finish_welcome(patient)
            for entry in entries:
                _write(patient, entry)
                self._progress(1)

    def _safety_plan(self) -> None:
        patient = self._viewer("patient")
        told = [*safety.WRITTEN, (30, Step.NALOXONE, safety.naloxone(self._day(0)))]
        versions = dict.fromkeys(Step, 0)
        for days_ago, step, words in told:
            save_step(patient, step, new_id(), words, base=versions[step], recorded_at=self._ago(days_ago))
            versions[step] += 1

    def _medicines(self) -> None:
        prescriber = self._viewer("prescriber")
        for account in PATIENTS:
            patient = self._viewer(account.short)
            for feature in (medicines, supplies, doses, effects):
                feature.enter(
                    account.short,
                    patient,
                    prescriber,
                    lambda days: clock.moment(self._ago(days), PRACTICE_ZONE),
                )

    def _appointments(self) -> None:
        clinicians = {short: self._viewer(short) for short in ("prescriber", "therapist", "addiction")}
        for account in PATIENTS:
            appointments.enter(account.short, self._viewer(account.short), clinicians, self._day(0))
        given_at = clock.moment(self._ago(assigned.AGO), PRACTICE_ZONE)
        assigned.enter(self._viewer("patient"), clinicians["therapist"], given_at)
        lesson_at = clock.moment(self._ago(assigned.LESSON_AGO), PRACTICE_ZONE)
        assigned.enter_lesson(self._viewer("patient"), clinicians["therapist"], lesson_at)

    def _viewer(self, short: str) -> Viewer:
        """Return one of the people as the services know who is asking."""
        person = self._people[short]
        return Viewer(
            id=person.id,
            practice_id=person.practice_id,
            role=Role(person.role),
            discipline=None,
            name=person.name or "",
            language=person.language,
            zone=person.zone,
            day_start_minutes=person.day_start_minutes,
            session_id=uuid.UUID(int=0),
            stage=Stage.FULL,
            confirmed_at=self._now,
        )


def _write(patient: Viewer, entry: story.Entry) -> None:
    entry_id = new_id()
    moment = clock.moment(entry.at, patient.zone, patient.day_start_minutes)
    versions = [answers for answers in (entry.first, entry.answers) if answers is not None]
    for minutes, answers in enumerate(versions):
        record_check_in(
            patient,
            entry_id,
            answers,
            moment,
            source=Source.DEMONSTRATION,
            recorded_at=moment.occurred_at + timedelta(minutes=minutes),
        )
