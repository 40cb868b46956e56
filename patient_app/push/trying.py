"""The button beside each device: sends a message there now, and says what came of it."""

from __future__ import annotations

import uuid
from datetime import timedelta

from sqlalchemy import update

from patient_app.core import clock, work
from patient_app.core.config import ConfigError
from patient_app.core.identity import Viewer
from patient_app.push import service
from patient_app.push.messages import Notice, payload
from patient_app.push.models import PushSubscription
from patient_app.push.outcomes import Result, Urgency

PAUSE = timedelta(seconds=10)
_TTL = 10 * 60


class TooSoon(Exception):
    """A message was sent to this device just now; wait for it."""


def send_test(person: Viewer, device_id: uuid.UUID, notice: Notice) -> Result:
    """Send a message to a device of the caller. The unit of work is a reading one, and finished before it is sent.

    Raise `NotFound` unless the device is theirs and gets messages, and `TooSoon`.
    """
    from patient_app.push.sending import sender_of  # noqa: PLC0415 - large, and wanted in a web process for this alone.

    unit = work.unit()
    device = service.own_device(person, device_id)
    moment = clock.now()
    if device.tested_at is not None and timedelta() <= moment - device.tested_at < PAUSE:
        raise TooSoon
    told = payload(notice, device, work.config().origin)
    unit.finish()  # Nobody waits for us while we wait for another machine.
    tested = update(PushSubscription).where(PushSubscription.id == device.id).values(tested_at=moment)
    with unit.store.work(writes=True):
        work.db().execute(tested)
    try:
        sender = sender_of(unit.store.config)
    except ConfigError:  # `vapid.usable_keys` says in the log what is wrong.
        return Result.REFUSED
    outcome = sender.send(device, told, ttl=_TTL, urgency=Urgency.HIGH)
    with unit.store.work(writes=True):
        service.record(device, outcome)
    return outcome.result
