"""The engine: makes what is due, and delivers it. All it knows stands in the database; nothing is lost with a process.

`make_due`, `deliver_one` and `deliver_due` may be called by any number of processes at once, and killed at any point
(docs/reminders.md says what happens then). They are moved by the worker's tick, never by the web server.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy.exc import OperationalError

from patient_app.core import clock
from patient_app.core.db import DatabaseBusy
from patient_app.core.logs import logger
from patient_app.core.work import Store, connection
from patient_app.reminders import claiming, making, recording
from patient_app.reminders.claiming import Claimed, Found
from patient_app.reminders.flights import Flight, Flights
from patient_app.reminders.recording import Sent
from patient_app.reminders.ways import NoPush, Sender, Unsound

# As long as one worker sends an occurrence no other one takes it: until then is late what a worker had that was killed.
# So it is short, and renewed for what a push service is slow with (`SLOW`); it outlasts a wait for the database's lock.
LEASE = timedelta(seconds=12)
LONGEST_SENDING = timedelta(seconds=8)
# So many occurrences are claimed and not recorded at most: what a worker that is killed can double. Those that wait for
# a service that is slow are not counted, up to a limit, so that nobody else waits for it.
IN_FLIGHT, MOST_IN_FLIGHT = 16, 64
SLOW = timedelta(seconds=1)
THREADS = 64
# A tick ends after that; what is left is the next one's.
LONGEST_TICK = timedelta(seconds=50)
# What came back and could not be recorded is tried for so long. (A database that nobody can write to.)
RECORDED_WITHIN = timedelta(minutes=2)
_PAUSE = 0.2
# Set when the worker is to end: nothing more is begun, and what is on its way is waited for so long.
STOPPING = threading.Event()
STOPS_WITHIN = timedelta(seconds=2)

_Back = Sequence[tuple[Claimed, Sequence[Sent]]]
_BUSY = (DatabaseBusy, OperationalError)


def make_due(store: Store, now: datetime) -> int:
    """Make occurrences of all reminders whose time has come, each once, and return how many were made.

    Looking takes no writer lock: most of the time there is nothing to do.
    """
    with store.work(writes=False):
        wants_tick, has_due = making.wants_tick(now), making.has_due(now)
    if wants_tick:
        with store.work(writes=True):
            making.tick(now)
            has_due = True
    made = 0
    while has_due:
        try:
            with store.work(writes=True):
                looked_at, new = making.make_batch(now)
        except Unsound as fault:
            logger().error("reminder set aside", reminder_id=str(fault.row_id), exc_info=fault)
            with store.work(writes=True):
                making.set_aside(fault.row_id, now)
            continue
        made += new
        has_due = looked_at == making.BATCH
    return made


def deliver_one(store: Store, now: datetime, sender: Sender) -> bool:
    """Deliver the occurrence that has waited longest, or decide that it is not to be; return False if there is none.

    It is claimed and committed, sent in no unit of work, then recorded. A worker that dies in between leaves it to
    another one, which takes it up when the lease is over.
    """
    found = _turn(store, (), now, sender, 1)
    if found is None:
        return True
    for claimed in found.claimed:
        flights = Flights(sender, 1, STOPPING)
        flight = flights.launch(claimed, now)
        try:
            while not flight.has_landed and (left := _left(flight)) > 0:
                flights.wait([flight], min(left, SLOW.total_seconds()))
                _hold_on(store, [flight])
            back = [(claimed, flights.close(flight))]
        finally:
            flights.end()
        _record(store, back, sender)
    return found.looked_at > 0


def deliver_due(store: Store, sender: Sender | None = None, *, threads: int = THREADS) -> int:
    """Deliver all that is due, several at once, and return how many occurrences were dealt with.

    The same as `deliver_one` for each, moved faster: what came back is recorded, and the next are claimed, in one unit.
    Claiming, with all its words, is done in the caller's own thread.
    """
    with store.work(writes=False):
        if connection().scalar(claiming.ANY_DUE, {"now": clock.now()}) is None:
            return 0
    return _Tick(store, sender or NoPush(), threads).run()


class _Tick:
    """One run of deliveries."""

    def __init__(self, store: Store, sender: Sender, threads: int) -> None:
        self._store, self._sender = store, sender
        self._flights = Flights(sender, threads, STOPPING)
        self._up: list[Flight] = []
        self._back: list[tuple[Claimed, Sequence[Sent]]] = []
        self._ends = time.monotonic() + LONGEST_TICK.total_seconds()
        self._more = True
        self.done = 0

    def run(self) -> int:
        """Go on until nothing is due, or time is over, and all that was claimed is recorded."""
        try:
            while self._more or self._up or self._back:
                self._more = self._more and not STOPPING.is_set() and time.monotonic() < self._ends
                room = self._room() if self._more else 0
                if self._back or room:
                    self._move(room)
                if self._up:
                    self._land()
                    _hold_on(self._store, self._up)
        finally:
            self._flights.end()
        return self.done

    def _move(self, room: int) -> None:
        """Record what came back, and claim as many as there is room for."""
        try:
            found = _turn(self._store, self._back, None, self._sender, room)
        except _BUSY:
            if not self._back:
                raise
            _record(self._store, self._back, self._sender)
            self._back = []
            return
        except Exception:
            if not self._back:
                raise
            for one in self._back:  # One that cannot be recorded takes no other along.
                _record(self._store, [one], self._sender)
            self._back = []
            return
        if found is None:
            return
        self._back = []
        self.done += found.looked_at
        now = clock.now()
        self._up += [self._flights.launch(claimed, now) for claimed in found.claimed]
        if room:
            self._more = found.looked_at >= room

    def _room(self) -> int:
        quick = sum(flight.age < SLOW.total_seconds() for flight in self._up)
        return max(0, min(IN_FLIGHT - quick, MOST_IN_FLIGHT - len(self._up)))

    def _land(self) -> None:
        """Wait for the first that comes back, and take away all that are back by then, or are not waited for."""
        left = min(_left(flight) for flight in self._up)
        self._flights.wait(self._up, min(left, SLOW.total_seconds()))
        landed = [flight for flight in self._up if flight.has_landed or _left(flight) <= 0]
        self._up = [flight for flight in self._up if flight not in landed]
        self._back += [(flight.claimed, self._flights.close(flight)) for flight in landed]


def _turn(store: Store, back: _Back, now: datetime | None, sender: Sender, room: int) -> Found | None:
    """Record and claim in one unit of work; None where one occurrence was set aside and all else is as it was.

    Without `now`, as of when the lock of the database was had: the lease begins then.
    """
    try:
        with store.work(writes=True):
            if back:
                recording.record(back, clock.now(), sender)
            return claiming.claim(now or clock.now(), LEASE, sender, room) if room else Found()
    except Unsound as fault:
        logger().error("occurrence set aside", occurrence_id=str(fault.row_id), exc_info=fault)
        with store.work(writes=True):
            claiming.set_aside(fault.row_id, now or clock.now())
        return None


def _hold_on(store: Store, flights: Sequence[Flight]) -> None:
    """Renew the lease of what is slow; where the database is busy, the next second tries again."""
    slow = [flight for flight in flights if not flight.has_landed and flight.since_held > SLOW.total_seconds()]
    if not slow:
        return
    try:
        with store.work(writes=True):
            recording.hold_on([flight.claimed for flight in slow], clock.now() + LEASE)
    except _BUSY as fault:
        logger().warning("lease not renewed yet", count=len(slow), fault=type(fault).__name__)
        return
    for flight in slow:
        flight.held = time.monotonic()


def _record(store: Store, back: _Back, sender: Sender) -> None:
    """Record what came back; while the database is busy, again and again: what was sent is not to be forgotten.

    Longer than the lease, another worker may send it once more meanwhile; then only what was sent is kept.
    """
    ends = time.monotonic() + RECORDED_WITHIN.total_seconds()
    while True:
        try:
            with store.work(writes=True):
                recording.record(back, clock.now(), sender)
        except _BUSY as fault:
            if STOPPING.is_set() or time.monotonic() >= ends:
                raise
            logger().warning("result not recorded yet", count=len(back), fault=type(fault).__name__)
            time.sleep(_PAUSE)
        except Exception as fault:  # noqa: BLE001 - it is sent again when the lease is over; nothing else suffers.
            ids = [str(claimed.id) for claimed, _results in back]
            logger().error("result not recorded", occurrence_ids=ids, exc_info=fault)
            return
        else:
            return


def _left(flight: Flight) -> float:
    """Return for how many seconds a flight is still waited for."""
    most = LONGEST_SENDING.total_seconds() - flight.age
    return min(most, STOPS_WITHIN.total_seconds() - flight.stopped_for(STOPPING.is_set()))
