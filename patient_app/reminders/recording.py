"""Keeps what became of an occurrence, in a short unit of work after it was sent."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, func, select

from patient_app.core.ids import new_id
from patient_app.core.work import db
from patient_app.reminders.models import Channel, Delivery, Occurrence, Reason, State
from patient_app.reminders.ways import ACCEPTED, LATER, Device, Outcome

if TYPE_CHECKING:
    from patient_app.reminders.claiming import Claimed

# Where a push service does not say when to try again.
BACK_OFF = (timedelta(seconds=30), timedelta(minutes=2), timedelta(minutes=10), timedelta(minutes=30))


_FIRST_RETRY = select(func.min(Delivery.retry_at)).where(
    Delivery.occurrence_id == bindparam("occurrence"),
    Delivery.round == bindparam("round"),
    Delivery.channel == Channel.PUSH,
    Delivery.outcome == LATER,
)


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of one message to one device; without an outcome it was not sent, for want of time or by a fault."""

    device: Device
    outcome: Outcome | None = None

    @property
    def result(self) -> str:
        """A word of `ways`."""
        return LATER if self.outcome is None else str(self.outcome.result)

    @property
    def retry_at(self) -> datetime | None:
        """When a push service wants to be asked again."""
        return None if self.outcome is None else self.outcome.retry_at


def record(claimed: Claimed, results: Sequence[Sent], now: datetime) -> None:
    """Keep what was sent, and where the occurrence stands by that. Needs a writing unit.

    If the claim was lost meanwhile (a worker that slept, a person who put it off), only what was sent is kept.
    """
    occurrence = db().get(Occurrence, claimed.id, with_for_update=True)
    if occurrence is None:  # The account was erased while it was sent.
        return
    for result in results:
        row = delivered(occurrence, Channel.PUSH, result.device.id, result.result, now, in_round=claimed.round)
        if result.result == LATER:
            usual = now + BACK_OFF[min(row.attempts, len(BACK_OFF)) - 1]
            row.retry_at = result.retry_at or usual
    if any(result.result == ACCEPTED for result in results) and occurrence.sent_at is None:
        occurrence.sent_at = now
    if occurrence.claim != claimed.claim:
        return
    occurrence.claim = None
    # As early as the first device that waits may be tried again, whether it was tried just now or before.
    db().flush()
    retry_at = db().scalar(_FIRST_RETRY, {"occurrence": occurrence.id, "round": claimed.round})
    if retry_at is not None and retry_at < occurrence.until:
        occurrence.state, occurrence.act_at = State.WAITING, retry_at
        return
    is_sent = occurrence.sent_at is not None
    occurrence.state, occurrence.act_at = State.SENT if is_sent else State.LISTED, None
    occurrence.reason = None if is_sent else Reason.NOT_REACHED


def delivered(
    occurrence: Occurrence,
    channel: Channel,
    device_id: uuid.UUID,
    outcome: str,
    now: datetime,
    *,
    in_round: int | None = None,
) -> Delivery:
    """Keep what became of an occurrence at one device; of another try in the same round, the same row. Writing unit."""
    number = occurrence.round if in_round is None else in_round
    row = db().scalar(
        select(Delivery).where(
            Delivery.occurrence_id == occurrence.id,
            Delivery.round == number,
            Delivery.channel == channel,
            Delivery.device_id == device_id,
        )
    )
    if row is None:
        row = Delivery(
            id=new_id(),
            occurrence_id=occurrence.id,
            patient_id=occurrence.patient_id,
            round=number,
            channel=channel,
            device_id=device_id,
            attempts=0,
        )
        db().add(row)
    row.outcome, row.attempts, row.at, row.retry_at = outcome, row.attempts + 1, now, None
    return row
