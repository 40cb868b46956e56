"""What is over: rows of long ago, and after a restore all that waited.

Then nothing of the past is sent, and no address of a calendar that was closed since opens again.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, update

from patient_app.core import clock
from patient_app.core.work import connection
from patient_app.reminders.models import (
    Kind,
    Occurrence,
    Reason,
    Reminder,
    ReminderSettings,
    ReminderTick,
    State,
    Wording,
)

# Longer than anything looks back: the history shows two weeks.
KEPT = timedelta(days=90)


def prune() -> int:
    """Remove what came up long ago, with what became of it; return how many there were. Needs a writing unit."""
    result = connection().execute(delete(Occurrence).where(Occurrence.due_at < clock.now() - KEPT))
    return result.rowcount


def make_discreet() -> int:
    """End the e-mails, and let every phone show only that there is a reminder; return how many there were.

    What was turned off or made discreet after the backup is not known any more; each can be chosen again.
    """
    on = Reminder.ended_at.is_(None)
    digests = update(Reminder).where(on, Reminder.kind == Kind.DIGEST).values(ended_at=clock.now(), next_at=None)
    telling = update(Reminder).where(on, Reminder.wording != Wording.DISCREET).values(wording=Wording.DISCREET)
    return sum(connection().execute(each).rowcount for each in (digests, telling))


def quiet_all() -> int:
    """Drop what waits to be sent, close calendars, and look at every reminder from now on. Return how many there were.

    What was sent between the backup and now is not known any more: so whatever was due before now is over.
    """
    now = clock.now()
    waiting = update(Occurrence).where(Occurrence.act_at.is_not(None))
    dropped = {"state": State.DROPPED, "reason": Reason.RESTORED, "act_at": None, "claim": None}
    closed = update(ReminderSettings).where(ReminderSettings.feed_hash.is_not(None))
    ended = [
        connection().execute(waiting.values(dropped)),
        connection().execute(closed.values(feed_hash=None, feed_sealed=None)),
    ]
    connection().execute(update(Reminder).where(Reminder.next_at < now).values(next_at=now))
    connection().execute(update(Reminder).where(Reminder.fault_since.is_not(None)).values(fault_since=None))
    connection().execute(update(ReminderTick).values(ticked_at=now))
    return sum(each.rowcount for each in ended)
