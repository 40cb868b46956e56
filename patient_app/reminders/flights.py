"""Messages on their way: sent in threads of their own, waited for no longer than was said, and left behind after that.

A push service may hang, at a name that does not resolve or in the midst of an answer, and no time-out of a library
bounds the whole of it. So nobody waits for a thread: what has no outcome in time counts as not sent and is tried again,
and the threads are daemons, which hold up neither the next tick nor the end of the process. They open no unit of work
and know no application: every word was made when the occurrence was claimed.
"""

from __future__ import annotations

import queue
import threading
import time
import uuid
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from patient_app.core.logs import logger
from patient_app.reminders import messages
from patient_app.reminders.claiming import Claimed, Parcel
from patient_app.reminders.recording import Sent
from patient_app.reminders.ways import HIGH, NORMAL, Outcome, Sender


@dataclass(eq=False)
class Flight:
    """One claimed occurrence and what became of its messages so far. `now` is when it was claimed."""

    claimed: Claimed
    now: datetime
    begun: float = field(default_factory=time.monotonic)
    # When its lease was had, or renewed.
    held: float = field(default_factory=time.monotonic)
    outcomes: dict[uuid.UUID, Outcome | None] = field(default_factory=dict)
    started: set[uuid.UUID] = field(default_factory=set)
    left_alone: int = 0
    closed: bool = False
    halted: float | None = None
    fault: BaseException | None = None

    @property
    def age(self) -> float:
        """For how many seconds it is on its way."""
        return time.monotonic() - self.begun

    @property
    def since_held(self) -> float:
        """How many seconds ago its lease was had, or renewed."""
        return time.monotonic() - self.held

    def stopped_for(self, stopping: bool) -> float:
        """Return for how many seconds it was asked while the worker is to end; none while it is not."""
        if not stopping:
            self.halted = None
            return 0.0
        self.halted = self.halted or time.monotonic()
        return time.monotonic() - self.halted

    @property
    def has_landed(self) -> bool:
        """Whether all is known of it."""
        known = len(self.outcomes) + self.left_alone
        return self.fault is not None or known == len(self.claimed.parcels)

    def results(self) -> list[Sent]:
        """Return what became of each message; what had no outcome in time was begun, or never was."""
        return [
            Sent(device, self.outcomes.get(device.id), parcel.attempt, was_begun=device.id in self.started)
            for parcel in self.claimed.parcels
            for device in (parcel.device,)
        ]


class Flights:
    """Sends what was claimed, so many messages at once; `sender` is asked in threads that nobody waits for.

    Once `stopping` is set nothing more is begun: what was not is left alone.
    """

    def __init__(self, sender: Sender, threads: int, stopping: threading.Event) -> None:
        self._sender, self._most, self._stopping = sender, threads, stopping
        self._tasks: queue.SimpleQueue[tuple[Flight, Parcel] | None] = queue.SimpleQueue()
        self._changed = threading.Condition()
        self._threads = self._idle = 0

    def launch(self, claimed: Claimed, now: datetime) -> Flight:
        """Begin to send an occurrence's messages."""
        flight = Flight(claimed, now)
        for parcel in claimed.parcels:
            self._tasks.put((flight, parcel))
            with self._changed:
                is_short = self._idle < self._tasks.qsize() and self._threads < self._most
                self._threads += is_short
            if is_short:
                threading.Thread(target=self._work, name="reminder sender", daemon=True).start()
        return flight

    def wait(self, flights: Collection[Flight], seconds: float) -> None:
        """Wait until one of some flights has landed, or for so many seconds."""
        with self._changed:
            self._changed.wait_for(lambda: any(flight.has_landed for flight in flights), max(0.0, seconds))

    def close(self, flight: Flight) -> list[Sent]:
        """Begin nothing more of a flight and return what became of it; what comes in later is not heard.

        Raise what a sender raised that was no `Exception`: then this process is about to end.
        """
        with self._changed:
            flight.closed = True
            if flight.fault is not None:
                raise flight.fault
            return flight.results()

    def end(self) -> None:
        """Let the threads end, each after what it is at."""
        for _thread in range(self._threads):
            self._tasks.put(None)

    def _work(self) -> None:
        while (task := self._next()) is not None:
            flight, parcel = task
            with self._changed:
                if flight.closed or self._stopping.is_set():
                    flight.left_alone += 1
                    self._changed.notify_all()
                    continue
                flight.started.add(parcel.device.id)
            outcome = self._sent(flight, parcel)
            with self._changed:
                if not flight.closed:
                    flight.outcomes[parcel.device.id] = outcome
                self._changed.notify_all()

    def _next(self) -> tuple[Flight, Parcel] | None:
        with self._changed:
            self._idle += 1
        try:
            return self._tasks.get()
        finally:
            with self._changed:
                self._idle -= 1

    def _sent(self, flight: Flight, parcel: Parcel) -> Outcome | None:
        claimed = flight.claimed
        left = claimed.until - flight.now - timedelta(seconds=flight.age)
        if left <= timedelta():
            return None
        try:
            return self._sender.send(
                parcel.device,
                parcel.payload,
                ttl=int(left.total_seconds()),
                topic=messages.topic(claimed.id),
                urgency=HIGH if messages.is_urgent(claimed.kind) else NORMAL,
                attempt=parcel.attempt,
            )
        except Exception as fault:  # noqa: BLE001 - one device's fault keeps no other from being reminded.
            logger().error("reminder not sent", occurrence_id=str(claimed.id), exc_info=fault)
            return None
        except BaseException as fault:  # noqa: BLE001 - raised again where the flight is closed.
            flight.fault = fault
            return None
