"""Reminders that are there, and a push service that only counts."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select

from patient_app.core import clock
from patient_app.core.ids import new_id
from patient_app.core.work import Store, db
from patient_app.reminders import choosing, engine
from patient_app.reminders.models import Kind, Occurrence, Wording
from patient_app.reminders.own import Chosen
from patient_app.reminders.schedule import EVERY_DAY
from patient_app.reminders.ways import ACCEPTED, Device, Payload
from tests.factories import Made


@dataclass(frozen=True)
class Told:
    """What a push service said of one message."""

    result: str = ACCEPTED
    retry_at: datetime | None = None


@dataclass(frozen=True)
class Phone:
    """A device."""

    id: uuid.UUID


@dataclass
class Counting:
    """Takes what is sent, and answers as it was told to; `person` has the devices, everybody where it is None."""

    devices: Sequence[Device] = (Phone(uuid.UUID(int=1)),)
    answers: Callable[[Device, int], Told] = lambda _device, _number: Told()
    sent: list[tuple[uuid.UUID, Payload]] = field(default_factory=list)
    ttls: list[int] = field(default_factory=list)
    attempts: list[int] = field(default_factory=list)
    kept: list[tuple[uuid.UUID, object]] = field(default_factory=list)

    def devices_of(self, person_id: uuid.UUID) -> Sequence[Device]:
        """Return the devices."""
        assert person_id
        return self.devices

    def pack(self, device: Device, payload: Payload, until: datetime) -> Payload:
        """Add nothing."""
        assert until
        return payload

    def send(
        self, device: Device, payload: Payload, *, ttl: int, topic: str | None, urgency: str, attempt: int
    ) -> Told:
        """Count it."""
        assert topic
        assert len(topic) <= 32
        assert urgency in {"high", "normal"}
        self.sent.append((device.id, payload))
        self.ttls.append(ttl)
        self.attempts.append(attempt)
        return self.answers(device, len(self.sent))

    def keep(self, device: Device, outcome: object) -> None:
        """Note it."""
        self.kept.append((device.id, outcome))

    @property
    def counts(self) -> Counter[str]:
        """How often each occurrence was sent."""
        return Counter(payload["id"] for _device, payload in self.sent)


def remind(store: Store, patient: Made, *times: int, kind: Kind = Kind.OWN, **given: object) -> uuid.UUID:
    """Add a reminder at minutes of the day."""
    weekdays = given.pop("weekdays", EVERY_DAY)
    about = given.pop("about", "Water the plants" if kind is Kind.OWN else "")
    chosen = Chosen(kind, tuple(times), weekdays, about=about, **given)  # type: ignore[arg-type]
    with store.work(writes=True):
        return choosing.add(patient.viewer, new_id(), chosen)


def run(store: Store, sender: Counting, now: datetime | None = None) -> int:
    """Let the engine do all that is due; return how many occurrences it dealt with."""
    at = now or clock.now()
    engine.make_due(store, at)
    done = 0
    while engine.deliver_one(store, at, sender):
        done += 1
        assert done < 1000
    return done


def occurrences(store: Store) -> list[Occurrence]:
    """Return all that were made, by when they are due."""
    with store.work(writes=False):
        return list(db().scalars(select(Occurrence).order_by(Occurrence.due_at, Occurrence.id)))


__all__ = ["Counting", "Phone", "Told", "Wording", "occurrences", "remind", "run"]
