"""Keeps what became of occurrences, in a short unit of work after they were sent.

Statements over columns, for all that came back together. What is kept of devices comes first: whoever taps on a
notification locks its device and then its occurrence, and so does this.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import Insert, Table, bindparam, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from patient_app.core.ids import new_id
from patient_app.core.work import connection
from patient_app.reminders.models import Channel, Delivery, Occurrence, Reason, State
from patient_app.reminders.ways import ACCEPTED, LATER, Device, Outcome, Sender

if TYPE_CHECKING:
    from patient_app.reminders.claiming import Claimed

# Where a push service does not say when to try again.
BACK_OFF = (timedelta(seconds=30), timedelta(minutes=2), timedelta(minutes=10), timedelta(minutes=30))

_OCCURRENCES, _DELIVERIES = cast("Table", Occurrence.__table__), cast("Table", Delivery.__table__)
_FOUND = (
    select(
        Occurrence.id,
        Occurrence.patient_id,
        Occurrence.claim,
        Occurrence.until,
        Occurrence.sent_at,
    )
    .where(Occurrence.id.in_(bindparam("ids", expanding=True)))
    .order_by(Occurrence.id)
    .with_for_update()
)
_FIRST_RETRY = select(func.min(Delivery.retry_at)).where(
    Delivery.occurrence_id == bindparam("occurrence"),
    Delivery.round == bindparam("round"),
    Delivery.channel == Channel.PUSH,
    Delivery.outcome == LATER,
)
_IS_SENT = update(_OCCURRENCES).where(_OCCURRENCES.c.id == bindparam("of_id")).values(sent_at=bindparam("at"))
_STANDS = (
    update(_OCCURRENCES)
    .where(_OCCURRENCES.c.id == bindparam("of_id"))
    .values(
        sent_at=bindparam("at"),
        state=bindparam("new_state"),
        reason=bindparam("new_reason"),
        act_at=bindparam("new_act_at"),
        claim=None,
    )
)
# Of a claim that is still the worker's; of one that was lost, nothing.
_HOLD = (
    update(_OCCURRENCES)
    .where(_OCCURRENCES.c.id == bindparam("of_id"), _OCCURRENCES.c.claim == bindparam("of_claim"))
    .values(act_at=bindparam("lease_ends"))
)
_KEY = ["occurrence_id", "round", "channel", "device_id"]


def _kept(dialect: Any) -> Insert:
    statement = dialect.insert(_DELIVERIES)
    new = statement.excluded
    kept: Insert = statement.on_conflict_do_update(
        index_elements=_KEY,
        set_={
            "outcome": new.outcome,
            "attempts": _DELIVERIES.c.attempts + 1,
            "at": new.at,
            "retry_at": new.retry_at,
        },
    )
    return kept


# Of another try on a device in the same round, the same row.
_KEEP: dict[str, Insert] = {name: _kept(dialect) for name, dialect in (("sqlite", sqlite), ("postgresql", postgresql))}


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of one message to one device; without an outcome it was not sent, for want of time or by a fault.

    `attempt` counts from 0 what was tried there before in the round. `was_begun` is false for one that was left alone.
    """

    device: Device
    outcome: Outcome | None = None
    attempt: int = 0
    was_begun: bool = True

    @property
    def result(self) -> str:
        """A word of `ways`."""
        return LATER if self.outcome is None else str(self.outcome.result)

    def retry_at(self, now: datetime) -> datetime | None:
        """When it is to be tried again: when the push service wants to be asked, else as usual; None for not at all."""
        if self.result != LATER:
            return None
        asked = None if self.outcome is None else self.outcome.retry_at
        return asked or now + BACK_OFF[min(self.attempt, len(BACK_OFF) - 1)]


