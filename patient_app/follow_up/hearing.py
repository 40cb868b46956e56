"""Hears from phones that entries wait there which we did not take, or could not: then a silence is none."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import bindparam, select, update

from patient_app.core import clock, outbox
from patient_app.core.work import Store, connection
from patient_app.follow_up.models import FollowUp

# Heard again sooner than that, nothing new is kept.
KEPT_EVERY = timedelta(hours=1)
_KNOWN = select(FollowUp.waiting_at).where(FollowUp.tag == bindparam("of_tag"), FollowUp.days.is_not(None))
_HEARD = update(FollowUp).where(FollowUp.tag == bindparam("of_tag")).values(waiting_at=bindparam("at"))


def hear(store: Store, tag: str) -> None:
    """Keep that entries of the person of a tag wait on a phone, at most once an hour; of nobody we know, nothing.

    Whoever knows the tag can say so, signed in or not: all that it can do is that nobody is told.
    """
    now = clock.now()
    with store.work(writes=False):
        known = connection().execute(_KNOWN, {"of_tag": tag}).one_or_none()
    if known is None or (known.waiting_at is not None and now - KEPT_EVERY < known.waiting_at):
        return
    with store.work(writes=True):
        connection().execute(_HEARD, {"of_tag": tag, "at": now})


outbox.on_waiting(hear)
