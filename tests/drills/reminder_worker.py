"""A worker of the reminder drill: the real engine, which kills itself with SIGKILL at a point that it is told.

The points are those at which a death could lose or double something (docs/reminders.md); a message passes those of
sending, a whole unit of work the others. Each worker is a process of its own with its own connections, forked from one
that has nothing but the modules (`multiprocessing`'s fork server): so what is measured is how soon the engine goes on,
and not how long Python takes to start.
"""

from __future__ import annotations

import http.client
import json
import os
import signal
import threading
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import Flask
from flask_babel import Babel

from patient_app.core import clock
from patient_app.core.config import Config
from patient_app.core.installation import open_store
from patient_app.core.work import Store
from patient_app.reminders import engine
from patient_app.reminders.claiming import Claimed, Found
from patient_app.reminders.recording import Sent
from patient_app.reminders.ways import ACCEPTED, LATER, Device, Payload, Sender

ONE = uuid.UUID(int=1)
POINTS = ("before claim", "after claim", "after request", "after answer", "after record")
# Of these there is one for many messages.
OF_UNITS = frozenset({"before claim", "after claim", "after record"})
PAUSE = 0.2


@dataclass(frozen=True)
class Phone:
    """The one device of everybody."""

    id: uuid.UUID


@dataclass(frozen=True)
class Told:
    """What the receiver said."""

    result: str
    retry_at: datetime | None = None


@dataclass
class Death:
    """Kills this process outright when it has come to a point so many times."""

    point: str = ""
    left: int = 0

    def __post_init__(self) -> None:
        """Let the threads count together."""
        self._lock = threading.Lock()

    def at(self, point: str) -> None:
        """Say that a thread is at that point."""
        if point != self.point:
            return
        with self._lock:
            self.left -= 1
            if self.left <= 0:
                os.kill(os.getpid(), signal.SIGKILL)


@dataclass
class ToReceiver:
    """Sends to the drill's receiver."""

    port: int
    death: Death

    def devices_of(self, person_id: uuid.UUID) -> Sequence[Device]:
        """Return the one device."""
        assert person_id
        return (Phone(ONE),)

    def pack(self, device: Device, payload: Payload, until: datetime) -> Payload:
        """Add nothing."""
        assert until
        return payload

    def send(
        self, device: Device, payload: Payload, *, ttl: int, topic: str | None, urgency: str, attempt: int
    ) -> Told:
        """Post it, and read the answer."""
        assert device.id == ONE
        assert topic
        assert urgency
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("POST", "/", json.dumps({**payload, "ttl": ttl}))
            self.death.at("after request")
            answer = connection.getresponse()
            answer.read()
        except OSError:
            return Told(LATER)
        finally:
            connection.close()
        self.death.at("after answer")
        return Told(ACCEPTED if answer.status == http.client.CREATED else LATER)

    def keep(self, device: Device, outcome: object) -> None:
        """Keep nothing."""


def with_death(death: Death) -> None:
    """Put the points around each unit of work into the engine."""
    turn = engine._turn

    def turning(
        store: Store, back: Sequence[tuple[Claimed, Sequence[Sent]]], now: datetime | None, sender: Sender, room: int
    ) -> Found | None:
        if room:
            death.at("before claim")
        found = turn(store, back, now, sender, room)
        if back:
            death.at("after record")
        if found is not None and found.claimed:
            death.at("after claim")
        return found

    engine._turn = turning


def work(config: Config, port: int, lease_seconds: float, point: str, number: int) -> None:
    """Tick until killed: at the `number`th time that it comes to the point, where it is told one."""
    death = Death(point, number)
    with_death(death)
    engine.LEASE = timedelta(seconds=lease_seconds)
    store = open_store(config)
    app = Flask("drill")  # All that the engine wants of one is where it finds its words.
    Babel(app)
    sender = ToReceiver(port, death)
    while True:
        with app.app_context():
            engine.make_due(store, clock.now())
            engine.deliver_due(store, sender)
        time.sleep(PAUSE)