def record(back: Sequence[tuple[Claimed, Sequence[Sent]]], now: datetime, sender: Sender) -> None:
    """Keep what was sent, and where each occurrence stands by that. Needs a writing unit.

    If a claim was lost meanwhile (a worker that slept, a person who put it off), only what was sent is kept. What was
    not even begun is due again at once: a worker that ends leaves it to the next.
    """
    _keep_devices([sent for _claimed, results in back for sent in results], sender)
    found = _found(claimed.id for claimed, _results in back)
    # One whose account was erased while it was sent is gone.
    known = [(claimed, results) for claimed, results in back if claimed.id in found]
    rows = [
        _delivery((claimed.id, claimed.patient_id, claimed.round), Channel.PUSH, sent, now)
        for claimed, results in known
        for sent in results
        if sent.was_begun
    ]
    if rows:
        connection().execute(_KEEP[connection().dialect.name], rows)
    lost, stands = [], []
    for claimed, results in known:
        row = found[claimed.id]
        is_new = row.sent_at is None and any(sent.result == ACCEPTED for sent in results)
        sent_at = now if is_new else row.sent_at
        if row.claim == claimed.claim:
            stands.append({"of_id": claimed.id, "at": sent_at} | _standing(claimed, results, row, now, sent_at))
        elif is_new:
            lost.append({"of_id": claimed.id, "at": sent_at})
    for statement, changed in ((_IS_SENT, lost), (_STANDS, stands)):
        if changed:
            connection().execute(statement, changed)


def hold_on(held: Sequence[Claimed], until: datetime) -> None:
    """Renew the lease of what is on its way, as far as the claims are still ours. Needs a writing unit."""
    in_order = sorted(held, key=lambda one: one.id)  # As everybody takes them who takes several.
    connection().execute(_HOLD, [{"of_id": one.id, "of_claim": one.claim, "lease_ends": until} for one in in_order])


def by_mail(occurrence_id: uuid.UUID, patient_id: uuid.UUID, number: int, now: datetime) -> None:
    """Keep that an e-mail was queued for an occurrence, in one of its rounds. Needs a writing unit."""
    row = _delivery((occurrence_id, patient_id, number), Channel.MAIL, None, now)
    connection().execute(_KEEP[connection().dialect.name], row)


def _keep_devices(results: Iterable[Sent], sender: Sender) -> None:
    """Have kept what came of each device, in one order for all workers; of one that got several, the last."""
    heard = {sent.device.id: sent for sent in results if sent.outcome is not None}
    for device_id in sorted(heard):
        outcome = heard[device_id].outcome
        if outcome is not None:
            sender.keep(heard[device_id].device, outcome)


def _found(ids: Iterable[uuid.UUID]) -> Mapping[uuid.UUID, Any]:
    return {row.id: row for row in connection().execute(_FOUND, {"ids": sorted(ids)})}


def _delivery(
    of: tuple[uuid.UUID, uuid.UUID, int], channel: Channel, sent: Sent | None, now: datetime
) -> dict[str, Any]:
    occurrence_id, patient_id, number = of
    return {
        "id": new_id(),
        "occurrence_id": occurrence_id,
        "patient_id": patient_id,
        "round": number,
        "channel": channel,
        "device_id": patient_id if sent is None else sent.device.id,
        "outcome": ACCEPTED if sent is None else sent.result,
        "attempts": 1,
        "at": now,
        "retry_at": None if sent is None else sent.retry_at(now),
    }


def _standing(
    claimed: Claimed, results: Sequence[Sent], row: Any, now: datetime, sent_at: datetime | None
) -> dict[str, Any]:
    """Return where an occurrence stands: again as early as the first device may be tried, while its window lasts."""
    again = now if any(not sent.was_begun for sent in results) else _first_retry(claimed, results, now)
    if again is not None and again < row.until:
        return {"new_state": State.WAITING, "new_reason": None, "new_act_at": again}
    is_sent = sent_at is not None
    state, reason = (State.SENT, None) if is_sent else (State.LISTED, Reason.NOT_REACHED)
    return {"new_state": state, "new_reason": reason, "new_act_at": None}


def _first_retry(claimed: Claimed, results: Sequence[Sent], now: datetime) -> datetime | None:
    if claimed.attempts == 1:  # All that was tried in this round is at hand.
        return min((at for sent in results if (at := sent.retry_at(now)) is not None), default=None)
    asked = {"occurrence": claimed.id, "round": claimed.round}
    found: datetime | None = connection().scalar(_FIRST_RETRY, asked)
    return found
