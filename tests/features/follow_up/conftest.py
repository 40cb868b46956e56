"""A patient whose silence counts, with a supporter and a team, and days that pass while the worker runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

import pytest
from flask import Flask
from sqlalchemy import select, update

from patient_app.accounts.models import MailMessage
from patient_app.consent import service as consents
from patient_app.consent.telling import Telling
from patient_app.core.ids import new_id
from patient_app.core.roles import Discipline
from patient_app.core.work import Store, db
from patient_app.follow_up import service, telling
from patient_app.follow_up.models import FollowUpTold
from patient_app.reminders.models import ReminderTick
from tests import factories
from tests.factories import Made, MadePractice
from tests.features.medications.regimens import at
from tests.features.reminders.made import Counting, run

ASKS = "Please text me and ask how I am."


def moment(text: str) -> datetime:
    """Return the instant of a wall time of 2026 in New York."""
    return at(text).occurred_at


@dataclass
class World:
    """Who is there, and what went to the patient's phone."""

    app: Flask
    store: Store
    practice: MadePractice
    patient: Made
    prescriber: Made
    supporter: Made
    set_time: Callable[[datetime], None]
    push: Counting = field(default_factory=Counting)

    def on(self, days: int = 3) -> None:
        """Turn it on."""
        with self.store.work(writes=True):
            service.turn_on(self.patient.viewer, days)

    def lets_tell(self, recipient: str, days: int = 5) -> object:
        """Sign that a recipient is told; return the consent's id."""
        consent_id, viewer = new_id(), self.patient.viewer
        with self.app.app_context(), self.store.work(writes=True):
            found = consents.find_recipient(viewer, recipient)
            service.let_tell(viewer, consent_id, found, Telling(days, ASKS), signature=viewer.name)
        return consent_id

    @property
    def to_supporter(self) -> str:
        """The supporter's key."""
        return f"person:{self.supporter.id}"

    def comes(self, wall: str, *, worker_ran: bool = True) -> int:
        """Let a wall time come, and the worker do all that is due; return how often somebody was told."""
        now = moment(wall)
        self.set_time(now)
        if worker_ran:
            with self.store.work(writes=True):
                db().execute(update(ReminderTick).values(ticked_at=now))
        with self.app.app_context():
            run(self.store, self.push, now)
            return telling.tell_due(self.store)

    def told(self) -> list[FollowUpTold]:
        """Return who was told."""
        with self.store.work(writes=False):
            return list(db().scalars(select(FollowUpTold).order_by(FollowUpTold.told_at)))

    def mails(self) -> list[tuple[str, str, str]]:
        """Return the e-mails: to whom, subject, text."""
        with self.store.work(writes=False):
            found = db().scalars(select(MailMessage).order_by(MailMessage.created_at)).all()
            return [(one.address or "", one.subject or "", one.body or "") for one in found]


@pytest.fixture
def world(app: Flask, store: Store, set_time: Callable[[datetime], None]) -> World:
    """Make them on 2 March, at noon; nothing is on."""
    set_time(moment("03-02 12:00"))
    factories.make_installation(store)
    practice = factories.make_practice(store)
    patient = factories.make_patient(store, practice, name="Robin Vale")
    administrator = factories.make_administrator(store, practice)
    prescriber = factories.make_clinician(store, practice, Discipline.PRESCRIBER, name="Dr Ana Ruiz")
    supporter = factories.make_supporter(store, practice, name="Alex Vale")
    factories.assign_team(store, patient, prescriber, administrator)
    factories.tie_supporter(store, patient, supporter, name="My sister")
    made = World(app, store, practice, patient, prescriber, supporter, set_time)
    made.comes("03-02 12:00")
    return made
