"""The engine: makes what is due, and delivers it. All it knows stands in the database; nothing is lost with a process.

`make_due` and `deliver_one` may be called by any number of processes at once, and killed at any point
(docs/reminders.md says what happens then). They are moved by the worker's tick, never by the web server.
"""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from datetime import datetime, timedelta
from functools import partial

from patient_app.core import clock
from patient_app.core.logs import logger
from patient_app.core.work import Store, connection
from patient_app.reminders import claiming, making, messages, recording
from patient_app.reminders.claiming import Claimed
from patient_app.reminders.recording import Sent
from patient_app.reminders.ways import HIGH, NORMAL, NoPush, Sender, Unsound

# As long as one worker sends an occurrence no other one takes it; sending ends well before that.
LEASE = timedelta(seconds=45)
LONGEST_SENDING = timedelta(seconds=30)
THREADS = 4
# A tick ends after that; what is left is the next one's.
LONGEST_TICK = timedelta(seconds=50)
# Set when the worker is to end: what is on its way is finished, and nothing more is begun.
STOPPING = threading.Event()


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
    try:
        with store.work(writes=True):
            found = claiming.claim(now, LEASE, sender)
    except Unsound as fault:
        logger().error("occurrence set aside", occurrence_id=str(fault.row_id), exc_info=fault)
        with store.work(writes=True):
            claiming.set_aside(fault.row_id, now)
        return True
    if found is None:
        return False
    if isinstance(found, Claimed):
        results = _send(found, now, sender)
        with store.work(writes=True):
            recording.record(found, results, clock.now())
            for sent in results:
                if sent.outcome is not None:
                    sender.keep(sent.device, sent.outcome)
    return True


def deliver_due(store: Store, sender: Sender | None = None, *, threads: int = THREADS) -> int:
    """Deliver all that is due, several at once, and return how many occurrences were dealt with."""
    with store.work(writes=False):
        if connection().scalar(claiming.ANY_DUE, {"now": clock.now()}) is None:
            return 0
    ends = time.monotonic() + LONGEST_TICK.total_seconds()
    one = partial(_deliver_until, store, sender or NoPush(), ends)
    with ThreadPoolExecutor(threads) as pool:
        # Each thread in a copy of this context, so that it finds the application and its words.
        running = [pool.submit(copy_context().run, one) for _ in range(threads)]
        return sum(each.result() for each in running)


def _deliver_until(store: Store, sender: Sender, ends: float) -> int:
    done = 0
    while not STOPPING.is_set() and time.monotonic() < ends and deliver_one(store, clock.now(), sender):
        done += 1
    return done


def _send(found: Claimed, now: datetime, sender: Sender) -> list[Sent]:
    """Send to one device after the other; what time does not suffice for is tried again."""
    begun = time.monotonic()
    results = []
    for parcel in found.parcels:
        device = parcel.device
        passed = timedelta(seconds=time.monotonic() - begun)
        left = found.until - now - passed
        if STOPPING.is_set() or passed > LONGEST_SENDING or left <= timedelta():
            results.append(Sent(device))
            continue
        try:
            outcome = sender.send(
                device,
                parcel.payload,
                ttl=int(left.total_seconds()),
                topic=messages.topic(found.id),
                urgency=HIGH if messages.is_urgent(found.kind) else NORMAL,
                attempt=parcel.attempt,
            )
        except Exception as fault:  # noqa: BLE001 - one device's fault keeps no other from being reminded.
            logger().error("reminder not sent", occurrence_id=str(found.id), exc_info=fault)
            results.append(Sent(device))
        else:
            results.append(Sent(device, outcome))
    return results
